// <fiat-cashier data-bundle data-options data-title>: the payment provider's page in its frame, driven
// by the vendor's own bootstrapper. What it says is for the eyes only; money is credited when the
// provider's server tells ours.

const SAID = {
  success: "Done. It is in your balance as soon as the provider has told us.",
  failure: "It did not work. Nothing was taken.",
  pending: "Under way. You may leave this page, we go on by ourselves.",
  unresolved: "The provider looks into it. Nothing is lost.",
  cancelled: "Cancelled. Nothing was taken.",
};
const SAID_WITHDRAWAL = {
  ...SAID,
  success: "Done. It is on its way to you.",
  pending: "Requested. The money is set aside until our payments team has decided.",
  failure: "It did not work. The money stays in your balance.",
  cancelled: "Cancelled. The money stays in your balance.",
};
const FAILED_TO_LOAD = "The payment provider does not answer. Try again in a minute.";
const loads = new Map();

function load(source) {
  if (!loads.has(source)) {
    loads.set(
      source,
      new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = source;
        script.onload = resolve;
        script.onerror = () => {
          loads.delete(source);
          reject(new Error(source));
        };
        document.head.append(script);
      }),
    );
  }
  return loads.get(source);
}

class FiatCashier extends HTMLElement {
  async connectedCallback() {
    const options = JSON.parse(this.dataset.options);
    this.words = options.method === "withdrawal" ? SAID_WITHDRAWAL : SAID;
    try {
      await load(this.dataset.bundle);
    } catch {
      this.fail();
      return;
    }
    if (!this.isConnected) return;
    new window._PaymentCashier("#cashier-frame", options, (api) => this.listen(api));
    const frame = this.querySelector("iframe");
    if (!frame) {
      this.fail();
      return;
    }
    frame.title = this.dataset.title;
    // The vendor's own watch only looks at the frame's `load`, which an error page fires as well.
    this.watch = setTimeout(() => this.fail(), 15000);
  }

  disconnectedCallback() {
    clearTimeout(this.watch);
    if (document.querySelector("#cashierIframe")) window._PaymentCashierReset?.();
  }

  listen(api) {
    const show = (name) => () => this.say(this.words[name]);
    api.on({
      cashierInitLoad: () => this.opened(),
      isLoading: () => this.say(""),
      paymentMethodPageEntered: () => this.say(""),
      onLoadError: () => this.fail(),
      success: show("success"),
      failure: show("failure"),
      pending: show("pending"),
      unresolved: show("unresolved"),
      cancelled: show("cancelled"),
    });
  }

  opened() {
    clearTimeout(this.watch);
    this.isOpen = true;
    this.querySelector("[data-wait]").hidden = true;
  }

  fail() {
    if (this.isOpen) return;
    clearTimeout(this.watch);
    this.querySelector("[data-wait]").hidden = true;
    this.say(FAILED_TO_LOAD);
  }

  say(text) {
    this.querySelector("[data-said]").textContent = text ?? "";
  }
}

customElements.get("fiat-cashier") ?? customElements.define("fiat-cashier", FiatCashier);
