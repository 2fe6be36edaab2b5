// The clock of a quote. It counts from what the server said was left, by the browser's stopwatch:
// wall clocks differ. The server decides; this only shows when it would say no.

const TICK_MS = 200;

function run(panel) {
  if (panel.dataset.running) return;
  panel.dataset.running = "1";
  const seconds = Number(panel.dataset.seconds);
  const began = performance.now();
  const show = (selector, left) => {
    for (const part of panel.querySelectorAll(selector)) part.hidden = !left;
  };
  const tick = () => {
    if (!panel.isConnected) return;
    const left = Math.max(0, seconds - (performance.now() - began) / 1000);
    panel.querySelector("[data-quote-left]").textContent = Math.ceil(left);
    panel.querySelector("[data-quote-bar]").value = left;
    if (left > 0) return setTimeout(tick, TICK_MS);
    const hadFocus = panel.querySelector("[data-quote-open]:focus-within");
    show("[data-quote-open]", false);
    show("[data-quote-over]", true);
    if (hadFocus) panel.querySelector("[data-quote-over] button").focus();
    document.querySelector("[data-announce]").textContent = "The quote has expired.";
  };
  if (seconds > 0) tick();
}

function start(root) {
  for (const panel of root.querySelectorAll("[data-quote]")) run(panel);
}

start(document);
document.addEventListener("htmx:afterSettle", () => start(document));
