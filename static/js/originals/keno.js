import { Original, isCalm, make, times, wait } from "./panel.js";

const CELLS = 40;
const PICKS_MAX = 10;
const DRAW_MS = 45;

class Keno extends Original {
  build() {
    this.picks = new Set();
    this.discs = Array.from({ length: CELLS }, (_, n) => {
      const disc = make("button", { type: "button", class: "tile", "aria-pressed": "false", "aria-label": `Number ${n + 1}`, tabindex: n ? "-1" : "0" }, String(n + 1));
      disc.addEventListener("click", () => this.pick(n + 1));
      return disc;
    });
    this.grid = make("div", { class: "keno-grid", role: "group", "aria-label": "Numbers 1 to 40" }, ...this.discs);
    this.grid.addEventListener("keydown", (event) => this.move(event));
    this.pays = make("ol", { class: "pays", "aria-label": "What the hits pay" });
    this.board.append(this.grid, this.pays);
    this.querySelector("[data-auto]").addEventListener("click", () => {
      const left = Array.from({ length: CELLS }, (_, n) => n + 1);
      this.picks = new Set();
      for (let n = 0; n < PICKS_MAX; n += 1) this.picks.add(left.splice(Math.floor(Math.random() * left.length), 1)[0]);
      this.changed();
    });
    this.querySelector("[data-clear]").addEventListener("click", () => { this.picks.clear(); this.changed(); });
  }

  pick(number) {
    if (this.picks.has(number)) this.picks.delete(number);
    else if (this.picks.size < PICKS_MAX) this.picks.add(number);
    else return this.say("Ten numbers at most. Take one back first.");
    return this.changed();
  }

  changed() {
    this.key = null;
    for (const disc of this.discs) disc.removeAttribute("data-drawn");
    this.refresh();
  }

  move(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -8, ArrowDown: 8 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = this.discs.indexOf(document.activeElement);
    const next = this.discs[at + by];
    if (!next) return;
    this.discs[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  choice() {
    if (!this.picks.size) return "Pick one to ten numbers first.";
    return { picks: [...this.picks].sort((a, b) => a - b), risk: this.form.elements.risk.value };
  }

  update() {
    this.discs.forEach((disc, n) => disc.setAttribute("aria-pressed", this.picks.has(n + 1)));
    const pays = this.picks.size ? this.config.tables[this.form.elements.risk.value][this.picks.size] : [];
    this.pays.replaceChildren(...pays.map((one, hits) => make("li", { "data-hits": hits }, `${hits}: ${times(one)}`)));
    this.querySelector("[data-profit]").textContent = this.picks.size ? `${this.picks.size} of 10 picked.` : "Pick one to ten numbers.";
  }

  async draw(bet, calm = false) {
    if (!this.picks.size) { this.picks = new Set(bet.choice.picks); this.refresh(); }
    for (const disc of this.discs) disc.removeAttribute("data-drawn");
    for (const number of bet.detail.drawn) {
      if (!calm && !isCalm() && this.unsettled === bet) await wait(DRAW_MS);
      if (this.bet !== bet) return;
      this.discs[number - 1].setAttribute("data-drawn", "");
    }
    this.pays.querySelector(`[data-hits="${bet.detail.hits}"]`)?.setAttribute("data-now", "");
  }

  outcome(bet) {
    const { drawn, hits } = bet.detail;
    return `${hits} of ${bet.choice.picks.length} hit, ${times(bet.multiplier)}. Drawn: ${[...drawn].sort((a, b) => a - b).join(", ")}.`;
  }
}

customElements.define("x-keno", Keno);
