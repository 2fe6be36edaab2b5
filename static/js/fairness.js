// Works out any bet on an original again, from what its receipt says. Scheme `pf-1`, docs/fairness.md.
// Written apart from the game code, in another language: where the two disagree, one of them is wrong.
// Nothing here asks a server.

const ONE = 10000n;
const KEPT = 9900n; // the stake less a house edge of 1 %

// Pay tables by version, in hundredths of the stake.
const TABLES = {
  1: {
    // From the middle bucket outward.
    plinko: {
    8: { low: [60, 96, 115, 180, 500], medium: [40, 69, 140, 280, 1200], high: [20, 23, 160, 450, 2600] },
    12: { low: [60, 97, 110, 130, 170, 250, 900], medium: [35, 56, 120, 200, 350, 1000, 3000], high: [20, 18, 80, 200, 800, 2200, 16000] },
    16: { low: [60, 93, 110, 120, 140, 160, 220, 700, 1500], medium: [35, 44, 100, 160, 300, 500, 900, 3800, 10000], high: [20, 22, 30, 180, 400, 900, 2600, 12000, 90000] },
  },
    wheel: {
      low: [170, 110, 130, 0, 120, 100, 130, 110, 0, 120],
      medium: [0, 190, 0, 150, 0, 200, 0, 150, 0, 300],
    },
    keno: {
    low: {
      1: [87, 135],
      2: [0, 194, 422],
      3: [0, 137, 227, 620],
      4: [0, 115, 155, 310, 1000],
      5: [0, 105, 120, 205, 500, 1900],
      6: [0, 0, 167, 240, 490, 1400, 6300],
      7: [0, 0, 138, 181, 310, 750, 2500, 10000],
      8: [0, 0, 123, 141, 225, 470, 1300, 5000, 10000],
      9: [0, 0, 112, 120, 175, 320, 780, 2500, 10000, 10000],
      10: [0, 0, 105, 108, 140, 240, 510, 1450, 5600, 10000, 10000],
    },
    medium: {
      1: [0, 396],
      2: [0, 176, 542],
      3: [0, 122, 242, 1000],
      4: [0, 0, 277, 762, 4200],
      5: [0, 0, 185, 391, 1350, 9500],
      6: [0, 0, 142, 241, 660, 2900, 25000],
      7: [0, 0, 0, 292, 652, 2200, 12000, 100000],
      8: [0, 0, 0, 211, 402, 1100, 4800, 33000, 100000],
      9: [0, 0, 0, 165, 270, 650, 2300, 12000, 100000, 100000],
      10: [0, 0, 0, 136, 200, 420, 1250, 5500, 38000, 100000, 100000],
    },
    high: {
      1: [0, 396],
      2: [0, 155, 682],
      3: [0, 0, 457, 3009],
      4: [0, 0, 225, 840, 7700],
      5: [0, 0, 0, 651, 3306, 41000],
      6: [0, 0, 0, 348, 1253, 8800, 140000],
      7: [0, 0, 0, 0, 1033, 5007, 47000, 1000000],
      8: [0, 0, 0, 0, 589, 2201, 14000, 180000, 1000000],
      9: [0, 0, 0, 0, 0, 1895, 9601, 85000, 1000000, 1000000],
      10: [0, 0, 0, 0, 0, 1049, 4304, 29000, 360000, 1000000, 1000000],
    },
  },
  },
};

const text = new TextEncoder();
const hex = (bytes) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");

export async function sha256(message) {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", text.encode(message))));
}

function keyOf(seed) {
  return crypto.subtle.importKey(
    "raw", text.encode(seed), { name: "HMAC", hash: "SHA-256" }, false, ["sign"],
  );
}

async function hmac(key, message) {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, text.encode(message)));
}

// The numbers of a round, four bytes each, big end first.
class Numbers {
  constructor(serverSeed, clientSeed, nonce) {
    Object.assign(this, { serverSeed, clientSeed, nonce, block: 0, bytes: [], drawn: [] });
  }

  async next() {
    if (this.bytes.length === 0) {
      this.key ??= await keyOf(this.serverSeed);
      this.bytes = [...(await hmac(this.key, `${this.clientSeed}:${this.nonce}:${this.block}`))];
      this.block += 1;
    }
    const number = this.bytes.splice(0, 4).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    this.drawn.push(number);
    return number;
  }

  async below(n) {
    return Number(((await this.next()) * BigInt(n)) >> 32n);
  }

  async places(of, count) {
    const left = Array.from({ length: of }, (_, place) => place);
    const found = [];
    for (let n = 0; n < count; n += 1) {
      found.push(left.splice(await this.below(left.length), 1)[0]);
    }
    return found;
  }
}

const closed = (multiplier, detail, per = ONE) => ({ multiplier, per, detail, open: false });
const opened = (multiplier, detail, per = ONE) => ({ multiplier, per, detail, open: true });

// ---- games in one step ----------------------------------------------------------------------------

async function dice(numbers, { target, over }) {
  const roll = await numbers.below(10001);
  const winning = BigInt(over ? 10000 - target : target);
  const wins = over ? roll > target : roll < target;
  return closed(wins ? (KEPT * 10001n) / winning : 0n, { roll });
}

async function limbo(numbers, { target }) {
  const k = (await numbers.next()) >> 8n;
  const risen = (KEPT * 100n * 16777216n) / (ONE * (k + 1n));
  const result = risen > 100n ? risen : 100n;
  return closed(result >= BigInt(target) ? BigInt(target) * 100n : 0n, { result: Number(result) });
}

async function plinko(numbers, { rows, risk }, _actions, table) {
  const path = [];
  for (let n = 0; n < rows; n += 1) path.push(await numbers.below(2));
  const bucket = path.reduce((sum, one) => sum + one, 0);
  const outward = table.plinko[rows][risk];
  const pays = outward[Math.floor(Math.abs(2 * bucket - rows) / 2)];
  return closed(BigInt(pays) * 100n, { path, bucket });
}

async function wheel(numbers, { segments, risk }, _actions, table) {
  const segment = await numbers.below(segments);
  const single = segment === 0 ? BigInt(segments) * KEPT : 0n;
  const lap = risk === "high" ? null : table.wheel[risk];
  return closed(lap ? BigInt(lap[segment % 10]) * 100n : single, { segment });
}

async function keno(numbers, { picks, risk }, _actions, table) {
  const drawn = (await numbers.places(40, 10)).map((place) => place + 1);
  const hits = picks.filter((one) => drawn.includes(one)).length;
  return closed(BigInt(table.keno[risk][picks.length][hits]) * 100n, { drawn, hits });
}

// ---- roulette -------------------------------------------------------------------------------------

const RED = new Set([1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36]);

function covers(spot, pocket) {
  const [name, rest] = spot.split(":");
  if (/^\d+$/.test(spot)) return Number(spot) === pocket;
  const n = Number(rest);
  const row = Math.ceil(pocket / 3); // 1 to 12, 0 for zero
  switch (name) {
    case "split": return rest.split("-").map(Number).includes(pocket);
    case "street": return rest.includes("-") ? rest.split("-").map(Number).includes(pocket) : row === n;
    case "line": return pocket > 0 && (row === n || row === n + 1);
    case "corner": return n === 0 ? pocket <= 3 : [n, n + 1, n + 3, n + 4].includes(pocket);
    case "dozen": return pocket > 0 && Math.ceil(pocket / 12) === n;
    case "column": return pocket > 0 && (pocket - n) % 3 === 0;
    case "red": return RED.has(pocket);
    case "black": return pocket > 0 && !RED.has(pocket);
    case "odd": return pocket % 2 === 1;
    case "even": return pocket > 0 && pocket % 2 === 0;
    case "low": return pocket >= 1 && pocket <= 18;
    case "high": return pocket >= 19;
    default: throw new Error(`no spot ${spot}`);
  }
}

function spotPays(spot) {
  let covered = 0;
  for (let pocket = 0; pocket <= 36; pocket += 1) covered += covers(spot, pocket) ? 1 : 0;
  return BigInt(36 / covered);
}

async function roulette(numbers, { chips }) {
  const pocket = await numbers.below(37);
  let [back, parts] = [0n, 0n];
  for (const [spot, count] of Object.entries(chips)) {
    parts += BigInt(count);
    if (covers(spot, pocket)) back += BigInt(count) * spotPays(spot);
  }
  return closed(back, { pocket }, parts);
}

// ---- games in steps -------------------------------------------------------------------------------

function choose(n, k) {
  let ways = 1n;
  for (let one = 1n; one <= BigInt(k); one += 1n) ways = (ways * (BigInt(n) - one + 1n)) / one;
  return ways;
}

async function mines(numbers, choice, actions) {
  const hidden = await numbers.places(25, choice.mines);
  const left = actions.at(-1) === "cash_out";
  const cells = actions.filter((one) => one !== "cash_out").map((one) => Number(one.slice(5)));
  const shown = { mines: [...hidden].sort((a, b) => a - b), opened: cells };
  if (cells.some((cell) => hidden.includes(cell))) return closed(0n, shown);
  const worth = cells.length
    ? (KEPT * choose(25, cells.length)) / choose(25 - choice.mines, cells.length)
    : 0n;
  return left || cells.length === 25 - choice.mines
    ? closed(worth, shown)
    : opened(worth, { opened: cells });
}

const RANKS = "23456789TJQKA";
const DECK = [...RANKS].flatMap((rank) => [..."DHSC"].map((suit) => rank + suit));
const card = async (numbers) => DECK[await numbers.below(52)];
const height = (name) => RANKS.indexOf(name[0]);

async function hilo(numbers, _choice, actions) {
  const cards = [await card(numbers)];
  let [ways, chances, guessed] = [1n, 1n, false];
  for (const action of actions.filter((one) => one !== "cash_out")) {
    const before = height(cards.at(-1));
    cards.push(await card(numbers));
    if (action === "skip") continue;
    const after = height(cards.at(-1));
    // An equal card wins, but below a two and above an ace the words mean equal or strictly.
    let [wins, many] = [after <= before, before + 1];
    if (action === "higher") [wins, many] = [after >= before, 13 - before];
    if (action === "higher" && before === 0) [wins, many] = [after > 0, 12];
    if (action === "lower" && before === 12) [wins, many] = [after < 12, 12];
    if (!wins) return closed(0n, { cards });
    [ways, chances, guessed] = [ways * 13n, chances * BigInt(many), true];
  }
  const worth = guessed ? (KEPT * ways) / chances : 0n;
  return actions.at(-1) === "cash_out" ? closed(worth, { cards }) : opened(worth, { cards });
}

const pips = (name) => (name[0] === "A" ? 1 : Math.min(10, height(name) + 2));

function count(cards) {
  const hard = cards.reduce((sum, one) => sum + pips(one), 0);
  return hard <= 11 && cards.some((one) => one[0] === "A") ? hard + 10 : hard;
}

const natural = (cards) => cards.length === 2 && count(cards) === 21;

async function blackjack(numbers, _choice, actions) {
  const hands = [{ cards: [await card(numbers), await card(numbers)], parts: 1, done: false }];
  const dealer = [await card(numbers), await card(numbers)];
  const show = (cards) => ({
    hands: hands.map(({ cards: its, parts }) => ({ cards: its, parts })),
    dealer: cards,
    parts: hands.reduce((sum, hand) => sum + hand.parts, 0),
  });
  if (natural(hands[0].cards) || natural(dealer)) {
    let back = natural(hands[0].cards) ? 25000n : 0n;
    if (back && natural(dealer)) back = ONE;
    return closed(back, show(dealer));
  }
  for (const action of actions) {
    const hand = hands.find((one) => !one.done);
    if (action === "stand") hand.done = true;
    if (action === "hit" || action === "double") hand.cards.push(await card(numbers));
    if (action === "double") Object.assign(hand, { parts: 2, done: true });
    if (action === "split") {
      const other = { cards: [hand.cards.pop()], parts: 1, done: false };
      hands.push(other);
      hand.cards.push(await card(numbers));
      other.cards.push(await card(numbers));
      hand.done = other.done = hand.cards[0][0] === "A";
    }
    for (const one of hands) one.done ||= count(one.cards) >= 21;
  }
  if (hands.some((hand) => !hand.done)) return opened(0n, show(dealer.slice(0, 1)));
  if (hands.some((hand) => count(hand.cards) <= 21)) {
    while (count(dealer) < 17) dealer.push(await card(numbers));
  }
  const against = count(dealer);
  let back = 0n;
  for (const hand of hands) {
    const its = count(hand.cards);
    if (its > 21) continue;
    if (against > 21 || its > against) back += 2n * ONE * BigInt(hand.parts);
    else if (its === against) back += ONE * BigInt(hand.parts);
  }
  return closed(back, show(dealer));
}

// ---- crash ----------------------------------------------------------------------------------------

// No numbers of a pair: the link of the round is the key, and the salt of the chain the message.
async function crash(numbers, { auto }, actions) {
  const point = await crashPoint(numbers.serverSeed, numbers.clientSeed);
  numbers.drawn.push(point);
  const [kind, said] = (actions[0] ?? "").split(":");
  let left = auto && BigInt(auto) <= point ? BigInt(auto) : 0n;
  if (said !== undefined) {
    left = BigInt(said);
    if (left < 101n || left > point || (kind === "auto" && left !== BigInt(auto))) throw new Error(`No bet can have left at ${said}: the round ended at ${point} hundredths.`);
  }
  return closed(left * 100n, { left_at: Number(left) });
}

const GAMES = { crash, dice, limbo, plinko, wheel, keno, roulette, mines, hilo, blackjack };

// ---- what pages call ------------------------------------------------------------------------------

// A bet: { game, table_version, choice, actions, server_seed, client_seed, nonce }.
// Gives { multiplier, per, detail, open, numbers }: what comes back is multiplier / per of the base stake.
export async function resolve(bet) {
  const numbers = new Numbers(bet.server_seed, bet.client_seed, bet.nonce);
  const table = TABLES[bet.table_version];
  if (!GAMES[bet.game] || !table) throw new Error("This verifier does not know this game or table.");
  const outcome = await GAMES[bet.game](numbers, bet.choice, bet.actions ?? [], table);
  return { ...outcome, numbers: numbers.drawn };
}

// Smallest units that a base stake of `units` gets back, at most `cap`. All BigInt.
export function pays(outcome, units, cap) {
  const back = (units * outcome.multiplier) / outcome.per;
  return cap !== undefined && back > cap ? cap : back;
}

// Crash: { link, salt } gives the point in hundredths; { link, steps } walks back to the published h_0.
export async function crashPoint(link, salt) {
  const bytes = (await hmac(await keyOf(link), salt)).slice(0, 4);
  const n = [...bytes].reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const point = (KEPT * 4294967296n) / (100n * (n + 1n));
  return point > 100n ? point : 100n;
}

export async function walkBack(link, steps) {
  let at = link;
  for (let n = 0; n < steps; n += 1) at = await sha256(at);
  return at;
}
