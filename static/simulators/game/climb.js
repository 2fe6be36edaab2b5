// Choose a height, watch how far the climb gets.
import { facts, make, still, wait } from "./dom.js";

const times = (cents) => `${(cents / 100).toFixed(2)}×`;
const RIDGE = "M0 100 C30 98 55 80 100 8";

function ridge(className, path) {
  const holder = make("template");
  holder.innerHTML = `<svg class="${className}" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">${path}</svg>`;
  return holder.content.firstElementChild;
}

export function createClimb(stage, state) {
  const { machine } = state;
  const height = make("p", "height", "1.00×"), value = make("output", "", "2.00×"), range = make("input");
  Object.assign(range, { type: "range", min: 0, max: 100, step: 1, ariaLabel: "Height to reach" });
  range.value = 30;
  const box = make("div", "climb");
  box.append(ridge("k", `<path class="k" opacity=".4" d="${RIDGE}V100Z"/>`), ridge("way", `<path fill="none" stroke="currentColor" stroke-width="5" stroke-linecap="round" vector-effect="non-scaling-stroke" d="${RIDGE}"/>`));
  box.append(height, make("label", "aim", make("span", "", "Reach"), range, value));
  stage.append(make("div", "frame", box));
  const way = box.querySelector(".way");

  // The slider is logarithmic: half of it is for the heights people choose.
  const target = () => {
    const low = machine.target_cents_min, high = machine.target_cents_max;
    const raw = low * (high / low) ** (range.value / 100);
    return Math.round(raw < 1000 ? raw / 5 : raw / 100) * (raw < 1000 ? 5 : 100);
  };
  const draw = () => (value.textContent = times(target()));
  const cover = (share) => {
    way.style.clipPath = `inset(0 ${100 - share * 100}% 0 0)`;
  };
  range.addEventListener("input", draw);
  draw();
  cover(0);

  function begin() {
    height.removeAttribute("data-reached");
    height.removeAttribute("data-missed");
    height.textContent = "1.00×";
    cover(0);
    range.disabled = true;
  }

  async function show({ show: { reached_cents: reached, target_cents: aimed } }) {
    const end = Math.log(reached / 100), last = Math.min(1, end / Math.log(20) + 0.04);
    const duration = still() ? 0 : Math.min(1900, 500 + end * 600), begun = performance.now();
    for (let share = 0; share < 1; ) {
      share = duration ? Math.min(1, (performance.now() - begun) / duration) : 1;
      height.textContent = times(Math.exp(end * share) * 100);
      cover(last * share);
      await new Promise(requestAnimationFrame);
    }
    height.textContent = times(reached);
    height.toggleAttribute(reached >= aimed ? "data-reached" : "data-missed", true);
    range.disabled = false;
    await wait(200);
  }

  function cancel() {
    begin();
    range.disabled = false;
  }

  function explain(body) {
    body.append(
      facts([["Return to player", `${machine.payout} %`]]),
      make("p", "", "Choose the height before you start. If the climb gets at least that far, the stake is paid times the height; the chance is the return to player divided by the height."),
    );
  }

  return { begin, show, cancel, explain, choice: () => ({ target_cents: target() }), words: (result) => `It stopped at ${times(result.show.reached_cents)}`, welcome: "Choose how high" };
}
