import { cardOf, height, nameOf } from "./cards.js";
import { Original, make, times } from "./panel.js";

// How many of the thirteen ranks win, as the rules count them.
function winning(card, guess) {
  const at = height(card);
  if (guess === "higher") return at === 12 ? 1 : at === 0 ? 12 : 13 - at;
  return at === 0 ? 1 : at === 12 ? 12 : at + 1;
}

class HiLo extends Original {
  build() {
    this.cards = make("ol", { class: "hand hilo-row", "aria-label": "Cards, the newest last", tabindex: "0" });
    this.moves = ["higher", "lower", "skip"].map((guess) => {
      const button = make("button", { type: "button", class: "button", "data-kind": "bone", "data-size": "48", disabled: true }, guess);
      button.addEventListener("click", () => this.act(guess));
      return [guess, button];
    });
    this.moves[2][1].dataset.kind = "outline";
    this.board.append(this.cards, make("div", { class: "moves", role: "group", "aria-label": "Guess the next card" }, ...this.moves.map(([, button]) => button)));
    this.cards.append(make("li", { "data-back": true }, make("em", { class: "visually-hidden" }, "No card yet")));
  }

  openLabel() { return "Guess once first"; }

  // ---- autobet: the likelier side, so many times ----
  guesses() {
    const text = this.form.elements.guesses?.value.trim() ?? "1";
    return /^[1-9]\d?$/.test(text) && Number(text) <= 40 ? Number(text) : null;
  }

  missing() { return this.guesses() ? "" : "Leave after 1 to 40 guesses."; }

  async playOn() {
    const done = this.bet.actions.filter((one) => one !== "skip").length;
    const card = this.bet.detail.cards.at(-1);
    const likelier = winning(card, "higher") >= winning(card, "lower") ? "higher" : "lower";
    await this.act(done >= (this.guesses() ?? 1) ? "cash_out" : likelier);
  }

  update() {
    const card = this.isOpen ? this.bet.detail.cards.at(-1) : null;
    const words = { higher: "Higher or same", lower: "Lower or same", skip: "Skip" };
    for (const [guess, button] of this.moves) {
      button.disabled = !card;
      let text = words[guess];
      if (card && guess !== "skip") {
        const at = height(card);
        if (guess === "higher") text = at === 0 ? "Higher" : at === 12 ? "Same" : text;
        else text = at === 12 ? "Lower" : at === 0 ? "Same" : text;
        text += ` ${((winning(card, guess) * 100) / 13).toFixed(1)}%`;
      }
      button.textContent = text;
    }
    this.querySelector("[data-profit]").textContent = "The first card is open; every guess multiplies what leaving pays by its odds, less 1% once.";
  }

  async draw(bet) {
    this.cards.replaceChildren(...bet.detail.cards.map(cardOf));
    this.cards.scrollTop = this.cards.scrollHeight;
  }

  short(bet) { return bet.multiplier ? times(bet.multiplier) : "0\u00d7"; }
  outcome(bet) {
    const card = nameOf(bet.detail.cards.at(-1));
    if (bet.state === "open") return bet.multiplier ? `The ${card}. Worth ${this.money(this.worth(bet))}, ${times(bet.multiplier)}.` : `The ${card}. Higher or lower?`;
    return bet.multiplier ? `Left on the ${card}, ${times(bet.multiplier)}.` : `The ${card}: the guess was wrong.`;
  }
}

customElements.define("x-hilo", HiLo);
