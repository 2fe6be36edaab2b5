// One socket per tab. Frames are {"stream", "seq", "data"}; losing one loses nothing, because every
// connection starts with the current state and pages refetch what they show.

const RETRY_MS = 1000;
const RETRY_MAX_MS = 30000;
const PING_MS = 25000;
const NOTICE_KEY = "notice-seen";

class LiveSocket extends HTMLElement {
  connectedCallback() {
    this.tries = 0;
    this.seen = new Map();
    this.closing = false;
    this.online = () => this.connect();
    addEventListener("online", this.online);
    addEventListener("offline", () => this.show("lost"));
    addEventListener("pagehide", () => this.disconnectedCallback());
    addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      this.closing = false;
      this.connect();
    });
    this.connect();
  }

  disconnectedCallback() {
    this.closing = true;
    clearTimeout(this.retry);
    clearInterval(this.ping);
    removeEventListener("online", this.online);
    this.socket?.close();
  }

  connect() {
    if (this.socket && this.socket.readyState < WebSocket.CLOSING) return;
    clearTimeout(this.retry);
    const url = new URL(this.dataset.url, location.href);
    // The last notice that was shown; what came after it is sent again.
    const since = this.seen.get("toast") ?? sessionStorage.getItem(NOTICE_KEY);
    if (since) url.searchParams.set("since", since);
    url.protocol = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.addEventListener("open", () => this.opened());
    socket.addEventListener("message", (event) => this.received(event.data));
    socket.addEventListener("close", (event) => this.closed(event));
  }

  opened() {
    const wasLost = this.getAttribute("state") === "lost";
    this.tries = 0;
    // A new connection counts from the beginning, apart from notices, which are numbered for ever.
    for (const stream of this.seen.keys()) if (stream !== "toast") this.seen.delete(stream);
    this.show("open");
    if (this.watched) this.watch(this.watched);
    clearInterval(this.ping);
    this.ping = setInterval(() => this.socket.readyState === WebSocket.OPEN && this.socket.send('{"ping":1}'), PING_MS);
    if (wasLost) document.body.dispatchEvent(new CustomEvent("live:reconnected", { bubbles: true }));
  }

  // The public stream that the page shows, one at a time; "" for none.
  watch(stream) {
    this.watched = stream;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ watch: stream }));
  }

  closed(event) {
    clearInterval(this.ping);
    if (this.closing) return;
    // 4401: signed out elsewhere. The next click shows the log-in page; retrying would never help.
    if (event.code === 4401) return this.show("refused");
    this.tries += 1;
    const wait = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(this.tries - 1, 6));
    this.retry = setTimeout(() => this.connect(), wait / 2 + Math.random() * (wait / 2));
    if (this.tries > 1 || !navigator.onLine) this.show("lost");
  }

  received(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    const { stream, seq, data } = frame;
    if (typeof stream !== "string") return;
    if (typeof seq === "number" && stream !== "balance") {
      if (seq <= (this.seen.get(stream) ?? -1)) return;
      this.seen.set(stream, seq);
      if (stream === "toast") sessionStorage.setItem(NOTICE_KEY, seq);
    }
    if (stream === "balance") for (const balance of Array.isArray(data) ? data : [data]) setBalance(balance);
    document.body.dispatchEvent(new CustomEvent(`live:${stream}`, { bubbles: true, detail: data }));
  }

  show(state) {
    this.setAttribute("state", state);
    const banner = document.querySelector("[data-offline]");
    if (banner) banner.hidden = state !== "lost";
    document.documentElement.toggleAttribute("data-lost", state === "lost");
  }
}

// The server's word, in the server's order: an older version never replaces a newer one.
function setBalance({ currency, amount, version }) {
  for (const element of document.querySelectorAll(`[data-balance="${CSS.escape(currency)}"]`)) {
    if (Number(version) <= Number(element.dataset.version || -1)) continue;
    element.dataset.version = version;
    const shown = grouped(amount, Number(element.dataset.decimals ?? 8));
    (element.querySelector(":scope > b") ?? element).textContent = shown;
    element.title = `${amount} ${currency}`;
    if (element instanceof HTMLDataElement) element.value = amount;
  }
}

// "1234.5678", 2 -> "1,234.56": cut, never rounded up.
function grouped(exact, decimals) {
  const [, minus, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(exact) ?? [];
  if (whole === undefined) return exact;
  const number = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const cut = decimals ? `.${fraction.slice(0, decimals).padEnd(decimals, "0")}` : "";
  return `${minus ? "\u2212" : ""}${number}${cut}`;
}

// Money buttons wait while the connection is lost.
document.addEventListener("submit", (event) => {
  if (!document.documentElement.hasAttribute("data-lost") || !event.target.matches("[data-money]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// After a page was swapped in, its balances may be older than what the socket already said.
const known = new Map();
document.addEventListener("live:balance", (event) => {
  for (const balance of Array.isArray(event.detail) ? event.detail : [event.detail]) {
    if (Number(balance.version) > Number(known.get(balance.currency)?.version ?? -1)) known.set(balance.currency, balance);
  }
});
document.addEventListener("htmx:afterSettle", () => known.forEach(setBalance));

customElements.define("x-live", LiveSocket);
