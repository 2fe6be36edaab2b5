import { pays, resolve, sha256, walkBack } from "../fairness.js";

// Checks a bet step by step and shows the numbers. Also part of the file that works without a server.

const LINKS_MAX = 20000;

// Accepts what the site hands out: a signed receipt, or the plain proof of a bet.
function flatten(read) {
  if (read === null || typeof read !== "object" || Array.isArray(read)) throw new Error("This is not a receipt or a proof.");
  const proof = read.receipt ?? read;
  const bet = { ...proof, server_seed: read.server_seed || proof.server_seed || "" };
  for (const name of ["game", "table_version", "choice", "client_seed", "nonce", "commitment"]) {
    if (bet[name] === undefined) throw new Error(`The receipt lacks "${name}".`);
  }
  return bet;
}

function unitsOf(text, scale) {
  const [whole, decimals = ""] = String(text).split(".");
  return BigInt(whole + decimals.padEnd(scale, "0"));
}

function majorOf(units, scale) {
  const digits = String(units).padStart(scale + 1, "0");
  return scale ? `${digits.slice(0, -scale)}.${digits.slice(-scale)}` : digits;
}

// The same keys in another order are the same thing; the verifier leaves out what only guides a page.
function same(told, known) {
  const plain = (value) => JSON.stringify(value, (_key, one) => (one && typeof one === "object" && !Array.isArray(one)
    ? Object.fromEntries(Object.entries(one).filter(([name]) => name !== "may" && name !== "at").sort())
    : one));
  return plain(told) === plain(known);
}

// A receipt's signature is over a line of purpose and the receipt as JSON with sorted keys.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && typeof value === "object") {
    return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const bytesOf = (text) => new Uint8Array((text.match(/../g) ?? []).map((one) => parseInt(one, 16)));

async function signature(read) {
  if (!read.receipt || !read.signature || !read.public_key) return null;
  const name = "Signature";
  let key;
  try {
    key = await crypto.subtle.importKey("raw", bytesOf(read.public_key), { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return { name, passed: null, said: "This browser cannot check Ed25519 signatures; the command verify_bet can." };
  }
  const message = new TextEncoder().encode(`originals-bet\n${canonical(read.receipt)}`);
  const genuine = await crypto.subtle.verify({ name: "Ed25519" }, key, bytesOf(read.signature), message);
  const said = genuine
    ? `Signed with key ${read.key_id}, ${read.public_key}. Compare it with the key we publish.`
    : "The signature does not fit: this receipt was changed after it was signed.";
  return { name, passed: genuine, said };
}

export async function verify(read) {
  const bet = flatten(read);
  const signed = await signature(read);
  const steps = signed ? [signed] : [];
  if (!bet.server_seed) {
    const when = bet.game === "crash" ? "Wait for the end of the round" : "Rotate the pair";
    steps.push({ name: "Seal", passed: null, said: `The seed is still sealed. Promised is ${bet.commitment}. ${when}, then check again.` });
    return { verdict: signed?.passed === false ? "mismatch" : "sealed", steps };
  }
  const hash = await sha256(bet.server_seed);
  steps.push({ name: "Promise", passed: hash === bet.commitment, said: `SHA-256 of ${bet.server_seed} is ${hash}; promised was ${bet.commitment}.` });
  const outcome = await resolve(bet);
  const drawn = outcome.numbers.map(String).join(", ");
  if (bet.game === "crash") steps.push(...(await chained(bet, outcome)));
  else steps.push({ name: "Numbers", passed: true, said: `HMAC-SHA-256 with the seed as key, over ${bet.client_seed}:${bet.nonce}:0 and on, gives ${drawn}.` });
  const told = JSON.stringify(outcome.detail);
  const known = bet.detail === undefined ? null : same(outcome.detail, bet.detail);
  steps.push({ name: "Result", passed: known, said: known === false ? `The numbers make ${told}; the receipt says ${JSON.stringify(bet.detail)}.` : `The numbers make ${told}.` });
  if (bet.base_stake !== undefined && bet.state !== "refunded") {
    const scale = (String(bet.base_stake).split(".")[1] ?? "").length;
    const cap = bet.win_max === undefined ? undefined : unitsOf(bet.win_max, scale);
    const due = outcome.open ? 0n : pays(outcome, unitsOf(bet.base_stake, scale), cap);
    steps.push({
      name: "Payout", passed: due === unitsOf(bet.payout, scale),
      said: `${bet.base_stake} times ${outcome.multiplier}/${outcome.per}${cap === undefined ? "" : `, at most ${bet.win_max}`}, is ${majorOf(due, scale)} ${bet.currency}; paid was ${bet.payout} ${bet.currency}.`,
    });
  }
  return { verdict: steps.some((one) => one.passed === false) ? "mismatch" : "verified", steps };
}

// The link leads back to what was published before the salt, and makes the point.
async function chained(bet, outcome) {
  const steps = [];
  if (bet.nonce > LINKS_MAX) {
    steps.push({ name: "Chain", passed: null, said: `The published beginning lies ${bet.nonce} steps back, which takes this browser long; the command verify_bet does it in a second.` });
  } else if (bet.chain) {
    const first = await walkBack(bet.server_seed, bet.nonce);
    steps.push({ name: "Chain", passed: first === bet.chain, said: `${bet.nonce} steps back lies ${first}; published was ${bet.chain}.` });
  }
  const point = Number(outcome.numbers[0]);
  const passed = bet.point === undefined ? true : bet.point === point;
  steps.push({ name: "Point", passed, said: `HMAC-SHA-256 with the link as key, over the salt, ends the round at ${(point / 100).toFixed(2)}${passed ? "" : `; it says ${(bet.point / 100).toFixed(2)}`}.` });
  return steps;
}

const VERDICTS = {
  verified: "Verified: the seed is the promised one, and it makes exactly this result.",
  sealed: "Sealed: the result can be checked once the seed is revealed.",
  mismatch: "Mismatch: this does not fit together. Do not rely on it.",
};

class Verifier extends HTMLElement {
  connectedCallback() {
    if (this.form) return;
    this.form = this.querySelector("[data-verify]");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.check(this.form.elements.text.value.trim());
    });
    if (this.dataset.wanted) {
      this.form.elements.text.value = this.dataset.wanted;
      this.check(this.dataset.wanted);
    }
  }

  async check(text) {
    let found = null;
    try {
      found = await verify(await this.read(text));
    } catch (error) {
      this.show("none", error instanceof SyntaxError ? "This is not JSON. Paste the whole receipt." : `This cannot be checked. ${error.message}`, []);
      return;
    }
    this.show(found.verdict, VERDICTS[found.verdict], found.steps);
  }

  async read(text) {
    if (!this.dataset.receipts || !/^bet_[A-Za-z0-9_-]{1,40}$/.test(text)) return JSON.parse(text);
    const answer = await fetch(`${this.dataset.receipts}${text}/receipt.json`);
    if (!answer.ok) throw new Error("There is no such bet.");
    return answer.json();
  }

  show(verdict, text, steps) {
    const place = this.querySelector("[data-verdict]");
    place.dataset.verdict = verdict;
    place.textContent = text;
    this.querySelector("[data-steps]").replaceChildren(...steps.map((step) => {
      const item = document.createElement("li");
      item.dataset.passed = { true: "yes", false: "no" }[step.passed] ?? "unknown";
      const word = { true: "right", false: "wrong" }[step.passed] ?? "open";
      const name = Object.assign(document.createElement("b"), { textContent: `${step.name}: ${word}` });
      const said = Object.assign(document.createElement("small"), { textContent: step.said });
      item.append(name, said);
      return item;
    }));
  }
}

customElements.define("x-verifier", Verifier);

// All bets of a revealed pair, one after the other: how many agree, and which do not.
class Bulk extends HTMLElement {
  connectedCallback() {
    this.querySelector("button")?.addEventListener("click", () => this.check());
  }

  async check() {
    const [button, place] = [this.querySelector("button"), this.querySelector("[data-bulk]")];
    button.disabled = true;
    const tell = (text, verdict = "") => { place.textContent = text; place.dataset.verdict = verdict; };
    try {
      const [wrong, nonces] = [[], new Set()];
      let [total, agreed, next] = [0, 0, 0];
      while (next !== null) {
        const answer = await fetch(`${this.dataset.pair}?from=${next}`, { credentials: "same-origin" });
        if (!answer.ok) throw new Error("These bets cannot be read.");
        const page = await answer.json();
        total = page.count;
        for (const bet of page.bets) {
          const one = await verify({ ...bet, server_seed: page.server_seed, commitment: page.commitment, client_seed: page.client_seed }).catch(() => ({ verdict: "mismatch" }));
          nonces.add(bet.nonce);
          if (one.verdict === "verified") agreed += 1;
          else wrong.push(bet.bet);
        }
        next = page.next;
        tell(`${nonces.size} of ${total} checked.`);
      }
      const missing = Array.from({ length: total }, (_, nonce) => nonce).filter((nonce) => !nonces.has(nonce));
      if (!wrong.length && !missing.length) return tell(`All ${total} bets agree, and no number is missing.`, "verified");
      const parts = [`${agreed} of ${total} bets agree.`];
      if (wrong.length) parts.push(`Not: ${wrong.slice(0, 10).join(", ")}${wrong.length > 10 ? " and more" : ""}.`);
      if (missing.length) parts.push(`${missing.length} numbers are missing, from ${missing[0]} on.`);
      return tell(parts.join(" "), "mismatch");
    } catch (error) {
      return tell(error.message, "none");
    } finally {
      button.disabled = false;
    }
  }
}

customElements.define("x-bulk", Bulk);
