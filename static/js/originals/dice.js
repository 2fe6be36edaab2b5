import { Original, isCalm, make, times, wait } from "./panel.js";

const OUTCOMES = 10001;
const WINNING_MAX = 9800;
const KEPT = 9900;

const hundredths = (text) => {
  const match = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text.trim().replace(",", "."));
  return match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : null;
};
const plain = (number) => (number / 100).toFixed(2);

class Dice extends Original {
  build() {
    this.zone = make("i", { class: "dice-zone" });
    this.marker = make("b", { class: "dice-marker", hidden: true });
    this.number = make("p", { class: "original-number", "aria-hidden": "true" }, "0.00");
    this.slider = make("input", { type: "range", min: "1", max: "9999", step: "1", "aria-label": "Target", class: "dice-slider" });
    this.board.append(
      this.number,
      make("div", { class: "dice-track" }, this.zone, this.marker, this.slider),
      make("p", { class: "dice-scale", "aria-hidden": "true" }, ...[0, 25, 50, 75, 100].map((n) => make("span", {}, String(n)))),
    );
    const { target, chance, multiplier } = this.form.elements;
    this.target = target;
    this.slider.addEventListener("input", () => this.aim(Number(this.slider.value)));
    this.slider.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); this.go(); }
    });
    target.addEventListener("change", () => { const read = hundredths(target.value); if (read !== null) this.aim(read); });
    chance.addEventListener("change", () => {
      const read = hundredths(chance.value);
      if (read !== null) this.winning(Math.round((read * OUTCOMES) / 10000));
    });
    multiplier.addEventListener("change", () => {
      const read = hundredths(multiplier.value);
      if (read) this.winning(Math.floor((KEPT * OUTCOMES) / (read * 100)));
    });
    for (const side of this.form.elements.side) {
      // The chance stays when the side changes.
      side.addEventListener("change", () => this.winning(this.over ? hundredths(target.value) : OUTCOMES - 1 - hundredths(target.value)));
    }
  }

  get over() { return this.form.elements.side.value === "over"; }

  aim(target) {
    const [low, high] = this.over ? [OUTCOMES - 1 - WINNING_MAX, OUTCOMES - 2] : [1, WINNING_MAX];
    this.target.value = plain(Math.min(high, Math.max(low, target)));
    this.key = null;
    this.refresh();
  }

  winning(count) {
    const kept = Math.min(WINNING_MAX, Math.max(1, count));
    this.aim(this.over ? OUTCOMES - 1 - kept : kept);
  }

  count() {
    const target = hundredths(this.target.value);
    if (target === null) return null;
    const count = this.over ? OUTCOMES - 1 - target : target;
    return count >= 1 && count <= WINNING_MAX ? count : null;
  }

  choice() {
    if (this.count() === null) return `Choose a target that can both win and lose, ${this.over ? "2.00 to 99.99" : "0.01 to 98.00"}.`;
    return { target: hundredths(this.target.value), over: this.over };
  }

  update() {
    const count = this.count();
    if (count === null) return;
    const multiplier = Math.floor((KEPT * OUTCOMES) / count);
    const { chance, multiplier: field } = this.form.elements;
    if (document.activeElement !== chance) chance.value = ((count * 100) / OUTCOMES).toFixed(2);
    if (document.activeElement !== field) field.value = (multiplier / 10000).toFixed(4);
    const target = hundredths(this.target.value);
    this.slider.value = target;
    this.slider.setAttribute("aria-valuetext", `${this.over ? "over" : "under"} ${plain(target)}`);
    this.zone.style.setProperty("inset-inline", this.over ? `${target / 100}% 0` : `0 ${100 - target / 100}%`);
    const units = this.units();
    this.querySelector("[data-profit]").textContent = units ? `A win pays ${this.money((units * BigInt(multiplier)) / 10000n)}.` : "";
  }

  async draw(bet, calm = false) {
    const { roll } = bet.detail;
    this.marker.hidden = false;
    this.marker.style.setProperty("inset-inline-start", `${roll / 100}%`);
    this.number.textContent = plain(roll);
    this.number.toggleAttribute("data-win", this.won(bet));
    if (calm || isCalm()) return;
    this.marker.animate([{ transform: "translate(-50%, -8px)", opacity: 0 }, { transform: "translate(-50%, 0)", opacity: 1 }], { duration: 160, easing: "ease-out" });
    await wait(160);
  }

  short(bet) { return plain(bet.detail.roll); }
  outcome(bet) {
    const side = bet.choice.over ? "over" : "under";
    return `Rolled ${plain(bet.detail.roll)}, needed ${side} ${plain(bet.choice.target)}${this.won(bet) ? `, ${times(bet.multiplier)}` : ""}.`;
  }
}

customElements.define("x-dice", Dice);
