import { Original, isCalm, make, wait } from "./panel.js";

const RED = new Set([1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36]);
const CHIPS_MAX = 1000000;
const OUTSIDE = [
  ["dozen:1", "1st dozen", 4, "2 / span 4"], ["dozen:2", "2nd dozen", 4, "6 / span 4"], ["dozen:3", "3rd dozen", 4, "10 / span 4"],
  ["low", "1 to 18", 5, "2 / span 2"], ["even", "Even", 5, "4 / span 2"], ["red", "Red", 5, "6 / span 2"],
  ["black", "Black", 5, "8 / span 2"], ["odd", "Odd", 5, "10 / span 2"], ["high", "19 to 36", 5, "12 / span 2"],
];
const colour = (n) => (n === 0 ? "zero" : RED.has(n) ? "red" : "black");

// Bets between numbers, in the words of the table.
function inside() {
  const found = [];
  for (let n = 1; n <= 12; n += 1) found.push([`street:${n}`, `Street ${3 * n - 2} to ${3 * n}`]);
  for (let n = 1; n <= 11; n += 1) found.push([`line:${n}`, `Line ${3 * n - 2} to ${3 * n + 3}`]);
  for (let n = 1; n <= 36; n += 1) {
    if (n % 3) found.push([`split:${n}-${n + 1}`, `Split ${n} and ${n + 1}`]);
    if (n <= 33) found.push([`split:${n}-${n + 3}`, `Split ${n} and ${n + 3}`]);
    if (n % 3 && n <= 32) found.push([`corner:${n}`, `Corner ${n}, ${n + 1}, ${n + 3}, ${n + 4}`]);
  }
  for (let n = 1; n <= 3; n += 1) found.push([`split:0-${n}`, `Split 0 and ${n}`]);
  found.push(["street:0-1-2", "Street 0, 1, 2"], ["street:0-2-3", "Street 0, 2, 3"], ["corner:0", "First four, 0 to 3"]);
  return found;
}

class Roulette extends Original {
  build() {
    this.placed = [];
    this.spots = new Map();
    this.names = new Map(inside());
    this.pocket = make("p", { class: "pocket", "aria-hidden": "true" }, "\u2013");
    this.felt = make("div", { class: "felt", role: "group", "aria-label": "Table: a press puts a chip on a spot" });
    this.chipsLine = make("p", { class: "felt-chips" });
    this.spot("0", "0", "zero", "1 / 1 / span 3 / 2", true);
    // The table's top row is 3, 6, 9 …; the markup goes by number.
    for (let n = 1; n <= 36; n += 1) this.spot(String(n), String(n), colour(n), `${3 - ((n - 1) % 3)} / ${Math.ceil(n / 3) + 1}`);
    for (let n = 1; n <= 3; n += 1) this.spot(`column:${n}`, `Column ${n}`, "", `${4 - n} / 14`);
    for (const [spot, name, row, columns] of OUTSIDE) this.spot(spot, name, spot === "red" || spot === "black" ? spot : "", `${row} / ${columns}`);
    this.board.append(this.pocket, this.felt, this.chipsLine);
    const list = this.querySelector("[data-inside]");
    list.append(...inside().map(([spot, name]) => make("option", { value: spot }, name)));
    this.querySelector("[data-place]").addEventListener("click", () => this.put(list.value));
    this.querySelector("[data-undo]").addEventListener("click", () => { this.placed.pop(); this.changed(); });
    this.querySelector("[data-clear]").addEventListener("click", () => { this.placed = []; this.changed(); });
    this.querySelector("[data-repeat]").addEventListener("click", () => { this.placed = [...this.last]; this.changed(); });
  }

  spot(spot, name, shade, area, wide = false) {
    const words = /^\d+$/.test(spot) ? `Number ${name}${shade === "zero" ? "" : `, ${shade}`}` : name;
    this.names.set(spot, words);
    const button = make("button", { type: "button", class: "tile", "data-colour": shade, "data-wide": wide, "data-outside": !/^\d+$/.test(spot), "aria-label": words }, name);
    button.style.setProperty("grid-area", area.split(" / ").length === 3 ? `${area.split(" / ")[0]} / ${area.split(" / ")[1]} / auto / ${area.split(" / ")[2]}` : area);
    button.addEventListener("click", () => this.put(spot));
    this.spots.set(spot, button);
    this.felt.append(button);
  }

  put(spot) {
    if (this.placed.length >= CHIPS_MAX) return;
    this.placed.push(spot);
    this.changed();
    this.say(`A chip on ${this.names.get(spot)}.`);
  }

  changed() {
    this.key = null;
    this.refresh();
  }

  chips() {
    const chips = {};
    for (const spot of this.placed) chips[spot] = (chips[spot] ?? 0) + 1;
    return chips;
  }

  parts() { return BigInt(this.placed.length || 1); }
  label() { return this.placed.length ? super.label() : "Bet"; }
  choice() { return this.placed.length ? { chips: this.chips() } : "Put a chip on the table first."; }

  update() {
    const chips = this.chips();
    for (const [spot, button] of this.spots) {
      if (chips[spot]) button.dataset.chips = chips[spot];
      else delete button.dataset.chips;
      button.setAttribute("aria-label", `${this.names.get(spot)}${chips[spot] ? `, ${chips[spot]} on it` : ""}`);
    }
    const between = Object.entries(chips).filter(([spot]) => !this.spots.has(spot));
    this.chipsLine.textContent = between.map(([spot, count]) => `${this.names.get(spot)}: ${count}`).join(" \u00b7 ");
    this.querySelector("[data-undo]").disabled = this.querySelector("[data-clear]").disabled = !this.placed.length;
    this.querySelector("[data-repeat]").disabled = !this.last?.length;
    const units = this.units();
    this.querySelector("[data-profit]").textContent = this.placed.length && units
      ? `${this.placed.length} chips of ${this.money(units)}.` : "Each press on the table puts a chip on it.";
  }

  async draw(bet, calm = false) {
    if (!calm) this.last = [...this.placed];
    for (const button of this.spots.values()) button.removeAttribute("data-hit");
    if (!calm && !isCalm()) {
      this.pocket.textContent = "\u2026";
      await wait(350);
      if (this.bet !== bet) return;
    }
    const { pocket } = bet.detail;
    this.pocket.textContent = pocket;
    this.pocket.dataset.colour = colour(pocket);
    this.spots.get(String(pocket)).setAttribute("data-hit", "");
    this.refresh();
  }

  short(bet) { return String(bet.detail.pocket); }
  outcome(bet) {
    const { pocket } = bet.detail;
    return `${pocket}${pocket ? `, ${colour(pocket)}, ${pocket % 2 ? "odd" : "even"}` : ", zero"}.`;
  }
}

customElements.define("x-roulette", Roulette);
