import { Original, make, times } from "./panel.js";

const CELLS = 25;
const AHEAD = 5;

function choose(n, k) {
  let ways = 1n;
  for (let one = 1n; one <= BigInt(k); one += 1n) ways = (ways * (BigInt(n) - one + 1n)) / one;
  return ways;
}

const multiplier = (mines, safe) => Number((9900n * choose(CELLS, safe)) / choose(CELLS - mines, safe));

class Mines extends Original {
  build() {
    this.ladder = make("ol", { class: "ladder", "aria-label": "What each safe tile makes it worth" });
    this.tiles = Array.from({ length: CELLS }, (_, cell) => {
      const tile = make("button", { type: "button", class: "tile", tabindex: cell ? "-1" : "0" }, make("i"));
      tile.addEventListener("click", () => this.open(cell));
      return tile;
    });
    this.grid = make("div", { class: "mines-grid", role: "group", "aria-label": "Tiles, five by five" }, ...this.tiles);
    this.grid.addEventListener("keydown", (event) => this.move(event));
    this.board.append(this.ladder, this.grid);
    this.random = this.querySelector("[data-random]");
    this.random.addEventListener("click", () => {
      const left = this.closedTiles();
      if (left.length) this.open(left[Math.floor(Math.random() * left.length)]);
    });
    this.marked = new Set(this.kept());
    this.paint(null);
  }

  // ---- autobet: the tiles that every round opens ----
  kept() {
    try { return JSON.parse(sessionStorage.getItem("mines:tiles") ?? "[]").filter((cell) => Number.isInteger(cell) && cell >= 0 && cell < CELLS); } catch { return []; }
  }

  mark(cell) {
    if (!this.marked.delete(cell)) this.marked.add(cell);
    try { sessionStorage.setItem("mines:tiles", JSON.stringify([...this.marked])); } catch { /* private window */ }
    this.refresh();
    this.say(`${this.marked.size} ${this.marked.size === 1 ? "tile" : "tiles"} to open.`);
  }

  missing() {
    if (!this.marked.size) return "Mark the tiles to open first.";
    return this.marked.size <= CELLS - this.mines ? "" : "There are not that many safe tiles.";
  }

  async playOn() {
    const next = [...this.marked].find((cell) => !this.bet.detail.opened.includes(cell));
    await this.act(next === undefined || !this.marked.size ? this.lead() ?? `open:${this.closedTiles()[0]}` : `open:${next}`);
  }

  get mines() { return this.isOpen ? this.bet.choice.mines : Number(this.form.elements.mines.value); }
  choice() { return { mines: this.mines }; }
  openLabel() { return "Open a tile"; }
  closedTiles() { return this.tiles.map((_, cell) => cell).filter((cell) => !this.bet.detail.opened.includes(cell)); }

  open(cell) {
    if (!this.isOpen || this.bet.detail.opened.includes(cell)) {
      if (!this.isOpen && this.auto?.mode) this.mark(cell);
      else if (!this.isOpen) this.say("Bet first, then open tiles.");
      return;
    }
    this.act(`open:${cell}`);
  }

  move(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -5, ArrowDown: 5 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = this.tiles.indexOf(document.activeElement);
    const sideways = Math.abs(by) === 1 && Math.floor((at + by) / 5) !== Math.floor(at / 5);
    const next = this.tiles[at + by];
    if (!next || sideways) return;
    this.tiles[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  update() {
    this.random.disabled = !this.isOpen;
    this.tiles.forEach((tile, cell) => {
      const on = Boolean(this.auto?.mode) && this.marked.has(cell);
      tile.toggleAttribute("data-marked", on);
      if (this.auto?.mode) tile.setAttribute("aria-pressed", String(on));
      else tile.removeAttribute("aria-pressed");
    });
    if (this.isOpen) this.form.elements.mines.value = this.bet.choice.mines;
    const done = this.isOpen ? this.bet.detail.opened.length : 0;
    const most = CELLS - this.mines;
    const steps = Array.from({ length: AHEAD }, (_, n) => Math.max(1, done) + n).filter((n) => n <= most);
    this.ladder.replaceChildren(...steps.map((n) => make("li", { "data-now": this.isOpen && n === done }, times(multiplier(this.mines, n)))));
    const units = this.units();
    this.querySelector("[data-profit]").textContent = units && !this.isOpen && most
      ? `The first safe tile makes it worth ${this.money((units * BigInt(multiplier(this.mines, 1))) / 10000n)}.` : "";
  }

  async draw(bet) { this.paint(bet); }

  paint(bet) {
    const { opened = [], mines = [] } = bet?.detail ?? {};
    this.tiles.forEach((tile, cell) => {
      const place = `Row ${Math.floor(cell / 5) + 1}, column ${(cell % 5) + 1}`;
      const kind = mines.includes(cell) ? "ember" : opened.includes(cell) || mines.length ? "safe" : "";
      tile.dataset.shown = kind;
      tile.toggleAttribute("data-faint", Boolean(kind) && !opened.includes(cell));
      const word = { ember: opened.includes(cell) ? "an ember, opened" : "an ember", safe: "safe" }[kind] ?? "closed";
      tile.setAttribute("aria-label", `${place}: ${word}`);
    });
  }

  short(bet) { return bet.payout && bet.multiplier ? times(bet.multiplier) : "0\u00d7"; }
  outcome(bet) {
    const safe = bet.detail.opened.length;
    if (bet.state === "open") return safe ? `${safe} safe, worth ${this.money(this.worth(bet))}, ${times(bet.multiplier)}.` : "Open a tile.";
    if (!bet.multiplier) return `An ember after ${safe - 1} safe.`;
    return `Left after ${safe} safe, ${times(bet.multiplier)}.`;
  }
}

customElements.define("x-mines", Mines);
