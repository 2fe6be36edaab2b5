// Marks the page one is on, and refreshes lists while something on them is still moving.
const here = location.pathname;
document.querySelectorAll(".tabs a").forEach((link) => {
  if (link.pathname === here) link.setAttribute("aria-current", "page");
});

const moving = document.querySelector('[data-state="not_confirmed"], [data-state="processing"]');
if (moving) {
  setInterval(() => {
    const busy = document.querySelector("input:focus, select:focus, details[open]");
    if (!busy && !document.hidden) location.replace(location.pathname);
  }, 2000);
}
