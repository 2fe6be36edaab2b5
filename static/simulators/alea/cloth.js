// The cloth: a button a spot, chips of one's own on it, marks of what others have put there.
import { make } from "./make.js";

const OUTSIDE = [["dozen1", "1st 12", 4], ["dozen2", "2nd 12", 4], ["dozen3", "3rd 12", 4], ["low", "1–18", 2], ["even", "Even", 2], ["red", "Red", 2], ["black", "Black", 2], ["odd", "Odd", 2], ["high", "19–36", 2]];

export function layCloth(cloth, fixed, press) {
  const spots = new Map();

  function spot(name, label, place = {}) {
    const button = make("button", "spot", make("span", "", label));
    button.type = "button";
    button.dataset.spot = name;
    for (const [key, value] of Object.entries(place)) {
      if (key === "tone") button.dataset.tone = value;
      else button.style[key] = value;
    }
    button.addEventListener("click", () => press(name));
    spots.set(name, button);
    cloth.append(button);
  }

  if (fixed.engine === "roulette") layRoulette(spot, new Set(fixed.red));
  else for (const [name, label] of Object.entries(fixed.spots)) spot(name, label, { tone: name });

  return {
    mine(chips) {
      for (const [name, button] of spots) {
        const label = chips.get(name);
        let chip = button.querySelector(".put");
        if (!label) {
          chip?.remove();
        } else {
          if (!chip) button.append((chip = make("i", "put")));
          chip.textContent = label;
        }
      }
    },
    others(company) {
      const counts = new Map();
      for (const one of company) for (const name of one.spots) counts.set(name, (counts.get(name) ?? 0) + 1);
      for (const [name, button] of spots) {
        const count = counts.get(name) ?? 0;
        if (count) button.dataset.others = count;
        else delete button.dataset.others;
      }
    },
    lock(isLocked) {
      cloth.toggleAttribute("data-locked", isLocked);
      for (const button of spots.values()) button.setAttribute("aria-disabled", String(isLocked));
    },
    pending(name, isPending) {
      spots.get(name)?.toggleAttribute("data-pending", isPending);
    },
    hits(names) {
      for (const [name, button] of spots) button.toggleAttribute("data-hit", names.includes(name));
    },
  };
}

function layRoulette(spot, red) {
  const tone = (number) => (number === 0 ? "green" : red.has(number) ? "red" : "black");
  const isUpright = matchMedia("(max-aspect-ratio: 4 / 5)").matches;
  if (isUpright) {
    spot("0", "0", { gridColumn: "1 / -1", tone: "green" });
    for (let number = 1; number <= 36; number += 1) spot(`${number}`, `${number}`, { tone: tone(number) });
    [1, 2, 3].forEach((column) => spot(`column${column}`, `Column ${column}`, { gridColumn: "span 2" }));
    for (const [name, label] of OUTSIDE) spot(name, label, { gridColumn: "span 2", tone: name });
    return;
  }
  spot("0", "0", { gridColumn: "1", gridRow: "1 / span 3", tone: "green" });
  for (let number = 1; number <= 36; number += 1) {
    spot(`${number}`, `${number}`, { gridColumn: `${Math.ceil(number / 3) + 1}`, gridRow: `${3 - ((number - 1) % 3)}`, tone: tone(number) });
  }
  [1, 2, 3].forEach((column) => spot(`column${column}`, "2:1", { gridColumn: "14", gridRow: `${4 - column}` }));
  let at = 2;
  OUTSIDE.forEach(([name, label, span], index) => {
    if (index === 3) at = 2;
    spot(name, label, { gridColumn: `${at} / span ${span}`, gridRow: index < 3 ? "4" : "5", tone: name });
    at += span;
  });
}
