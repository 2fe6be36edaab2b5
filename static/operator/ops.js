// Keys of the queues: J and K move, E opens, A approves, R rejects, ? shows help.
(() => {
  const typing = (event) =>
    event.ctrlKey || event.metaKey || event.altKey ||
    event.target.closest("input, textarea, select, [contenteditable]");

  const rows = () => [...document.querySelectorAll("[data-ops-row]")];
  const selected = () => document.querySelector('[data-ops-row][aria-selected="true"]');

  const select = (row) => {
    for (const other of rows()) other.setAttribute("aria-selected", String(other === row));
    row.querySelector("a").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(selected());
    select(all[Math.min(all.length - 1, Math.max(0, at + step))]);
  };

  const go = (name) => {
    const scope = selected() || document;
    const link = scope.querySelector(`[data-ops-key="${name}"]`);
    if (link) link.click();
  };

  const help = () => {
    const dialog = document.querySelector("[data-ops-help]");
    if (dialog) dialog.open ? dialog.close() : dialog.showModal();
  };

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    e: () => go("open"),
    a: () => go("approve"),
    r: () => go("reject"),
    "?": help,
  };

  document.addEventListener("keydown", (event) => {
    if (typing(event) || document.querySelector("dialog[open]:not([data-ops-help])")) return;
    const act = keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // The page is hidden until Alpine has run, so the browser cannot focus a field by itself.
  const focusFirst = () => {
    const field =
      document.querySelector('.ops-form [aria-invalid="true"]') ||
      document.querySelector(".ops-form [autofocus]");
    if (field) field.focus();
  };
  document.addEventListener("alpine:initialized", () => setTimeout(focusFirst));
})();
