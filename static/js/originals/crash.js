import { Original, isCalm, make, toUnits } from "./panel.js";

const RATE = 0.00006; // the multiplier after t ms is e ** (RATE * t)
const LEAST = 101;
const CALM_MS = 250;
const STRIP = 20;

const hundredths = (text) => {
  const match = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text.trim().replace(",", "."));
  return match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : null;
};
const shown = (number) => `${(number / 100).toLocaleString("en", { minimumFractionDigits: 2 })}\u00d7`;
const risen = (ms) => Math.floor(100 * Math.exp(RATE * Math.max(0, ms)) + 1e-9);

class Crash extends Original {
  build() {
    this.number = make("p", { class: "original-number", "aria-hidden": "true" }, "1.00\u00d7");
    this.word = make("p", { class: "crash-word", "aria-hidden": "true" });
    this.canvas = make("canvas", { class: "crash-sky", "aria-hidden": "true" });
    this.count = make("h2", { class: "crash-count" }, "Nobody is in yet");
    this.list = make("ul", { class: "crash-players", tabindex: "0", "aria-label": "Players of this round" });
    this.board.append(
      make("div", { class: "crash-stage" }, this.canvas, this.number, this.word),
      make("section", { class: "crash-side", "aria-label": "This round" }, this.count, this.list),
    );
    this.players = new Map();
    this.offset = null;
    this.round = null;
    this.queued = false;
    this.said = "";
    this.waiters = [];
    this.onFrame = (event) => this.receive(event.detail);
    document.body.addEventListener("live:crash", this.onFrame);
    this.onSize = () => this.paint();
    addEventListener("resize", this.onSize);
    this.receive(this.config.crash);
    this.watch();
  }

  connectedCallback() {
    if (this.form) {
      // Put back by the browser: what was let go of is taken up again.
      document.addEventListener("keydown", this.onKey);
      document.body.addEventListener("live:crash", this.onFrame);
      this.watch();
      return;
    }
    super.connectedCallback();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.body.removeEventListener("live:crash", this.onFrame);
    removeEventListener("resize", this.onSize);
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.line?.watch("");
    if (this.line?.hasAttribute("data-guest")) this.line.remove();
    for (const done of this.waiters.splice(0)) done();
  }

  // The tab's socket, or one of our own for a guest.
  watch() {
    this.line = document.querySelector("x-live");
    if (!this.line) {
      this.line = make("x-live", { "data-url": this.dataset.live, "data-guest": true });
      document.body.append(this.line);
    }
    this.line.watch?.("crash");
  }

  // ---- what the server says ----
  receive(data) {
    if (!data) return;
    // The frame that travelled fastest tells the server's clock best.
    this.offset = Math.max(this.offset ?? -Infinity, data.now - Date.now());
    if (data.history) this.histories(data.history);
    if (data.kind === "state") this.players.clear();
    const before = this.round;
    if (data.round) this.round = data.round;
    for (const one of data.bets) this.players.set(one.tag, one);
    this.own();
    if (data.round && (before?.id !== this.round.id || before?.state !== this.round.state)) this.turned();
    this.people();
    if (this.form) this.refresh();
  }

  get stage() { return this.round?.state ?? "none"; }
  get isFlying() { return this.stage === "running"; }
  elapsed() { return Date.now() + this.offset - (this.round?.started_at ?? 0); }

  turned() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    const { round } = this;
    this.toggleAttribute("data-bust", this.stage === "bust" || this.stage === "over");
    if (this.stage === "betting") {
      this.tell("The next round takes bets.");
      this.tick();
      if (this.queued) { this.queued = false; this.place(); }
    } else if (this.isFlying) {
      this.tell("The round runs.");
      this.tick();
    } else if (this.stage === "bust" || this.stage === "over") {
      this.number.textContent = shown(round.point);
      this.word.textContent = "Broke off";
      if (this.stage === "bust") this.tell(`The round broke off at ${shown(round.point)}.`);
      if (this.stage === "over") this.late();
      this.histories([{ id: round.id, number: round.number, point: round.point }, ...this.past ?? []]);
      this.paint();
    } else if (this.stage === "void") {
      this.tell("This round could not begin; all stakes went back.");
      this.late();
    }
    for (const done of this.waiters.splice(0)) done();
  }

  // Not over what a bet of one's own has just come to.
  tell(text) {
    if (this.unsettled || this.told === this.round?.id) return;
    this.say(text);
  }

  // One's own bet, as the stream tells of it.
  own() {
    if (!this.isOpen) return;
    const mine = this.players.get(this.bet.tag);
    if (!mine || mine.state === "open") return;
    this.told = this.round?.id;
    this.shown({
      ...this.bet, state: mine.state, payout: mine.payout, multiplier: mine.left_at * 100, detail: { left_at: mine.left_at },
      point: this.round?.point ?? null,
    });
  }

  // A frame was missed, or the list was too long for one's own bet.
  async late() {
    if (!this.isOpen) return;
    const answer = await fetch(`/api/v1/originals/bets/${this.bet.id}/`, { credentials: "same-origin" }).catch(() => null);
    if (answer?.ok) this.shown(await answer.json());
  }

  people() {
    const order = [...this.players.values()].sort((a, b) => Number(this.isMine(b)) - Number(this.isMine(a)) || Number(b.stake) - Number(a.stake));
    const out = order.filter((one) => one.left_at).length;
    this.count.textContent = order.length ? `${order.length} in, ${out} out` : "Nobody is in yet";
    this.list.replaceChildren(...order.map((one) => make(
      "li", { "data-win": Boolean(one.left_at), "data-own": this.isMine(one) },
      make("span", {}, this.isMine(one) ? "You" : one.name),
      make("span", { class: "number" }, `${one.stake} ${one.currency}`),
      make("span", { class: "number" }, one.left_at ? shown(one.left_at) : one.state === "refunded" ? "back" : "\u2013"),
    )));
  }

  isMine(one) { return one.tag === this.bet?.tag; }

  histories(past) {
    const seen = new Set();
    this.past = past.filter((one) => one.point && !seen.has(one.id) && seen.add(one.id)).slice(0, STRIP);
    this.strip.replaceChildren(...this.past.map((one) => make("li", {}, make(
      "a", { href: `/originals/crash/rounds/${one.id}/`, title: `Round ${one.number}`, "data-win": one.point >= 200 }, shown(one.point),
    ))));
    window.htmx?.process(this.strip);
  }

  // ---- the curve ----
  tick() {
    if (!this.isConnected) return;
    if (this.stage === "betting") {
      const left = Math.max(0, this.round.betting_until - Date.now() - this.offset);
      this.number.textContent = `${(left / 1000).toFixed(1)} s`;
      this.word.textContent = left ? "Bets, please" : "Here it goes";
      if (!this.drawn) this.paint();
    } else if (this.isFlying) {
      this.number.textContent = shown(risen(this.elapsed()));
      this.word.textContent = "";
      if (this.isOpen && this.button && !this.auto?.label()) this.button.textContent = this.label();
      if (!isCalm()) this.paint();
    } else return;
    if (isCalm()) this.timer = setTimeout(() => this.tick(), CALM_MS);
    else this.frame = requestAnimationFrame(() => this.tick());
  }

  paint() {
    const { canvas } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    const scale = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale)) [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    const style = getComputedStyle(canvas);
    const [line, bust, grid] = ["--action", "--bone-2", "--line"].map((name) => style.getPropertyValue(name));
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const over = this.stage === "bust" || this.stage === "over";
    const ms = over ? Math.log((this.round.point + 1) / 100) / RATE : this.isFlying ? Math.max(0, this.elapsed()) : 0;
    this.drawn = this.stage === "betting";
    const [long, high] = [Math.max(8000, ms * 1.08), Math.max(1, (Math.exp(RATE * ms) - 1) * 1.25)];
    const at = (t) => [16 + (t / long) * (width - 40), height - 16 - ((Math.exp(RATE * t) - 1) / high) * (height - 40)];
    pen.strokeStyle = grid;
    pen.lineWidth = 1;
    for (let n = 1; n <= 3; n += 1) {
      const y = Math.round(height - 16 - ((height - 40) * n) / 3) + 0.5;
      pen.beginPath();
      pen.moveTo(16, y);
      pen.lineTo(width - 16, y);
      pen.stroke();
    }
    if (!ms) return;
    pen.strokeStyle = over ? bust : line;
    pen.lineWidth = 4;
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(...at(0));
    for (let n = 1; n <= 60; n += 1) pen.lineTo(...at((ms * n) / 60));
    pen.stroke();
    const [x, y] = at(ms);
    pen.fillStyle = over ? bust : line;
    pen.beginPath();
    if (over) for (const [dx, dy] of [[-9, -3], [-2, -9], [3, -3], [9, 2], [2, 3], [-3, 9]]) pen.lineTo(x + dx, y + dy);
    else for (const [dx, dy] of [[0, -10], [9, 0], [0, 10], [-9, 0]]) pen.lineTo(x + dx, y + dy);
    pen.closePath();
    pen.fill();
  }

  // ---- the bet ----
  target() {
    const text = this.form.elements.auto.value.trim();
    if (!text) return 0;
    const read = hundredths(text);
    return read !== null && read >= LEAST && read <= 100000000 ? read : null;
  }

  choice() {
    const auto = this.target();
    return auto === null ? "Cash out between 1.01 and 1,000,000, or leave it empty." : { auto };
  }

  update() {
    const [target, units] = [this.target(), this.units()];
    this.querySelector("[data-profit]").textContent = target && units
      ? `Pays ${this.money((units * BigInt(target)) / 100n)} if the round gets there; about ${(9900 / target).toFixed(2)}% do.` : "";
  }

  worth() {
    const units = (toUnits(this.bet.base_stake, this.scale) * BigInt(risen(this.elapsed()))) / 100n;
    const most = toUnits(this.bet.win_max, this.scale);
    return units > most ? most : units;
  }

  label() {
    if (this.isOpen) return this.isFlying ? `Cash out ${this.money(this.worth())}` : "You are in";
    if (this.stage === "betting") return super.label();
    return this.queued ? "Next round: cancel the bet" : "Bet on the next round";
  }

  lead() { return this.isFlying ? "cash_out" : null; }
  canLeave() { return this.isOpen && this.isFlying; }

  go() {
    if (this.auto?.mode || this.isOpen || this.stage === "betting") return super.go();
    const choice = this.choice();
    if (!this.units()) return this.complain(`Enter an amount above zero, with ${this.scale} decimals at most.`);
    if (typeof choice === "string") return this.complain(choice);
    this.complain("");
    this.queued = !this.queued;
    return this.refresh();
  }

  async draw() { this.people(); }
  restore() {}
  note() {} // the strip shows rounds
  short(bet) { return shown(bet.detail.left_at || 0); }
  outcome(bet) {
    if (bet.state === "open") return `You are in with ${this.amount(bet.stake)}${bet.choice.auto ? `, out at ${shown(bet.choice.auto)}` : ""}.`;
    if (bet.state === "refunded") return "The round could not begin; your stake came back.";
    return bet.detail.left_at ? `You left at ${shown(bet.detail.left_at)}.` : `Broke off${bet.point ? ` at ${shown(bet.point)}` : ""} before you left.`;
  }

  // ---- autobet ----
  changed() { return new Promise((done) => { this.waiters.push(done); setTimeout(done, 3000); }); }
  async ready() { while (this.isConnected && this.auto.isOn && this.stage !== "betting") await this.changed(); }
  async playOn() {
    while (this.isConnected && this.isOpen && this.auto.isOn) await this.changed();
  }

  missing() { return this.target() ? "" : "Autobet needs a multiplier to cash out at."; }
}

customElements.define("x-crash", Crash);
