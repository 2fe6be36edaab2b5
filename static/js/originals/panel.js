// What every original shares: the bet panel, the one door to the server, results in words, keys.
// The server's answer comes first, the picture second; nothing here knows a result before the server.

import { Auto } from "./auto.js";

const API = "/api/v1/originals/";
const STRIP = 12;
const ONE = 10000n;
const LABELS = { invalid_amount: "Enter an amount like 1.00." };
export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
export const wait = (ms) => new Promise((done) => { setTimeout(done, isCalm() ? 0 : ms); });

// "1.05", 2 -> 105n; null for what is not an amount of that many decimals.
export function toUnits(text, scale) {
  const match = /^(\d{1,20})(?:\.(\d*))?$/.exec(String(text).trim().replace(",", "."));
  const decimals = (match?.[2] ?? "").replace(/0+$/, "");
  if (!match || decimals.length > scale) return null;
  return BigInt(match[1] + decimals.padEnd(scale, "0"));
}

export function toText(units, scale) {
  const digits = String(units).padStart(scale + 1, "0");
  return scale ? `${digits.slice(0, -scale)}.${digits.slice(-scale)}` : digits;
}

// Ten-thousandths: 20002 -> "2.0002×", 15000 -> "1.50×".
export function times(multiplier) {
  const [whole, rest] = [Math.floor(multiplier / 10000), String(multiplier % 10000).padStart(4, "0")];
  return `${whole.toLocaleString("en")}.${rest.slice(0, 2)}${rest.slice(2).replace(/0+$/, "")}\u00d7`;
}

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

class Refused extends Error {
  constructor(message, code) { super(message); this.code = code; }
}

export class Original extends HTMLElement {
  connectedCallback() {
    if (this.form) return;
    this.config = JSON.parse(this.dataset.config);
    this.form = this.querySelector("[data-panel]");
    this.board = this.querySelector("[data-board]");
    this.result = this.querySelector("[data-result]");
    this.strip = this.querySelector("[data-strip]");
    this.problem = this.querySelector("[data-error]");
    this.button = this.querySelector("[data-bet]");
    this.stake = this.form.elements.amount;
    this.bet = this.config.open;
    this.key = null;
    this.turn = 0;
    this.waiting = null;
    this.stake.value = this.remembered() ?? this.config.least;
    this.onKey = (event) => this.pressed(event);
    document.addEventListener("keydown", this.onKey);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.go();
    });
    this.form.addEventListener("input", () => { this.key = null; this.refresh(); });
    this.form.addEventListener("change", () => this.refresh());
    this.build();
    this.auto = new Auto(this);
    for (const bet of [...this.config.recent].reverse()) this.note(bet);
    if (this.bet) {
      this.restore(this.bet);
      this.say("Your round is still open. Go on where you left it.");
    }
    this.refresh();
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.onKey);
    this.turn += 1;
    this.auto?.leave();
  }

  // ---- for each game to fill in ----
  build() {} // make the board
  choice() { return {}; } // what is sent, or a text that says what is missing
  async draw(_bet) {} // show a result; may take a moment
  short(bet) { return times(bet.multiplier); } // in the strip
  outcome(_bet) { return ""; } // the result in words
  restore(bet) { return this.draw(bet, true); }
  update() {} // after any change
  lead() { return this.canLeave() ? "cash_out" : null; } // what the button does in an open round
  parts() { return 1n; } // stakes in one bet
  async playOn() {} // autobet: what is done with a round that is open

  // ---- money ----
  get scale() { return this.config.scale; }
  get isOpen() { return this.bet?.state === "open"; }
  units() { return toUnits(this.stake.value, this.scale); }
  money(units) { return `${toText(units, this.scale)} ${this.config.currency}`; }
  amount(text) { return `${text} ${this.config.currency}`; }
  worth(bet = this.bet) {
    const units = (toUnits(bet.base_stake, this.scale) * BigInt(bet.multiplier)) / ONE;
    const most = toUnits(bet.win_max, this.scale);
    return units > most ? most : units;
  }
  canLeave() { return this.isOpen && this.bet.multiplier > 0; }

  remembered() {
    try { return sessionStorage.getItem(`stake:${this.config.currency}`); } catch { return null; }
  }

  // ---- the button ----
  label() {
    if (this.isOpen) return this.canLeave() ? `Cash out ${this.money(this.worth())}` : this.openLabel();
    const units = this.units();
    return units ? `Bet ${this.money(units * this.parts())}` : "Bet";
  }

  openLabel() { return "Round is open"; }

  refresh() {
    this.update();
    this.toggleAttribute("data-open", this.isOpen);
    if (!this.button) return;
    // A closed game takes no new bet; a round that is open is finished.
    const closed = this.button.hasAttribute("data-closed") && !this.isOpen;
    const auto = this.auto?.label();
    this.button.textContent = closed ? "Closed at the moment" : auto ?? this.label();
    this.button.disabled = closed || (!auto && this.isOpen && !this.lead());
    for (const control of this.form.querySelectorAll("[data-amount] input, [data-amount] button, select, input[type=radio]")) {
      control.disabled = this.isOpen || Boolean(this.auto?.isOn);
    }
  }

  go() {
    if (this.auto?.mode) return this.auto.press();
    if (this.isOpen) return this.lead() ? this.act(this.lead()) : undefined;
    return this.place();
  }

  async place() {
    if (this.waiting || !this.button || this.button.disabled) return;
    const units = this.units();
    if (!units) return this.complain(`Enter an amount above zero, with ${this.scale} decimals at most.`);
    const choice = this.choice();
    if (typeof choice === "string") return this.complain(choice);
    this.settleNow();
    // The same press asked again after a lost answer is the same bet.
    this.key ??= crypto.randomUUID();
    const bet = await this.ask(`${this.config.game}/bets/`, {
      amount: toText(units * this.parts(), this.scale), currency: this.config.currency, choice, ...this.more(),
    }, { "Idempotency-Key": this.key });
    if (!bet) return;
    this.key = null;
    try { sessionStorage.setItem(`stake:${this.config.currency}`, this.stake.value); } catch { /* private window */ }
    await this.shown(bet);
  }

  // Whose bet it is may stay hidden where others look on.
  more() {
    const box = this.form.elements.hidden;
    return box ? { hidden: box.checked } : {};
  }

  async act(action) {
    if (this.waiting || !this.isOpen) return;
    const bet = await this.ask(`bets/${this.bet.id}/actions/`, { action, step: this.bet.actions.length });
    if (bet) await this.shown(bet);
  }

  // Gives null where the answer was no, or none came; `refused` says which.
  async ask(path, body, headers = {}) {
    this.complain("");
    this.refused = "";
    const button = this.button;
    const slow = setTimeout(() => button?.setAttribute("aria-busy", "true"), 300);
    this.waiting = true;
    try {
      const answer = await fetch(API + path, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token(), ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(15000),
      });
      const said = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Refused(words(answer.status, said), said.error?.code ?? String(answer.status));
      return said;
    } catch (error) {
      if (error instanceof Refused) {
        this.key = null;
        this.refused = error.code;
        this.complain(error.message);
      } else {
        this.refused = "lost";
        this.complain("No answer. Nothing is lost: press again, and the same bet is asked for, not a second one.");
      }
      return null;
    } finally {
      clearTimeout(slow);
      button?.removeAttribute("aria-busy");
      this.waiting = null;
    }
  }

  // ---- results ----
  async shown(bet) {
    this.turn += 1;
    const turn = this.turn;
    this.bet = bet;
    this.unsettled = bet;
    this.refresh();
    await this.draw(bet);
    if (turn === this.turn) this.settleNow();
  }

  settleNow() {
    const bet = this.unsettled;
    if (!bet) return;
    this.unsettled = null;
    this.say(this.words(bet), bet);
    if (bet.state !== "open") {
      this.note(bet);
      this.dispatchEvent(new CustomEvent("originals:settled", { bubbles: true, detail: { id: bet.id } }));
    }
  }

  words(bet) {
    const outcome = this.outcome(bet);
    if (bet.state === "open") return outcome;
    const [paid, staked] = [toUnits(bet.payout, this.scale), toUnits(bet.stake, this.scale)];
    let money = "No win.";
    if (paid > staked) money = `Pays ${this.amount(bet.payout)}.`;
    else if (paid === staked) money = `The stake comes back: ${this.amount(bet.payout)}.`;
    else if (paid) money = `${this.amount(bet.payout)} of ${this.amount(bet.stake)} comes back.`;
    return `${outcome} ${money}`.trim();
  }

  say(text, bet) {
    this.result.textContent = text;
    const won = Boolean(bet) && this.won(bet);
    this.result.toggleAttribute("data-win", won);
    // From twenty times the stake the seal is pressed once.
    this.toggleAttribute("data-stamp", won && bet.multiplier >= 200000);
  }

  won(bet) {
    return bet.state === "closed" && toUnits(bet.payout, this.scale) > toUnits(bet.stake, this.scale);
  }

  note(bet) {
    if (bet.state === "refunded") return;
    const link = make("a", { href: `/originals/bets/${bet.id}/`, title: this.words(bet), "data-win": this.won(bet) }, this.short(bet));
    this.strip.prepend(make("li", {}, link));
    window.htmx?.process(this.strip);
    while (this.strip.childElementCount > STRIP) this.strip.lastElementChild.remove();
  }

  complain(text) {
    this.problem.textContent = text;
    this.problem.hidden = !text;
  }

  // ---- keys ----
  pressed(event) {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open], [popover]:popover-open")) return;
    const target = event.target;
    if (target.matches?.("input:not([type=radio]), select, textarea, [contenteditable]")) return;
    if (event.key.toLowerCase() === "a") {
      event.preventDefault();
      this.auto?.toggle();
    } else if (event.key === "," || event.key === ".") {
      if (this.isOpen || this.auto?.isOn) return;
      event.preventDefault();
      this.form.querySelector(`[data-amount-step="${event.key === "," ? "half" : "double"}"]`)?.click();
    } else if (event.key === " " || event.key === "Enter") {
      // A link or button under the focus keeps its own meaning.
      if (target.closest?.("a, button, summary, [role=tab]") || event.repeat) return;
      event.preventDefault();
      this.go();
    }
  }
}

function token() {
  return JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
}

function words(status, said) {
  const error = said.error ?? {};
  const fields = Object.values(error.fields ?? {});
  if (LABELS[error.code] && !fields.length) return LABELS[error.code];
  if (fields.length) return fields.join(" ");
  if (error.message) return error.message;
  if (status === 401 || status === 403) return "Sign in again to go on.";
  return "That did not work. Nothing was changed.";
}
