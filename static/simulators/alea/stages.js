// What turns, falls and is dealt. Each stage: show(what, ms) plays it, settle ends it, rest clears it.
import { draw, isCalm, make, wait } from "./make.js";

const point = (radius, degrees) => {
  const turn = ((degrees - 90) * Math.PI) / 180;
  return `${(radius * Math.cos(turn)).toFixed(2)} ${(radius * Math.sin(turn)).toFixed(2)}`;
};

// A wheel of pockets: the ball's ring turns until its pocket stands under the mark.
export function wheel(stage, fixed) {
  const isRoulette = fixed.engine === "roulette";
  const red = new Set(fixed.red);
  const labels = isRoulette ? fixed.pockets.map(String) : fixed.segments;
  const step = 360 / labels.length;
  const tone = (label) => (isRoulette ? (label === "0" ? "green" : red.has(Number(label)) ? "red" : "black") : `s${label}`);
  const ring = draw("g", { class: "ring" });
  labels.forEach((label, index) => {
    const from = index * step, to = from + step;
    const wedge = draw("path", { class: "wedge", d: `M ${point(98, from)} A 98 98 0 0 1 ${point(98, to)} L ${point(60, to)} A 60 60 0 0 0 ${point(60, from)} Z` });
    wedge.dataset.tone = tone(label);
    const word = draw("text", { class: "pocket", transform: `rotate(${from + step / 2}) translate(0 -84)`, "text-anchor": "middle" }, label);
    ring.append(wedge, word);
  });
  const hub = draw("g", { class: "hub" }, draw("circle", { r: 59, class: "bowl" }), draw("circle", { r: 44, class: "rim" }));
  for (let arm = 0; arm < 8; arm += 1) hub.append(draw("path", { class: "arm", d: "M -3 -42 L 3 -42 L 1.500 -12 L -1.500 -12 Z", transform: `rotate(${arm * 45})` }));
  const called = draw("text", { class: "called", y: 9, "text-anchor": "middle" });
  const ball = draw("circle", { class: "ball", r: 4.500, cy: -68 });
  const svg = draw("svg", { viewBox: "-106 -112 212 220", role: "img", "aria-label": "The wheel" }, draw("circle", { r: 104, class: "frame" }), ring, hub, called);
  svg.append(isRoulette ? ball : draw("path", { class: "mark", d: "M -7 -112 L 7 -112 L 0 -94 Z" }));
  stage.append(svg);
  let turned = 0;

  function aim(index, ms) {
    const still = (360 - (index + 0.5) * step) % 360;
    const turns = ms ? 3 : 0;
    turned = Math.ceil(turned / 360) * 360 + turns * 360 + still;
    ring.style.transition = ms && !isCalm() ? `transform ${ms}ms cubic-bezier(.12, .65, .1, 1)` : "none";
    ring.style.transform = `rotate(${turned}deg)`;
    hub.style.transition = ring.style.transition;
    hub.style.transform = `rotate(${turned * 0.6}deg)`;
    ball.style.transition = ms && !isCalm() ? `transform ${ms}ms cubic-bezier(.1, .6, .2, 1)` : "none";
    ball.style.transform = `rotate(${Math.round(turned / 360) * -360}deg)`;
  }

  const index = (what) => (isRoulette ? labels.indexOf(String(what.number)) : what.pocket);
  return {
    async show(what, ms) {
      called.textContent = "";
      svg.removeAttribute("data-fell");
      aim(index(what), ms);
      await wait(ms);
    },
    settle(what) {
      called.textContent = isRoulette ? what.number : what.label;
      svg.dataset.fell = isRoulette ? what.colour : `s${what.label}`;
    },
    rest() {
      called.textContent = "";
      svg.removeAttribute("data-fell");
    },
    words: (what) => (isRoulette ? `${what.number} ${what.colour}` : `The wheel stops at ${what.label}`),
  };
}

const SUITS = ["♠", "♥", "♦", "♣"];

// Two hands of cards that are dealt in turn and opened.
export function cards(stage) {
  const board = make("div", "hands");
  stage.append(board);
  let run = 0;

  function hand(name) {
    const row = make("div", "cards"), total = make("output", "total");
    return { element: make("div", "hand", make("h2", "", name), row, total), row, total };
  }

  function card({ rank, suit }) {
    const face = make("span", "face", make("b", "", rank), make("i", "", SUITS[suit]));
    face.toggleAttribute("data-red", suit === 1 || suit === 2);
    const made = make("span", "card", make("span", "back"), face);
    made.setAttribute("role", "img");
    made.setAttribute("aria-label", `${rank} ${SUITS[suit]}`);
    return made;
  }

  function rest() {
    run += 1;
    const names = { baccarat: ["Player", "Banker"], dragon_tiger: ["Dragon", "Tiger"] }[document.body.dataset.engine];
    board.replaceChildren(...names.map((name) => hand(name).element));
  }
  rest();

  return {
    rest,
    async show(what, ms) {
      const mine = ++run;
      const hands = what.hands.map((one) => hand(one.name));
      board.replaceChildren(...hands.map((one) => one.element));
      const order = [0, 1, 2].flatMap((place) => what.hands.map((one, side) => [one.cards[place], side])).filter(([dealt]) => dealt);
      for (const [dealt, side] of order) {
        const made = card(dealt);
        hands[side].row.append(made);
        await wait((ms * 0.35) / order.length);
        made.dataset.open = "";
        await wait((ms * 0.5) / order.length);
        if (mine !== run) return;
      }
      hands.forEach((one, side) => (one.total.textContent = what.hands[side].total));
    },
    settle(what) {
      [...board.children].forEach((element, side) => {
        const name = what.hands[side].name.toLowerCase();
        element.toggleAttribute("data-won", Boolean(document.querySelector(`[data-spot="${name}"][data-hit]`)));
        element.querySelectorAll(".card").forEach((one) => (one.dataset.open = ""));
      });
    },
    words: (_what, name) => ({ P: "Player wins", B: "Banker wins", T: document.body.dataset.engine === "baccarat" ? "A tie" : "Tiger wins", D: "Dragon wins", "=": "A tie" })[name] ?? name,
  };
}

const PIPS = { 1: [4], 2: [0, 8], 3: [0, 4, 8], 4: [0, 2, 6, 8], 5: [0, 2, 4, 6, 8], 6: [0, 2, 3, 5, 6, 8] };

// Three dice under a glass.
export function dice(stage) {
  const bowl = make("div", "glass");
  const made = [0, 1, 2].map(() => make("span", "die", ...Array.from({ length: 9 }, () => make("i"))));
  bowl.append(...made);
  stage.append(bowl);
  let run = 0;

  function face(die, value) {
    [...die.children].forEach((pip, place) => pip.toggleAttribute("data-on", PIPS[value].includes(place)));
  }
  made.forEach((die, place) => face(die, place + 1));

  return {
    rest() {
      run += 1;
      bowl.removeAttribute("data-shaken");
    },
    async show(what, ms) {
      const mine = ++run;
      bowl.dataset.shaken = "";
      for (let turn = 0; ms && turn < 12; turn += 1) {
        made.forEach((die) => face(die, 1 + Math.floor(Math.random() * 6)));
        await wait(ms / 12);
        if (mine !== run) return;
      }
      made.forEach((die, place) => face(die, what.dice[place]));
      bowl.removeAttribute("data-shaken");
    },
    settle(what) {
      made.forEach((die, place) => face(die, what.dice[place]));
      bowl.removeAttribute("data-shaken");
    },
    words: (what) => `${what.dice.join(", ")}: ${what.dice.reduce((sum, one) => sum + one)}`,
  };
}
