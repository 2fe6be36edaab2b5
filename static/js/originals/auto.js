// Autobet: asks for one bet after the other. The stakes and the stops are the server's; a page that is
// closed leaves the run where it is, and one that is opened again goes on with it or stops it.

import { toText, toUnits } from "./panel.js";

const PAUSE_MS = 150;
const AGAIN_MS = 2000;
const LATER = new Set(["betting_closed", "round_full", "round_open", "step_taken"]);
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

export class Auto {
  constructor(game) {
    this.game = game;
    this.panel = game.querySelector("[data-auto-panel]");
    this.run = game.config.run ?? null;
    this.isOn = false;
    if (!this.panel) return;
    this.line = this.panel.querySelector("[data-auto-line]");
    this.end = this.panel.querySelector("[data-auto-stop]");
    this.modes = [...game.form.elements.mode];
    for (const one of this.modes) one.addEventListener("change", () => this.show());
    this.end.addEventListener("click", () => this.stop());
    if (this.run) this.set("auto");
    this.show();
  }

  get mode() { return Boolean(this.panel) && this.modes.find((one) => one.checked)?.value === "auto"; }
  get isLeft() { return this.run?.state === "running" && !this.isOn; }

  set(value) { for (const one of this.modes) one.checked = one.value === value; }

  toggle() {
    if (!this.panel || this.isOn || this.run?.state === "running") return;
    this.set(this.mode ? "manual" : "auto");
    this.show();
    this.game.refresh();
  }

  label() {
    if (!this.mode) return null;
    if (this.isOn) return "Stop autobet";
    return this.isLeft ? "Resume autobet" : "Start autobet";
  }

  press() {
    if (this.isOn) return this.stop();
    return this.isLeft ? this.loop() : this.start();
  }

  show() {
    this.panel.hidden = !this.mode;
    this.end.hidden = !this.isLeft;
    for (const field of this.panel.querySelectorAll("input")) field.disabled = this.isOn || this.isLeft;
    this.line.textContent = this.said();
    this.game.toggleAttribute("data-auto", this.mode);
  }

  said() {
    const { run, game } = this;
    if (!run) return "";
    const [staked, paid] = [toUnits(run.staked, game.scale), toUnits(run.paid, game.scale)];
    const result = paid >= staked ? `won ${toText(paid - staked, game.scale)}` : `lost ${toText(staked - paid, game.scale)}`;
    const count = `${run.placed}${run.bets ? ` of ${run.bets}` : ""} ${run.placed === 1 && !run.bets ? "bet" : "bets"}, ${result} ${run.currency}.`;
    if (run.state !== "running") return `Ended: ${run.said}. ${count}`;
    return this.isLeft ? `A run is waiting. Resume or stop it. ${count}` : count;
  }

  // ---- the plan ----
  percent(name) {
    const text = this.game.form.elements[name].value.trim().replace(",", ".");
    if (!text) return null;
    const match = /^(\d{1,4})(?:\.(\d{1,2}))?$/.exec(text);
    return match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : undefined;
  }

  amount(name) {
    const text = this.game.form.elements[name].value.trim();
    if (!text) return null;
    const units = toUnits(text, this.game.scale);
    return units ? toText(units, this.game.scale) : undefined;
  }

  plan() {
    const bets = this.game.form.elements.bets.value.trim();
    const found = {
      bets: bets ? (/^\d{1,6}$/.test(bets) ? Number(bets) : undefined) : null,
      raise_on_win: this.percent("on_win"),
      raise_on_loss: this.percent("on_loss"),
      stop_profit: this.amount("stop_profit"),
      stop_loss: this.amount("stop_loss"),
      stop_single_win: this.amount("stop_single_win"),
    };
    return Object.values(found).includes(undefined) ? null : found;
  }

  // ---- the run ----
  async start() {
    const { game } = this;
    const [units, choice, plan] = [game.units(), game.choice(), this.plan()];
    if (!units) return game.complain(`Enter an amount above zero, with ${game.scale} decimals at most.`);
    if (typeof choice === "string") return game.complain(choice);
    const missing = game.missing?.();
    if (missing) return game.complain(missing);
    if (!plan) return game.complain("Autobet takes whole bets, percentages and amounts above zero.");
    this.key ??= crypto.randomUUID();
    const run = await game.ask("runs/", {
      game: game.config.game, amount: toText(units * game.parts(), game.scale), currency: game.config.currency, choice, ...plan, ...game.more(),
    }, { "Idempotency-Key": this.key });
    if (game.refused !== "lost") this.key = null;
    if (!run) return;
    this.run = run;
    this.loop();
  }

  async loop() {
    const { game } = this;
    if (this.isOn) return;
    this.isOn = true;
    this.wish = false;
    this.update();
    while (this.isOn && this.run.state === "running" && game.isConnected) {
      if (game.isOpen) {
        await this.playOut();
        continue;
      }
      await game.ready?.();
      if (!this.isOn || !game.isConnected) break;
      const said = await game.ask(`runs/${this.run.id}/next/`, { number: this.run.placed });
      if (said) {
        this.run = said.run;
        if (said.bet) await game.shown(said.bet);
        this.update();
        await pause(PAUSE_MS);
      } else if (game.refused === "run_ended" || game.refused === "step_taken") {
        await this.look();
      } else if (LATER.has(game.refused) || game.refused === "lost" || game.refused === "rate_limited") {
        await pause(AGAIN_MS);
      } else {
        break;
      }
    }
    this.isOn = false;
    this.update();
  }

  // A round in steps is played to its end before the next bet; a hand may stop in between.
  async playOut() {
    const { game } = this;
    const before = `${game.bet.id}:${game.bet.actions.length}`;
    await game.playOn();
    if (game.isOpen && before === `${game.bet.id}:${game.bet.actions.length}`) await pause(AGAIN_MS);
    else await pause(PAUSE_MS);
    if (!game.isOpen) await this.look();
  }

  async look() {
    const answer = await fetch(`/api/v1/originals/runs/${this.run.id}/`, { credentials: "same-origin" }).catch(() => null);
    if (answer?.ok) this.run = await answer.json();
    this.update();
  }

  async stop() {
    const { game } = this;
    this.isOn = false;
    while (game.waiting) await pause(20);
    const run = await game.ask(`runs/${this.run.id}/stop/`, {});
    if (run) this.run = run;
    this.update();
  }

  leave() { this.isOn = false; }

  update() {
    this.show();
    this.game.refresh();
  }
}
