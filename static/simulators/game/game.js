// The shell around every simulated game: balance, stake, one button, the casino's words.
import { createCards } from "./cards.js";
import { createClimb } from "./climb.js";
import { createRoulette } from "./roulette.js";
import { createScratch } from "./scratch.js";
import { createSlot } from "./slot.js";

const ENGINES = { slot: createSlot, roulette: createRoulette, cards: createCards, climb: createClimb, scratch: createScratch };
const LABELS = { slot: "Spin", roulette: "Spin", cards: "Deal", climb: "Climb", scratch: "Scratch" };
const CYCLE_MS = 2500; // no round is shorter than this

const part = (name) => document.querySelector(`[data-part="${name}"]`);
const base = document.body.dataset.session;
let state, engine, stakeIndex, running = false;

const post = async (path, data) => {
  const response = await fetch(base + path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
};

function money(output, amount) {
  output.replaceChildren(amount ? amount.text : "–");
  const unit = document.createElement("small");
  unit.textContent = state.currency;
  output.append(" ", unit);
}

function say(text, tone = "", link = null) {
  const line = part("line");
  line.dataset.tone = tone;
  line.textContent = text || "\u00a0";
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.url;
    anchor.target = "_top";
    anchor.textContent = link.text;
    line.append(" ", anchor);
  }
}

function refuse(text) {
  const isShort = text.startsWith("Not enough funds");
  say(text, "warn", isShort && state.deposit_url ? { url: state.deposit_url, text: "Deposit" } : null);
}


function drawBar() {
  money(part("stake"), state.freespins ? state.freespins.stake : state.stakes[stakeIndex]);
  part("less").disabled = running || Boolean(state.freespins) || stakeIndex === 0;
  part("more").disabled = running || Boolean(state.freespins) || stakeIndex === state.stakes.length - 1;
  part("go").disabled = running || engine.isReady?.() === false;
  part("go-label").textContent = state.freespins ? "Free" : LABELS[state.engine];
  const mode = part("mode");
  mode.hidden = !(state.demo || state.freespins);
  mode.textContent = state.freespins ? `${state.freespins.left} free spins` : "For fun";
}

async function play() {
  if (running || part("go").disabled) return;
  running = true;
  const begun = performance.now();
  part("win").parentElement.removeAttribute("data-profit");
  money(part("win"), { text: "0" });
  say("");
  engine.begin();
  drawBar();
  try {
    const result = await post("spin", { stake: state.stakes[stakeIndex].units, choice: engine.choice?.() ?? {} });
    await settle(result);
  } catch (failure) {
    engine.cancel();
    say(failure instanceof TypeError ? "The connection is lost. Open the game again to see the balance." : failure.message, "warn");
  }
  const rest = CYCLE_MS - (performance.now() - begun);
  if (rest > 0) await new Promise((done) => setTimeout(done, rest));
  running = false;
  drawBar();
}

async function settle(result) {
  if (result.refusal) {
    engine.cancel();
    refuse(result.refusal);
  } else {
    await engine.show(result, say);
    const win = BigInt(result.win.units), staked = BigInt(result.stake.units);
    money(part("win"), result.win);
    if (win > staked || (state.freespins && win > 0n)) {
      part("win").parentElement.dataset.profit = "";
      say(result.note || `You win ${result.win.text} ${state.currency}`, "win");
    } else {
      say(result.note || (win > 0n ? `Pays ${result.win.text} ${state.currency}` : engine.words?.(result) || "No win this time"));
    }
  }
  state.freespins = result.freespins;
  if (result.balance) money(part("balance"), result.balance);
}

function step(by) {
  stakeIndex = Math.min(state.stakes.length - 1, Math.max(0, stakeIndex + by));
  drawBar();
}

async function open() {
  try {
    state = await post("state", {});
  } catch (failure) {
    say("The game cannot be opened at the moment.", "warn");
    return;
  }
  stakeIndex = state.stake_index;
  engine = ENGINES[state.engine](part("stage"), state, { changed: drawBar, stake: () => state.stakes[stakeIndex] });
  engine.explain(part("info-body"));
  money(part("balance"), state.balance);
  money(part("win"), { text: "0" });
  if (state.engine === "roulette") part("stake-label").textContent = "Chip";
  drawBar();
  if (state.refusal) refuse(state.refusal);
  else say(engine.welcome ?? "");
}

part("go").addEventListener("click", play);
part("less").addEventListener("click", () => step(-1));
part("more").addEventListener("click", () => step(1));
part("open-info").addEventListener("click", () => part("info").showModal());
part("close-info").addEventListener("click", () => part("info").close());
document.addEventListener("keydown", (event) => {
  if (event.code !== "Space" || part("info").open || event.target.closest("button, input")) return;
  event.preventDefault();
  play();
});
open();
