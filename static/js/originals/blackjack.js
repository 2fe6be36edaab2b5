import { cardOf, countOf, height } from "./cards.js";
import { Original, make, times } from "./panel.js";

const MOVES = ["hit", "stand", "double", "split"];

const pips = (card) => (card[0] === "A" ? 11 : Math.min(10, height(card) + 2));

// Basic strategy for a dealer who stands on all 17.
function best(cards, up, may) {
  const count = countOf(cards);
  const soft = cards.some((card) => card[0] === "A") && cards.reduce((sum, card) => sum + (card[0] === "A" ? 1 : pips(card)), 0) + 10 === count;
  const between = (low, high) => up >= low && up <= high;
  if (may.includes("split")) {
    const pair = pips(cards[0]);
    const wise = { 11: true, 9: between(2, 9) && up !== 7, 8: true, 7: between(2, 7), 6: between(2, 6), 4: between(5, 6), 3: between(2, 7), 2: between(2, 7) };
    if (wise[pair]) return "split";
  }
  if (may.includes("double")) {
    if (!soft && ((count === 11 && up < 11) || (count === 10 && up < 10) || (count === 9 && between(3, 6)))) return "double";
    if (soft && ((count <= 14 && between(5, 6)) || (count <= 16 && between(4, 6)) || (count <= 18 && between(3, 6)))) return "double";
  }
  if (soft) return count >= 19 || (count === 18 && up < 9) ? "stand" : "hit";
  return count >= 17 || (count >= 13 && up < 7) || (count === 12 && between(4, 6)) ? "stand" : "hit";
}

class Blackjack extends Original {
  build() {
    this.dealer = make("ol", { class: "hand", "aria-label": "Dealer's cards" });
    this.dealerName = make("p", { class: "hand-name" }, "Dealer");
    this.hands = make("div", { class: "hands" });
    this.moves = MOVES.map((move) => {
      const button = make("button", { type: "button", class: "button", "data-kind": move === "hit" || move === "stand" ? "bone" : "outline", "data-size": "48", disabled: true }, move[0].toUpperCase() + move.slice(1));
      button.addEventListener("click", () => this.act(move));
      return [move, button];
    });
    this.board.append(this.dealerName, this.dealer, this.hands, make("div", { class: "moves", role: "group", "aria-label": "Your move" }, ...this.moves.map(([, button]) => button)));
    this.dealer.append(...[1, 2].map(() => make("li", { "data-back": true }, make("em", { class: "visually-hidden" }, "No card yet"))));
  }

  lead() { return null; }
  canLeave() { return false; }
  openLabel() { return "Play your hand"; }

  async playOn() {
    const { hands, at, dealer, may } = this.bet.detail;
    await this.act(best(hands[at].cards, pips(dealer[0]), may));
    // What the balance does not cover is played without.
    if (this.refused === "insufficient_funds") await this.act(best(hands[at].cards, pips(dealer[0]), ["hit", "stand"]));
  }

  update() {
    const may = this.isOpen ? this.bet.detail.may : [];
    for (const [move, button] of this.moves) {
      button.disabled = !may.includes(move);
      // What it costs stands on the button.
      const more = move === "double" || move === "split";
      const name = move[0].toUpperCase() + move.slice(1);
      button.textContent = more && may.includes(move) ? `${name}, ${this.amount(this.bet.base_stake)} more` : name;
    }
    this.querySelector("[data-profit]").textContent = "Double and split stake the same amount again.";
  }

  async draw(bet) {
    const { dealer, hands, at } = bet.detail;
    const open = bet.state === "open";
    const hidden = open ? [make("li", { "data-back": true }, make("em", { class: "visually-hidden" }, "Face down"))] : [];
    this.dealer.replaceChildren(...dealer.map(cardOf), ...hidden);
    this.dealerName.textContent = `Dealer ${countOf(dealer)}${open ? " shown" : ""}`;
    this.hands.replaceChildren(...hands.map((hand, n) => make("div", { "data-now": open && n === at },
      make("ol", { class: "hand", "aria-label": `Your hand ${n + 1}` }, ...hand.cards.map(cardOf)),
      make("p", { class: "hand-name" }, `${hands.length > 1 ? `Hand ${n + 1}: ` : "You "}${countOf(hand.cards)}${hand.parts > 1 ? ", doubled" : ""}`))));
  }

  short(bet) { return bet.multiplier ? times(bet.multiplier) : "0\u00d7"; }
  outcome(bet) {
    const { dealer, hands, at } = bet.detail;
    const yours = hands.map((hand) => (countOf(hand.cards) > 21 ? `${countOf(hand.cards)}, bust` : String(countOf(hand.cards)))).join(" and ");
    if (bet.state === "open") return `You have ${countOf(hands[at].cards)}${hands.length > 1 ? ` in hand ${at + 1}` : ""}, the dealer shows ${countOf(dealer)}.`;
    const natural = hands.length === 1 && hands[0].cards.length === 2 && countOf(hands[0].cards) === 21;
    return `${natural ? "Blackjack" : `You ${yours}`}, dealer ${countOf(dealer)}${countOf(dealer) > 21 ? ", bust" : ""}.`;
  }
}

customElements.define("x-blackjack", Blackjack);
