// What is left of a payment's time. It counts from what the server said, by the browser's stopwatch:
// wall clocks differ. When it is over the block around it asks the server how things stand.

const TICK_MS = 500;

function words(seconds) {
  const hours = Math.floor(seconds / 3600);
  const minutes = String(Math.floor(seconds / 60) % 60).padStart(2, "0");
  const rest = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${minutes}:${rest}` : `${minutes}:${rest}`;
}

class TimeLeft extends HTMLElement {
  connectedCallback() {
    const seconds = Number(this.dataset.seconds);
    const began = performance.now();
    const shown = this.querySelector("[data-left]");
    const tick = () => {
      const left = Math.max(0, Math.ceil(seconds - (performance.now() - began) / 1000));
      shown.textContent = words(left);
      if (left > 0) return;
      clearInterval(this.timer);
      this.dispatchEvent(new Event("time-over", { bubbles: true }));
    };
    this.timer = setInterval(tick, TICK_MS);
    tick();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }
}

customElements.get("time-left") ?? customElements.define("time-left", TimeLeft);
