// A table with one zero. The stake of the bar is the chip; every press on a field puts one down.
import { facts, make, wait } from "./dom.js";

const WIDE = [["dozen1", "1st 12", 4], ["dozen2", "2nd 12", 4], ["dozen3", "3rd 12", 4], ["low", "1–18", 2], ["even", "Even", 2], ["red", "Red", 2], ["black", "Black", 2], ["odd", "Odd", 2], ["high", "19–36", 2]];

export function createRoulette(stage, state, shell) {
  const red = new Set(state.machine.red);
  const colour = (number) => (number === 0 ? "green" : red.has(number) ? "red" : "black");
  const bets = new Map();
  const ball = make("div", "ball", "–"), last = make("div", "last"), cloth = make("div", "cloth"), drawn = make("div", "drawn", ball, last);
  stage.append(make("div", "frame", make("div", "wheel", drawn, cloth)));

  const spots = new Map();
  function spot(name, label, column, row, span = 1, kind = "") {
    const button = make("button", "spot", label);
    button.type = "button";
    button.dataset.spot = name;
    if (kind) button.dataset[kind] = "";
    button.style.gridColumn = span > 1 ? `${column} / span ${span}` : column;
    if (row) button.style.gridRow = row;
    button.addEventListener("click", () => put(name));
    spots.set(name, button);
    cloth.append(button);
    return button;
  }
  const upright = matchMedia("(max-aspect-ratio: 4 / 5)").matches;
  const numbers = spot("0", "0", 1, upright ? "" : "1 / span 3");
  numbers.dataset.colour = "green";
  if (upright) {
    numbers.style.gridColumn = "1 / -1";
    for (let number = 1; number <= 36; number++) spot(`${number}`, `${number}`, "auto", "").dataset.colour = colour(number);
    [1, 2, 3].forEach((column) => spot(`column${column}`, `Column ${column}`, "span 2", "", 1, "column"));
    WIDE.forEach(([name, label]) => spot(name, label, "span 2", "", 1, "wide"));
  } else {
    for (let number = 1; number <= 36; number++) spot(`${number}`, `${number}`, Math.ceil(number / 3) + 1, 3 - ((number - 1) % 3)).dataset.colour = colour(number);
    [1, 2, 3].forEach((column) => spot(`column${column}`, "2:1", 14, 4 - column, 1, "column"));
    let at = 2;
    WIDE.forEach(([name, label, span], index) => {
      if (index === 3) at = 2;
      spot(name, label, at, index < 3 ? 4 : 5, span, "wide");
      at += span;
    });
  }
  ["red", "black"].forEach((name) => (spots.get(name).dataset.colour = name));
  const clear = make("button", "clear", "Take chips back");
  clear.type = "button";
  clear.addEventListener("click", () => {
    bets.clear();
    draw();
  });
  drawn.append(clear);

  let locked = false;
  function put(name) {
    if (locked) return;
    bets.set(name, (bets.get(name) ?? 0n) + BigInt(shell.stake().units));
    draw();
  }

  const text = (units) => {
    const digits = units.toString().padStart(state.decimals + 1, "0");
    if (!state.decimals) return digits;
    return `${digits.slice(0, -state.decimals)}.${digits.slice(-state.decimals)}`.replace(/\.?0+$/, "");
  };

  function draw() {
    for (const [name, button] of spots) {
      button.querySelector("i")?.remove();
      if (bets.has(name)) button.append(make("i", "", text(bets.get(name))));
    }
    clear.disabled = !bets.size;
    shell.changed();
  }

  function begin() {
    locked = true;
    cloth.querySelectorAll("[data-hit]").forEach((button) => delete button.dataset.hit);
    ball.textContent = "…";
    delete ball.dataset.colour;
  }

  async function show({ show: { number, colour: fallen, hits } }) {
    for (let turn = 0; turn < 14; turn++) {
      const passing = Math.floor(Math.random() * 37);
      ball.textContent = passing;
      ball.dataset.colour = colour(passing);
      await wait(50 + turn * 9);
    }
    ball.textContent = number;
    ball.dataset.colour = fallen;
    spots.get(`${number}`).dataset.hit = "";
    hits.forEach((name) => (spots.get(name).dataset.hit = ""));
    const shown = make("span", "", `${number}`);
    shown.dataset.colour = fallen;
    last.prepend(shown);
    [...last.children].slice(8).forEach((old) => old.remove());
    locked = false;
  }

  function cancel() {
    ball.textContent = "–";
    locked = false;
  }

  function explain(body) {
    body.append(
      facts([["Return to player", `${state.machine.payout} %`], ["Numbers", "0 to 36"]]),
      make("p", "", "A number pays 36 times its chips, a dozen or a column 3 times, red, black, odd, even, low and high twice. Zero belongs to none of these. Chips stay on the table for the next spin."),
    );
  }

  return {
    begin, show, cancel, explain,
    isReady: () => bets.size > 0,
    choice: () => ({ bets: Object.fromEntries([...bets].map(([name, units]) => [name, units.toString()])) }),
    words: (result) => `${result.show.number}, ${result.show.colour}`,
    welcome: "Put chips on the table",
  };
}
