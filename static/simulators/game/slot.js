// Reels: the result comes from the server first, the movement only shows it.
import { drawing, facts, make, still, wait } from "./dom.js";

const RUN = 12; // cells that pass while a reel turns
const LOOP_MS = 620, SETTLE_MS = 640, STAGGER_MS = 150, EASE = "cubic-bezier(.2,.75,.3,1.05)";
const rank = (symbol) => (symbol.startsWith("low") ? "low" : symbol.startsWith("high") ? "high" : "special");

export function createSlot(stage, state) {
  const { machine } = state;
  const names = machine.symbols;
  document.body.style.setProperty("--reels", machine.reels);
  const frame = make("div", "frame"), window_ = make("div", "reels"), ribbon = make("p", "ribbon");
  ribbon.hidden = true;
  frame.append(window_, make("div", "glass"), ribbon);
  stage.append(frame);

  // What only passes by; wilds never stand on the first reel, so none passes there either.
  const first = names.filter((name) => name !== "wild");
  const any = (reel) => {
    const from = reel === 0 ? first : names;
    return from[Math.floor(Math.random() * from.length)];
  };
  const cell = (symbol) => {
    const box = make("div", "cell", drawing(machine.drawings[symbol]));
    box.dataset.rank = rank(symbol);
    return box;
  };
  const random = (count, reel) => Array.from({ length: count }, () => any(reel));
  const reels = Array.from({ length: machine.reels }, (_, index) => {
    const strip = make("div", "strip"), reel = make("div", "reel", strip);
    window_.append(reel);
    return { strip, shown: random(machine.rows, index), index, loop: null };
  });
  const fill = (reel, symbols) => reel.strip.replaceChildren(...symbols.map(cell));
  reels.forEach((reel) => fill(reel, reel.shown));

  function turn() {
    unmark();
    if (still()) return;
    reels.forEach((reel, index) => {
      const passing = random(RUN, index);
      fill(reel, [...passing, ...passing.slice(0, machine.rows)]);
      reel.loop = reel.strip.animate(
        [{ transform: `translateY(calc(var(--cell) * -${RUN}))` }, { transform: "translateY(0)" }],
        { duration: LOOP_MS + index * 20, iterations: Infinity },
      );
    });
  }

  async function land(reel, symbols, delay) {
    await wait(delay);
    reel.loop?.cancel();
    reel.shown = symbols;
    if (still()) return fill(reel, symbols);
    fill(reel, [...symbols, ...random(RUN - machine.rows, reel.index)]);
    await reel.strip.animate(
      [{ transform: `translateY(calc(var(--cell) * -${RUN - machine.rows}))` }, { transform: "translateY(0)" }],
      { duration: SETTLE_MS, easing: EASE },
    ).finished;
    fill(reel, symbols);
  }

  const landAll = (grid, pace) => Promise.all(reels.map((reel, index) => land(reel, grid[index], index * STAGGER_MS * pace)));

  function mark(screen) {
    const hits = new Set(screen.marks.flatMap((one) => one.cells.map(([reel, row]) => `${reel}:${row}`)));
    if (machine.free_spins && screen.scatters >= 3) {
      screen.grid.forEach((column, reel) => column.forEach((symbol, row) => symbol === "scatter" && hits.add(`${reel}:${row}`)));
    }
    if (!hits.size) return;
    window_.dataset.marked = "";
    reels.forEach((reel, index) => [...reel.strip.children].forEach((box, row) => hits.has(`${index}:${row}`) && (box.dataset.hit = "")));
  }

  function unmark() {
    delete window_.dataset.marked;
    window_.querySelectorAll("[data-hit]").forEach((box) => delete box.dataset.hit);
  }

  async function show(result, say) {
    const [first, ...free] = result.show.screens;
    await wait(380);
    await landAll(first.grid, 1);
    mark(first);
    for (const [index, screen] of free.entries()) {
      say(index ? `So far this round: free spin ${index} paid ${free[index - 1].win.text}` : `${free.length} free spins, every win counts twice`);
      await wait(index ? 750 : 1500);
      ribbon.hidden = false;
      ribbon.textContent = `Free spin ${index + 1} of ${free.length} · ×${screen.multiplier}`;
      turn();
      await wait(300);
      await landAll(screen.grid, 0.5);
      mark(screen);
    }
    if (free.length) await wait(900);
    ribbon.hidden = true;
  }

  function cancel() {
    ribbon.hidden = true;
    reels.forEach((reel) => {
      reel.loop?.cancel();
      fill(reel, reel.shown);
    });
  }

  function explain(body) {
    const pays = make("ul", "pays");
    for (const [symbol, values] of Object.entries(machine.pays)) {
      const list = make("dl");
      values.map((value, index) => [index + 3, value]).reverse().forEach(([count, value]) => list.append(make("dt", "", `${count}×`), make("dd", "", `${value}`)));
      pays.append(make("li", "", drawing(machine.drawings[symbol]), list));
    }
    const unit = machine.lines ? `the stake divided by ${machine.lines} lines` : "a hundredth of the stake, for every way";
    body.append(
      facts([["Return to player", `${machine.payout} %`], ["Reels", `${machine.reels} × ${machine.rows}`], [machine.lines ? "Lines" : "Ways", machine.lines || machine.rows ** machine.reels]]),
      make("p", "", `Pays count from the left, in units of ${unit}. The wild stands in for every picture on all reels but the first.`),
      pays,
    );
    if (machine.free_spins) body.append(make("p", "", `Three or more free-spin marks anywhere start ${machine.free_spins} free spins whose wins are doubled.`));
  }

  return { begin: turn, show, cancel, explain };
}
