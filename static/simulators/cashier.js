// The simulated cashier's voice: messages to the page around it, as the vendor's frame sends them.
// They go to the origin that the bootstrapper named, and to nobody else.

const { host, event: name, payload } = document.body.dataset;

function tell(eventType, data = {}) {
  if (host && parent !== window) parent.postMessage({ eventType, payload: data }, host);
}

function tellHeight() {
  // The body's own height: the document is never lower than the frame it stands in.
  const { height } = document.body.getBoundingClientRect();
  tell("APP_SET_HEIGHT", { height: Math.max(320, Math.ceil(height)) });
}

function speak() {
  tell("CASHIER_BOOT_REQUEST");
  tell("CASHIER_INIT_LOAD", { majorVersion: "v3" });
  tell("DONE_LOADING");
  if (name) tell(name, payload ? JSON.parse(payload) : {});
  tellHeight();
}

// The page around it listens from the moment this one has loaded, and not before.
addEventListener("load", () => setTimeout(speak, 100));
addEventListener("resize", tellHeight);

for (const link of document.querySelectorAll(".methods a")) {
  link.addEventListener("click", () => tell("SELECTED_TX_METHOD", { method: link.textContent.trim() }));
}
for (const button of document.querySelectorAll("[data-amount]")) {
  button.addEventListener("click", () => {
    const input = document.querySelector("#amount");
    input.value = button.dataset.amount;
    input.focus();
    tell("PAYMENT_AMOUNT_CHANGE", { amount: input.value });
  });
}
document.addEventListener("submit", () => {
  tell("IS_LOADING");
  // After the submit has taken the pressed button's value.
  setTimeout(() => document.querySelectorAll("button").forEach((button) => (button.disabled = true)));
});

// What is still open looks again by itself.
const open = document.querySelector("[data-again]");
if (open) setTimeout(() => location.replace(open.dataset.again), 2500);
