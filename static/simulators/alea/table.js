// A table in the casino's frame: the vendor's clock, a drawn stage, chips on spots, who else is there.
import { cards, dice, wheel } from "./stages.js";
import { layCloth } from "./cloth.js";
import { make } from "./make.js";

const POLL_MS = 1000;
const DEAL_MS = 1700;
const GO = { roulette: "Spin", baccarat: "Deal", dragon_tiger: "Deal", sic_bo: "Throw", show: "Turn" };

const part = (name) => document.querySelector(`[data-part="${name}"]`);
const base = document.body.dataset.url;
const isLive = document.body.dataset.live === "yes";
let fixed, state, stage, cloth, chip = 0, drawn = "", ended = "", deadline = 0, asked = 0, shown = 0, timer = 0, busy = 0;
const own = new Map(); // chips of a table game, put down before the press

async function post(path, data = {}) {
  const response = await fetch(base + path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data),
  });
  const body = await response.json();
  if (!response.ok) throw Object.assign(new Error(body.error), { status: response.status });
  return body;
}

function money(name, amount) {
  const unit = make("small", "", fixed.currency);
  part(name).replaceChildren(amount ? amount.text : "–", " ", unit);
}

function say(text, tone = "") {
  const line = part("line");
  line.dataset.tone = tone;
  line.textContent = text || "\u00a0";
  if (text.startsWith("Not enough money") && fixed.deposit_url) {
    const link = make("a", "", "Deposit");
    link.href = fixed.deposit_url;
    link.target = "_top";
    line.append(" ", link);
  }
}

const text = (units) => {
  if (!fixed.decimals) return units.toString();
  const digits = units.toString().padStart(fixed.decimals + 1, "0");
  return `${digits.slice(0, -fixed.decimals)}.${digits.slice(-fixed.decimals)}`.replace(/\.?0+$/, "");
};

// ---- the live clock ----------------------------------------------------------------------------

function apply(next, turn) {
  if (turn < shown) return; // an older answer came later
  shown = turn;
  state = next;
  money("balance", state.balance);
  if (!isLive) return;
  deadline = performance.now() + state.ends_in_ms;
  const clock = part("clock");
  if (clock.dataset.phase !== state.phase) {
    clock.dataset.phase = state.phase;
    part("says").textContent = state.says;
  }
  part("seats").textContent = fixed.seats ? (state.seat ? `Seat ${state.seat} of ${fixed.seats}` : "Standing: all seats are taken") : `${state.company.length + 1} at the table`;
  cloth.mine(new Map(Object.entries(state.mine).map(([spot, amount]) => [spot, amount.short])));
  cloth.others(state.company);
  cloth.lock(state.phase !== "betting");
  money("staked", state.staked);
  part("undo").disabled = state.phase !== "betting" || !Object.keys(state.mine).length;
  drawCompany();
  drawHistory();
  if (state.phase === "betting") {
    if (ended !== state.round) {
      ended = state.round;
      stage.rest();
      cloth.hits([]);
      part("win-meter").removeAttribute("data-won");
      money("win", { text: "0" });
      say("Place your bets");
    }
  } else if (drawn !== state.round) {
    drawn = state.round;
    const left = state.phase === "closed" ? Math.max(300, state.ends_in_ms - 300) : 0;
    stage.show(state.show, left);
    say(state.phase === "closed" ? "No more bets" : "");
  }
  if (state.phase === "result") finish();
}

function finish() {
  cloth.hits(state.hits);
  stage.settle?.(state.show);
  const won = BigInt(state.win.units);
  money("win", state.win);
  const name = state.history[0] ? state.history[0].name : "";
  const called = stage.words(state.show, name);
  if (won > 0n) {
    part("win-meter").dataset.won = "";
    say(`${called}. You win ${state.win.text} ${fixed.currency}`, "win");
  } else {
    say(called);
  }
}

function drawCompany() {
  part("company").replaceChildren(
    ...state.company.map((one) => {
      const item = make("li", "", make("b", "", one.name), make("span", "", one.spots.length ? `${one.spots.length} on the table` : "watching"));
      if (one.is_real) item.dataset.real = "";
      return item;
    }),
  );
}

function drawHistory() {
  const key = state.history.map((one) => one.name).join();
  const list = part("history");
  if (list.dataset.key === `${state.number}${key}`) return;
  list.dataset.key = `${state.number}${key}`;
  list.replaceChildren(...state.history.map(mark));
}

function mark(one) {
  const item = make("li", "", one.name);
  item.dataset.tone = one.tone;
  return item;
}

function count() {
  const left = Math.max(0, deadline - performance.now());
  part("seconds").textContent = Math.ceil(left / 1000);
  const whole = state.phase === "betting" ? fixed.betting_ms : fixed.turning_ms;
  part("clock").style.setProperty("--left", Math.min(1, left / whole).toFixed(3));
}

async function poll() {
  clearTimeout(timer);
  const turn = ++asked;
  let rest = POLL_MS * 3;
  try {
    apply(await post("state"), turn);
    rest = Math.max(120, Math.min(POLL_MS, deadline - performance.now() + 60));
  } catch (failure) {
    if (failure.status === 404) return say("This session is over. Open the game again.", "warn");
    say("The connection is lost. The table goes on; this page tries again.", "warn");
  }
  timer = setTimeout(poll, rest);
}

async function place(spot) {
  if (state.phase !== "betting") return say("No more bets", "warn");
  const turn = ++asked;
  cloth.pending(spot, true);
  busy += 1;
  try {
    const answer = await post("place", { spot, units: fixed.chips[chip].units });
    if (turn < shown) poll(); // a later answer overtook this one and does not know its chip
    apply(answer, turn);
    if (answer.refusal) say(answer.refusal, "warn");
  } catch (failure) {
    say(failure.message, "warn");
  }
  busy -= 1;
  cloth.pending(spot, false);
}

async function takeBack() {
  if (!isLive) {
    own.clear();
    return drawOwn();
  }
  const turn = ++asked;
  const answer = await post("undo");
  apply(answer, turn);
  if (answer.refusal) say(answer.refusal, "warn");
}

// ---- table games -------------------------------------------------------------------------------

function drawOwn() {
  cloth.mine(new Map([...own].map(([spot, units]) => [spot, text(units)])));
  const sum = [...own.values()].reduce((total, units) => total + units, 0n);
  money("staked", { text: text(sum) });
  part("undo").disabled = !own.size || busy > 0;
  part("go").disabled = !own.size || busy > 0;
  part("go").textContent = state.free ? `Free, ${state.free.left}` : GO[fixed.engine];
}

async function deal() {
  if (busy || !own.size) return;
  busy = 1;
  cloth.lock(true);
  cloth.hits([]);
  part("win-meter").removeAttribute("data-won");
  money("win", { text: "0" });
  drawOwn();
  say("");
  try {
    const chips = Object.fromEntries([...own].map(([spot, units]) => [spot, units.toString()]));
    const result = await post("deal", { chips });
    if (result.refusal) {
      say(result.refusal, "warn");
    } else {
      await stage.show(result.show, DEAL_MS);
      stage.settle?.(result.show);
      cloth.hits(result.hits);
      part("history").prepend(mark(result));
      [...part("history").children].slice(14).forEach((old) => old.remove());
      money("win", result.win);
      const called = stage.words(result.show, result.name);
      const won = BigInt(result.win.units) > 0n;
      part("win-meter").toggleAttribute("data-won", won);
      say(`${called}${won ? `. You win ${result.win.text} ${fixed.currency}` : ""}${result.note ? `. ${result.note}` : ""}`, won ? "win" : "");
    }
    apply(result, ++asked);
  } catch (failure) {
    say(failure instanceof TypeError ? "The connection is lost. Open the game again to see the balance." : failure.message, "warn");
  }
  busy = 0;
  cloth.lock(false);
  drawOwn();
}

// ---- the page ----------------------------------------------------------------------------------

function drawChips() {
  part("chips").replaceChildren(
    ...fixed.chips.map((amount, index) => {
      const button = make("button", "chip", amount.short);
      button.type = "button";
      button.setAttribute("role", "radio");
      button.setAttribute("aria-checked", String(index === chip));
      button.setAttribute("aria-label", `${amount.text} ${fixed.currency}`);
      button.tabIndex = index === chip ? 0 : -1;
      button.dataset.level = index;
      button.addEventListener("click", () => choose(index));
      return button;
    }),
  );
}

function choose(index) {
  chip = Math.min(fixed.chips.length - 1, Math.max(0, index));
  [...part("chips").children].forEach((button, place) => {
    button.setAttribute("aria-checked", String(place === chip));
    button.tabIndex = place === chip ? 0 : -1;
  });
}

function press(spot) {
  if (isLive) {
    place(spot);
    return;
  }
  if (busy) return;
  own.set(spot, (own.get(spot) ?? 0n) + BigInt(fixed.chips[chip].units));
  drawOwn();
}

async function open() {
  try {
    fixed = await post("opened");
  } catch {
    part("line").textContent = "The table cannot be opened at the moment.";
    return;
  }
  const makers = { roulette: wheel, show: wheel, baccarat: cards, dragon_tiger: cards, sic_bo: dice };
  stage = makers[fixed.engine](part("stage"), fixed);
  cloth = layCloth(part("cloth"), fixed, press);
  drawChips();
  money("win", { text: "0" });
  part("chips").addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    choose(chip + by);
    part("chips").children[chip].focus();
  });
  part("undo").addEventListener("click", takeBack);
  state = fixed;
  if (isLive) {
    apply(fixed, 0);
    count();
    setInterval(count, 200);
    poll();
    document.addEventListener("visibilitychange", () => document.hidden || poll());
  } else {
    part("clock").hidden = true;
    part("seats").textContent = fixed.demo ? "For fun" : "";
    part("go").hidden = false;
    part("go").addEventListener("click", deal);
    apply(fixed, 0);
    drawOwn();
    say("Put chips on the table");
  }
  if (fixed.refusal) say(fixed.refusal, "warn");
  document.body.dataset.ready = "";
}

open();
