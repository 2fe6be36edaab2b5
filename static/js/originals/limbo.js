import { Original, isCalm, make } from "./panel.js";

const COUNT_MS = 400;

const hundredths = (text) => {
  const match = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text.trim().replace(",", "."));
  return match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : null;
};
const shown = (number) => `${(number / 100).toLocaleString("en", { minimumFractionDigits: 2 })}\u00d7`;

class Limbo extends Original {
  build() {
    this.number = make("p", { class: "original-number", "aria-hidden": "true" }, "1.00\u00d7");
    this.board.append(make("div", { class: "limbo-rings" }, this.number));
  }

  target() {
    const read = hundredths(this.form.elements.target.value);
    return read !== null && read >= 101 && read <= 100000000 ? read : null;
  }

  choice() {
    const target = this.target();
    return target === null ? "Aim between 1.01 and 1,000,000." : { target };
  }

  update() {
    const [target, units] = [this.target(), this.units()];
    this.querySelector("[data-profit]").textContent = target && units
      ? `A win pays ${this.money((units * BigInt(target)) / 100n)}; about ${(9900 / target).toFixed(4)}% of rounds reach it.` : "";
  }

  async draw(bet, calm = false) {
    const end = bet.detail.result;
    if (!calm && !isCalm()) {
      this.number.removeAttribute("data-win");
      const began = performance.now();
      await new Promise((done) => {
        const step = (at) => {
          const part = Math.min(1, (at - began) / COUNT_MS);
          this.number.textContent = shown(100 + Math.floor((end - 100) * part * part));
          if (part < 1 && this.unsettled === bet) requestAnimationFrame(step);
          else done();
        };
        requestAnimationFrame(step);
      });
      if (this.bet !== bet) return;
    }
    this.number.textContent = shown(end);
    this.number.toggleAttribute("data-win", this.won(bet));
  }

  short(bet) { return shown(bet.detail.result); }
  outcome(bet) { return `Reached ${shown(bet.detail.result)}, target ${shown(bet.choice.target)}.`; }
}

customElements.define("x-limbo", Limbo);
