// Nine fields under foil; three alike pay.
import { drawing, facts, make, wait } from "./dom.js";

export function createScratch(stage, state) {
  const { machine } = state;
  const fields = Array.from({ length: 9 }, () => make("div", "field"));
  const card = make("div", "foil", ...fields);
  stage.append(make("div", "frame", card));

  function begin() {
    delete card.dataset.marked;
    fields.forEach((field) => {
      delete field.dataset.open;
      delete field.dataset.hit;
    });
  }

  async function show({ show: { fields: symbols, prize } }) {
    await wait(420);
    for (const [index, field] of fields.entries()) {
      field.replaceChildren(drawing(machine.drawings[symbols[index]]));
      field.dataset.open = "";
      await wait(150);
    }
    await wait(380);
    if (!prize) return;
    const won = machine.prizes.find((one) => one.times === prize).symbol;
    card.dataset.marked = "";
    fields.forEach((field, index) => symbols[index] === won && (field.dataset.hit = ""));
  }

  function explain(body) {
    const pays = make("ul", "pays");
    for (const { times, symbol } of machine.prizes) {
      pays.append(make("li", "", drawing(machine.drawings[symbol]), make("b", "", `${times}×`)));
    }
    body.append(facts([["Return to player", `${machine.payout} %`]]), make("p", "", "Three alike pay the stake times the number beside them."), pays);
  }

  return { begin, show, cancel: begin, explain, welcome: "Three alike win" };
}
