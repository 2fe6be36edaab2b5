// Behaviour of the shell. Everything is found by data-… attributes and delegated from the document,
// so that markup which htmx brings later works without being wired up.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// ---- navigation ----------------------------------------------------------------------------------
// Boosted links and forms replace #main only. Deciding it here and not by inherited hx-target and
// hx-select keeps ordinary hx-get elements free of both. A link inside a part that refreshes itself
// inherits the part's hx-target and is navigation all the same.

// The link or form that is opening a page. htmx forgets what it asked for when it leaves the document.
let opening = null;

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.detail.boosted) return;
  opening = event.detail.elt;
  document.documentElement.classList.add("is-navigating");
});

// What a page asks for by itself does not keep its player signed in; rounds are played by somebody.
document.addEventListener("htmx:configRequest", (event) => {
  const cause = event.detail.triggeringEvent?.type ?? "";
  if (cause.startsWith("live:") && cause !== "live:rounds") event.detail.headers["X-Unattended"] = "1";
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.boosted) return;
  opening = null;
  document.documentElement.classList.remove("is-navigating");
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event;
  if (!detail.boosted) {
    // A part that comes back now would take the link away, and with it the new page's address.
    if (opening && detail.target.contains(opening)) detail.shouldSwap = false;
    return;
  }
  if (/<main[^>]* id="main"/.test(detail.xhr.responseText)) {
    swap(detail, "#main", "outerHTML show:window:top");
    detail.selectOverride = "#main";
  } else if (detail.requestConfig.elt.closest("#dialog") && detail.xhr.responseText) {
    swap(detail, "#dialog-body", "innerHTML");
  } else if (detail.requestConfig.verb === "get") {
    // Not one of our pages (a file, the operator console): let the browser go there.
    detail.shouldSwap = false;
    location.assign(detail.xhr.responseURL || detail.pathInfo.finalRequestPath);
  }
});

function swap(detail, target, how) {
  Object.assign(detail, { target: $(target), swapOverride: how, shouldSwap: true, isError: false });
}

// With the swap and not after it: whoever has moved on meanwhile is not called back.
document.addEventListener("htmx:afterSwap", (event) => {
  if (!event.detail.boosted) return focusFirstError(event.target);
  const main = $("#main");
  markCurrent();
  closeAll();
  exitTheatre();
  main.focus({ preventScroll: true });
  focusFirstError(main);
});

document.addEventListener("htmx:afterSettle", (event) => {
  enhance(event.target);
  if (event.detail.boosted) announce(document.title);
});

document.addEventListener("htmx:historyRestore", () => {
  markCurrent();
  enhance(document);
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 429) return toast({ kind: "warning", text: "Too many tries. Wait a moment." });
  toast({ kind: "error", text: "That did not work. Nothing was changed." });
});
document.addEventListener("htmx:sendError", () => toast({ kind: "error", text: "No connection. Nothing was changed." }));

document.addEventListener("htmx:pushedIntoHistory", markCurrent);
document.addEventListener("htmx:replacedInHistory", markCurrent);

// As the template tag `here` does: the page itself, or a page below one that covers others.
function markCurrent() {
  for (const link of $$("[data-nav] a:not(.logo), .menu a, .purse a")) {
    const isPage = link.pathname === location.pathname && !link.hash;
    const isAbove = "covers" in link.dataset && location.pathname.startsWith(link.pathname);
    if (isPage || isAbove) link.setAttribute("aria-current", isPage ? "page" : "true");
    else link.removeAttribute("aria-current");
  }
  for (const input of $$("[data-here]")) input.value = location.pathname + location.search;
}

function focusFirstError(root) {
  $('[aria-invalid="true"]', root)?.focus({ preventScroll: false });
}

function announce(text) {
  $("[data-announce]").textContent = text;
}

// ---- dialogs -------------------------------------------------------------------------------------
// <a data-dialog href="…"> loads its page into #dialog; without JavaScript it is a plain link.
// Caught on the way down, before htmx boosts the link.

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog], [data-search-open]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  event.stopPropagation();
  closePopovers();
  if (link.matches("[data-search-open]")) openSearch();
  else openDialog(link.href);
}, true);

function openDialog(url) {
  htmx.ajax("GET", url, { target: "#dialog-body", swap: "innerHTML", headers: { "X-Dialog": "1" } }).then(showDialog);
}

function showDialog() {
  const dialog = $("#dialog");
  if (!$("#dialog-body").childElementCount) return;
  if (!dialog.open) dialog.showModal();
  ($("[autofocus]", dialog) || $("h1, h2", dialog))?.focus();
}

document.addEventListener("dialog:open", showDialog);
document.addEventListener("dialog:close", () => $("#dialog").close());

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) document.getElementById(opener.dataset.dialogOpen)?.showModal();
  const closer = event.target.closest("[data-dialog-close]");
  if (closer) closer.closest("dialog")?.close();
  const isOver = event.target instanceof HTMLDialogElement && event.target.open && !("firm" in event.target.dataset);
  if (isOver && outside(event, event.target)) event.target.close();
});

document.addEventListener("close", (event) => {
  // What was in it is stale by the next opening.
  if (event.target.id === "dialog") $("#dialog-body").replaceChildren();
}, true);

function outside(event, dialog) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

function closeAll() {
  for (const dialog of $$("dialog[open]:not([data-firm])")) dialog.close();
  closePopovers();
}

function closePopovers() {
  for (const menu of $$("[popover]")) if (menu.matches(":popover-open")) menu.hidePopover();
}

// ---- menus ---------------------------------------------------------------------------------------

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!(menu instanceof HTMLElement) || !menu.matches("[data-menu]")) return;
  const opener = $(`[popovertarget="${menu.id}"]`);
  opener?.setAttribute("aria-expanded", event.newState === "open");
  if (event.newState === "open" && opener) place(menu, opener);
}, true);

function place(menu, opener) {
  const at = opener.getBoundingClientRect();
  const below = at.bottom + menu.offsetHeight + 12 < innerHeight || at.top < innerHeight / 2;
  const left = Math.min(Math.max(12, at.right - menu.offsetWidth), innerWidth - menu.offsetWidth - 12);
  menu.style.setProperty("left", `${at.left + menu.offsetWidth + 12 < innerWidth && at.left < innerWidth / 2 ? Math.max(12, at.left) : left}px`);
  menu.style.setProperty("top", below ? `${at.bottom + 8}px` : "auto");
  menu.style.setProperty("bottom", below ? "auto" : `${innerHeight - at.top + 8}px`);
  menu.style.setProperty("right", "auto");
}

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("[data-menu]");
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  step($$("a, button", menu), event.key);
});

function step(items, key) {
  if (!items.length) return;
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? items.length - 1 : at - 1, Home: 0, End: items.length - 1 }[key];
  items[(next + items.length) % items.length].focus();
}

// ---- search --------------------------------------------------------------------------------------

function openSearch() {
  const dialog = $("#search");
  if (dialog.open) return;
  closeAll();
  dialog.showModal();
  const input = $("input[name=q]", dialog);
  input.select();
  htmx.trigger($("[data-search-results]", dialog), "search:open");
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches?.("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.metaKey && !event.ctrlKey && !event.altKey) {
    event.preventDefault();
    openSearch();
  }
  const search = event.target.closest?.("#search") ?? event.target.closest?.(".search-form, .search-results")?.parentElement;
  if (!search || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  step([$("input[name=q]", search), ...$$(".search-results a", search)], event.key);
});

// ---- toasts --------------------------------------------------------------------------------------

const TOAST_MS = 6000;
const TOASTS_MAX = 4;

export function toast({ kind = "info", title = "", text = "", href = "" }) {
  const list = $("[data-toasts]");
  const item = $("[data-toast-template]").content.firstElementChild.cloneNode(true);
  const known = ["info", "success", "warning", "error"].includes(kind) ? kind : "info";
  item.dataset.kind = known;
  const use = $("use", item);
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${known}`));
  const body = $("div", item);
  body.replaceChildren();
  if (title) body.append(Object.assign(document.createElement("b"), { textContent: title }));
  if (text) body.append(Object.assign(document.createElement("p"), { textContent: text }));
  if (href?.startsWith("/")) body.append(Object.assign(document.createElement("a"), { textContent: "Open", href }));
  list.append(item);
  htmx.process(item);
  while (list.childElementCount > TOASTS_MAX) list.firstElementChild.remove();
  $(known === "error" ? "[data-alert]" : "[data-announce]").textContent = [title, text].filter(Boolean).join(". ");
  if (known === "error") return;
  let timer = setTimeout(() => item.remove(), TOAST_MS);
  const hold = () => clearTimeout(timer);
  const release = () => { timer = setTimeout(() => item.remove(), TOAST_MS); };
  item.addEventListener("pointerenter", hold);
  item.addEventListener("focusin", hold);
  item.addEventListener("pointerleave", release);
  item.addEventListener("focusout", release);
}

document.addEventListener("toast", (event) => toast(event.detail));
document.addEventListener("live:signed-out", () => location.reload());
document.addEventListener("live:toast", (event) => {
  toast(event.detail);
});
document.addEventListener("live:unread", (event) => showUnread(event.detail.count));
document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest(".toast").remove());

function showUnread(count) {
  const bell = $("[data-bell]");
  if (!bell) return;
  const mark = $("[data-unread]", bell);
  mark.textContent = count > 99 ? "99+" : count || "";
  mark.hidden = !count;
  const label = count ? `Notices, ${count} new` : "Notices";
  bell.setAttribute("aria-label", label);
  bell.title = label;
}

// ---- copy, reveal, amounts, one-time things --------------------------------------------------------

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: button.dataset.copy });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const label = $("span", button);
  const before = label?.textContent;
  button.classList.add("copied");
  if (label) label.textContent = "Copied";
  const use = $("use", button);
  use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#check"));
  announce("Copied");
  setTimeout(() => {
    button.classList.remove("copied");
    if (label) label.textContent = before;
    use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#copy"));
  }, 1800);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (!button) return;
  const input = $("input", button.parentElement);
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", shown);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-amount-step]");
  if (!button) return;
  const field = button.closest("[data-amount]");
  const input = $("input", field);
  const kind = button.dataset.amountStep;
  if (kind === "max") input.value = field.dataset.max;
  else input.value = kind === "half" ? scale(input.value, 1n, 2n) : scale(input.value, 2n, 1n);
  input.dispatchEvent(new Event("input", { bubbles: true }));
});

// Exact decimal arithmetic on text: 0.1 doubled is 0.2 and nothing else.
function scale(text, times, by) {
  const match = /^(\d+)(?:[.,](\d+))?$/.exec(text.trim());
  if (!match) return text;
  const decimals = (match[2] ?? "").length;
  const extra = by > 1n && decimals < 8 ? 1 : 0;
  const units = (BigInt(match[1] + (match[2] ?? "")) * 10n ** BigInt(extra) * times) / by;
  const digits = String(units).padStart(decimals + extra + 1, "0");
  const cut = digits.length - decimals - extra;
  const fraction = digits.slice(cut).replace(/0+$/, "");
  return fraction ? `${digits.slice(0, cut)}.${fraction}` : digits.slice(0, cut);
}

document.addEventListener("input", (event) => {
  if (event.target.inputMode === "decimal") event.target.value = event.target.value.replace(",", ".");
});

document.addEventListener("submit", (event) => {
  // A second click before the answer is not a second request. The server has its key as well.
  const form = event.target;
  if (form.method !== "post" || form.dataset.sent) return form.dataset.sent && event.preventDefault();
  if (form.closest('[hx-boost="false"]')) {
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 4000);
  }
});

document.addEventListener("change", (event) => {
  if (event.target.closest("[data-submit-on-change]")) event.target.form.requestSubmit();
});

// ---- tabs in one page ------------------------------------------------------------------------------

function selectTab(tab) {
  for (const other of $$("[role=tab]", tab.closest("[data-tabs]"))) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", chosen);
    other.tabIndex = chosen ? 0 : -1;
    const panel = document.getElementById(other.getAttribute("aria-controls"));
    if (panel) panel.hidden = !chosen;
  }
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-tabs] [role=tab]");
  if (tab) selectTab(tab);
});

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[data-tabs] [role=tab]");
  if (!tab || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const tabs = $$("[role=tab]", tab.parentElement);
  const next = tabs[(tabs.indexOf(tab) + (event.key === "ArrowRight" ? 1 : -1) + tabs.length) % tabs.length];
  next.focus();
  selectTab(next);
});

// ---- shelves -------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-shelf] .arrows button");
  if (!button) return;
  const track = $(".track", button.closest("[data-shelf]"));
  const back = button === button.parentElement.firstElementChild;
  const side = getComputedStyle(track).direction === "rtl" ? -1 : 1;
  track.scrollBy({ left: (back ? -1 : 1) * side * track.clientWidth * 0.9, behavior: "smooth" });
});

document.addEventListener("scroll", (event) => {
  if (!(event.target instanceof HTMLElement)) return;
  if (event.target.matches(".track")) updateArrows(event.target);
  if (event.target.matches(".chips")) updateFade(event.target);
}, { capture: true, passive: true });

function updateArrows(track) {
  const [previous, next] = $$(".arrows button", track.closest("[data-shelf]"));
  if (!next) return;
  const at = Math.abs(track.scrollLeft);
  previous.disabled = at < 8;
  next.disabled = at + track.clientWidth > track.scrollWidth - 8;
}

function updateFade(chips) {
  chips.toggleAttribute("data-more", Math.abs(chips.scrollLeft) + chips.clientWidth < chips.scrollWidth - 8);
}

// ---- favourites ----------------------------------------------------------------------------------
// The heart turns at once and back again when the server did not agree. Without script it is a form.

document.addEventListener("click", (event) => {
  const heart = event.target.closest("[data-heart]");
  if (!heart) return;
  event.preventDefault();
  const [act, slug] = [heart.name, heart.value];
  turnHearts(slug, act === "add");
  announce(act === "add" ? "Marked as a favourite" : "No favourite any more");
  htmx.ajax("POST", heart.form.action, { source: heart, swap: "none", values: { [act]: slug } });
});

document.addEventListener("htmx:afterRequest", (event) => {
  const heart = event.detail.elt;
  if (!heart.matches("[data-heart]") || event.detail.successful) return;
  turnHearts(heart.value, heart.name === "add");
});

// What is pressed says "remove" and the other way round.
function turnHearts(slug, on) {
  for (const heart of $$("[data-heart]")) {
    if (heart.value !== slug) continue;
    heart.name = on ? "remove" : "add";
    heart.setAttribute("aria-pressed", on);
  }
}

// ---- the feed of bets ----------------------------------------------------------------------------
// It stands still while somebody reads it: under the pointer, with the focus in it, or when paused.

document.addEventListener("htmx:beforeRequest", (event) => {
  const rows = event.detail.elt;
  if (!rows.matches("[data-feed]")) return;
  const paused = $("[data-feed-pause]")?.getAttribute("aria-pressed") === "true";
  if (document.hidden || paused || rows.matches(":hover, :focus-within")) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-feed-pause]");
  button?.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
});

// ---- game page: theatre and fullscreen -------------------------------------------------------------

document.addEventListener("click", (event) => {
  const theatre = event.target.closest("[data-theatre]");
  if (theatre) {
    const on = document.documentElement.classList.toggle("is-theatre");
    theatre.setAttribute("aria-pressed", on);
  }
  if (event.target.closest("[data-fullscreen]")) {
    const stage = $("[data-stage]");
    if (document.fullscreenElement) document.exitFullscreen();
    else stage?.requestFullscreen?.().catch(() => toast({ text: "This browser keeps games in the page." }));
  }
});

function exitTheatre() {
  if (!$("[data-stage]")) document.documentElement.classList.remove("is-theatre");
}

// ---- session clock, messages ----------------------------------------------------------------------

function tick() {
  for (const clock of $$("[data-session-start]")) {
    const seconds = Math.max(0, Math.floor(Date.now() / 1000 - Number(clock.dataset.sessionStart)));
    const pad = (value) => String(value).padStart(2, "0");
    clock.textContent = `${Math.floor(seconds / 3600)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  }
}

function enhance(root) {
  for (const item of $$("[data-messages] > li", root)) {
    toast({ kind: item.dataset.kind, text: item.textContent.trim() });
    item.remove();
  }
  for (const track of $$(".track", root)) updateArrows(track);
  for (const chips of $$(".chips", root)) {
    const current = $("[aria-current]", chips);
    if (current && current.offsetLeft + current.offsetWidth > chips.clientWidth) chips.scrollLeft = current.offsetLeft - chips.offsetLeft - 14;
    updateFade(chips);
  }
  for (const segment of $$(".segment", root)) {
    const current = $("[aria-current]", segment);
    if (current && current.offsetLeft + current.offsetWidth > segment.offsetLeft + segment.clientWidth) segment.scrollLeft = current.offsetLeft - segment.offsetLeft - 14;
  }
}

if (window.Idiomorph) Idiomorph.defaults.ignoreActiveValue = true;
setInterval(tick, 1000);
tick();
enhance(document);
markCurrent();
