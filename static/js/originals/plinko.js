import { Original, isCalm, make, times } from "./panel.js";

const NS = "http://www.w3.org/2000/svg";
const STEP_MS = 55;
const svg = (tag, attributes) => {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
const brief = (multiplier) => String(multiplier / 10000);

class Plinko extends Original {
  build() {
    this.pegs = svg("svg", { class: "plinko", "aria-hidden": "true" });
    this.buckets = make("ol", { class: "buckets", "aria-label": "What the buckets pay, left to right" });
    this.board.append(this.pegs, this.buckets);
  }

  get rows() { return Number(this.form.elements.rows.value); }
  choice() { return { rows: this.rows, risk: this.form.elements.risk.value }; }

  update() {
    const board = `${this.rows} ${this.form.elements.risk.value}`;
    if (this.shownBoard === board) return;
    this.shownBoard = board;
    const width = this.rows + 1;
    this.pegs.setAttribute("viewBox", `0 0 ${width} ${this.rows * 0.72 + 0.6}`);
    this.ball = svg("circle", { class: "ball", r: 0.24, cx: width / 2, cy: 0.1, visibility: "hidden" });
    const dots = [];
    for (let row = 0; row < this.rows; row += 1) {
      for (let n = 0; n <= row; n += 1) dots.push(svg("circle", { r: 0.09, cx: width / 2 + n - row / 2, cy: 0.45 + row * 0.72 }));
    }
    this.pegs.replaceChildren(...dots, this.ball);
    const pays = this.config.tables[this.rows][this.form.elements.risk.value];
    this.buckets.replaceChildren(...pays.map((one) => make("li", { title: times(one) }, brief(one))));
  }

  async draw(bet, calm = false) {
    const { path, bucket } = bet.detail;
    const middle = (this.rows + 1) / 2;
    const points = [[middle, 0.1]];
    path.reduce((at, turn, row) => {
      const next = at + turn - 0.5;
      points.push([next, 0.45 + row * 0.72 + 0.36]);
      return next;
    }, middle);
    for (const item of this.buckets.children) item.removeAttribute("data-now");
    this.ball.setAttribute("visibility", "visible");
    const [x, y] = points.at(-1);
    this.ball.setAttribute("cx", x);
    this.ball.setAttribute("cy", y);
    if (!calm && !isCalm()) {
      const frames = points.map(([px, py]) => ({ transform: `translate(${px - x}px, ${py - y}px)` }));
      await this.ball.animate(frames, { duration: STEP_MS * points.length }).finished.catch(() => {});
    }
    if (this.bet === bet) this.buckets.children[bucket].setAttribute("data-now", "");
  }

  outcome(bet) { return `Bucket ${bet.detail.bucket + 1} of ${bet.choice.rows + 1}, ${times(bet.multiplier)}.`; }
}

customElements.define("x-plinko", Plinko);
