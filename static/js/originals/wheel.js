import { Original, isCalm, make, times } from "./panel.js";

const NS = "http://www.w3.org/2000/svg";
const TURN_MS = 700;

class Wheel extends Original {
  build() {
    this.disc = document.createElementNS(NS, "svg");
    this.disc.setAttribute("viewBox", "-50 -50 100 100");
    this.disc.setAttribute("aria-hidden", "true");
    this.pays = make("ul", { class: "pays", "aria-label": "What the segments pay" });
    this.board.append(make("div", { class: "wheel" }, this.disc), this.pays);
    this.angle = 0;
  }

  choice() {
    const { segments, risk } = this.form.elements;
    return { segments: Number(segments.value), risk: risk.value };
  }

  update() {
    const { segments, risk } = this.choice();
    const name = `${segments} ${risk}`;
    if (this.shownWheel === name) return;
    this.shownWheel = name;
    const pays = this.config.tables[segments][risk];
    const kinds = [...new Set(pays)].sort((a, b) => a - b);
    const at = (n) => {
      const turn = ((n - 0.5) / segments) * 2 * Math.PI - Math.PI / 2;
      return `${(48 * Math.cos(turn)).toFixed(3)} ${(48 * Math.sin(turn)).toFixed(3)}`;
    };
    this.disc.replaceChildren(...pays.map((one, n) => {
      const path = document.createElementNS(NS, "path");
      path.setAttribute("d", `M0 0L${at(n)}A48 48 0 0 1 ${at(n + 1)}Z`);
      const rank = kinds.indexOf(one);
      path.dataset.pay = one === 0 ? 0 : Math.min(4, Math.max(1, rank + (kinds.length > 5 ? -1 : 4 - (kinds.length - 1))));
      return path;
    }));
    this.pays.replaceChildren(...kinds.map((one) => make("li", { "data-pays": one }, `${pays.filter((other) => other === one).length} pay ${times(one)}`)));
    this.disc.style.setProperty("transform", "none");
    this.angle = 0;
  }

  async draw(bet, calm = false) {
    const { segments } = bet.choice;
    const rest = -(bet.detail.segment * 360) / segments;
    const from = this.angle;
    const to = rest - 360 * 2;
    for (const item of this.pays.children) item.removeAttribute("data-now");
    this.disc.style.setProperty("transform", `rotate(${rest}deg)`);
    this.angle = rest;
    if (!calm && !isCalm()) {
      await this.disc.animate(
        [{ transform: `rotate(${from}deg)` }, { transform: `rotate(${to}deg)` }],
        { duration: TURN_MS, easing: "cubic-bezier(.2, .8, .2, 1)" },
      ).finished.catch(() => {});
    }
    if (this.bet === bet) this.pays.querySelector(`[data-pays="${bet.multiplier}"]`)?.setAttribute("data-now", "");
  }

  outcome(bet) { return `Segment ${bet.detail.segment + 1} of ${bet.choice.segments}, ${times(bet.multiplier)}.`; }
}

customElements.define("x-wheel", Wheel);
