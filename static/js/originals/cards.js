// Cards as they are drawn: "AS" is the ace of spades.
import { make } from "./panel.js";

const RANKS = "23456789TJQKA";
const SUITS = { D: ["\u2666", "diamonds"], H: ["\u2665", "hearts"], S: ["\u2660", "spades"], C: ["\u2663", "clubs"] };
const NAMES = { T: "10", J: "jack", Q: "queen", K: "king", A: "ace" };

export const height = (name) => RANKS.indexOf(name[0]);
export const nameOf = (name) => `${NAMES[name[0]] ?? name[0]} of ${SUITS[name[1]][1]}`;

export function cardOf(name) {
  const rank = name[0] === "T" ? "10" : name[0];
  return make("li", { "data-red": "DH".includes(name[1]) },
    make("b", { "aria-hidden": "true" }, rank), make("span", { "aria-hidden": "true" }, SUITS[name[1]][0]),
    make("em", { class: "visually-hidden" }, nameOf(name)));
}

export function countOf(cards) {
  const hard = cards.reduce((sum, one) => sum + (one[0] === "A" ? 1 : Math.min(10, height(one) + 2)), 0);
  return hard <= 11 && cards.some((one) => one[0] === "A") ? hard + 10 : hard;
}
