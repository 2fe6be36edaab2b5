// One card each; the higher one wins, equal cards return the stake.
import { drawing, facts, make, wait } from "./dom.js";

const RANKS = ["2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K", "A"];
const SUITS = ["spade", "heart", "diamond", "club"];

export function createCards(stage, state) {
  const seats = ["You", "Dealer"].map((name) => {
    const face = make("div", "face"), card = make("div", "card", make("div", "back"), face);
    return { face, card, seat: make("div", "seat", make("span", "", name), card) };
  });
  stage.append(make("div", "frame", make("div", "table", ...seats.map((one) => one.seat))));

  function begin() {
    seats.forEach(({ card, seat }) => {
      delete card.dataset.open;
      delete seat.dataset.won;
    });
  }

  async function open({ face, card }, dealt) {
    face.replaceChildren(make("b", "", RANKS[dealt.rank]), drawing(SUITS[dealt.suit]));
    face.toggleAttribute("data-red", dealt.suit === 1 || dealt.suit === 2);
    card.dataset.open = "";
    await wait(620);
  }

  async function show({ show: { player, dealer } }) {
    await wait(420);
    await open(seats[0], player);
    await open(seats[1], dealer);
    if (player.rank !== dealer.rank) seats[player.rank > dealer.rank ? 0 : 1].seat.dataset.won = "";
  }

  function explain(body) {
    body.append(
      facts([["Return to player", `${state.machine.payout} %`], ["Higher card pays", `${(state.machine.pays_bps / 10000).toFixed(4)} × the stake`]]),
      make("p", "", "You and the dealer draw one card each from fresh decks. Two is lowest, ace is highest, suits do not count. Equal cards return the stake."),
    );
  }

  return { begin, show, cancel: begin, explain, words: () => "The dealer's card is higher", welcome: "The higher card wins" };
}
