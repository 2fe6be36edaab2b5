// <verification-frame data-url data-origin data-title>: the verification provider's own pages in their
// frame, driven by the vendor's script. What the frame says is for the eyes only: whether somebody is
// verified is decided by our server, which asks the provider's.
import snsWebSdk from "../vendor/sumsub-websdk/2.9.0/index.esm.js";

const FAILED = "The verification provider does not answer. Try again in a minute.";
const SAID = {
  "idCheck.onApplicantSubmitted": "Handed in. We tell you when it is decided; you may leave this page.",
  "idCheck.onApplicantResubmitted": "Handed in again. We tell you when it is decided.",
  "idCheck.onApplicantVerificationCompleted": "The provider has finished. Your page is brought up to date in a moment.",
};
const PATIENCE_MS = 15000;

class VerificationFrame extends HTMLElement {
  async connectedCallback() {
    this.say("Loading…");
    let terms;
    try {
      terms = await this.terms();
    } catch (error) {
      this.say(error.message || FAILED, true);
      return;
    }
    if (!this.isConnected) return;
    const box = this.querySelector("[data-frame]");
    this.sdk = snsWebSdk
      .init(terms.token, async () => (await this.terms()).token)
      .withBaseUrl(this.dataset.origin)
      .withConf({ lang: this.dataset.language || "en" })
      .withOptions({ addViewportTag: false, adaptIframeHeight: true })
      .onMessage((name, facts) => this.hear(name, facts))
      .build();
    this.sdk.launch(box);
    const frame = box.querySelector("iframe");
    if (frame) frame.title = this.dataset.title;
    this.watch = setTimeout(() => this.say(FAILED, true), PATIENCE_MS);
  }

  disconnectedCallback() {
    clearTimeout(this.watch);
    this.sdk?.destroy();
  }

  // A token for whoever is signed in: the server chooses the person and the level.
  async terms() {
    const csrf = this.querySelector("[name=csrfmiddlewaretoken]").value;
    const response = await fetch(this.dataset.url, {
      method: "POST",
      headers: { "X-CSRFToken": csrf, Accept: "application/json" },
      cache: "no-store",
    });
    const found = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(found.error?.message || FAILED);
    return found;
  }

  hear(name) {
    clearTimeout(this.watch);
    if (name === "idCheck.onInitialized") this.say("");
    if (name === "idCheck.onError") this.say(FAILED, true);
    if (SAID[name]) this.say(SAID[name]);
    this.dispatchEvent(new CustomEvent("verification", { bubbles: true, detail: { name } }));
  }

  say(words, isWrong = false) {
    const line = this.querySelector("[data-say]");
    line.textContent = words;
    line.hidden = !words;
    line.toggleAttribute("data-wrong", isWrong);
  }
}

customElements.define("verification-frame", VerificationFrame);
