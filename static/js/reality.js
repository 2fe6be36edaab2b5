// The reality check lies over the game until it is answered. The server refuses bets meanwhile, so
// all that happens here is showing it; without this script the game page says where to answer.

const dialog = document.querySelector("#reality");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target !== dialog) return;
  const isAsked = dialog.querySelector("[data-check]") !== null;
  if (isAsked && !dialog.open) {
    document.exitFullscreen?.().catch(() => undefined);
    dialog.showModal();
    dialog.querySelector("h2").focus();
  }
  if (!isAsked && dialog.open) dialog.close();
  for (const input of dialog.querySelectorAll("[data-here]")) input.value = location.pathname + location.search;
});

// Escape would be no answer.
dialog?.addEventListener("cancel", (event) => event.preventDefault());
