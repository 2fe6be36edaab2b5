// What a player sees in the frame: steps, pictures, submit. It speaks to the page around it with the
// vendor's messages, and only after that page has handed it a token.
const main = document.getElementById("frame");
// As it stands in the address: it ends with the `=` of Base64.
const frameId = location.search.slice(1).split("&").find((pair) => pair.startsWith("_="))?.slice(2) || "";
const sessionId = crypto.randomUUID();
let token = location.hash.startsWith("#token=") ? location.hash.slice(7) : "";
let host = "*";
let shown = null;
let watch = 0;

function tell(method, facts = {}) {
  if (parent !== window) parent.postMessage({ method: `idCheck.${method}`, frameId, sessionId, ...facts }, host);
}

function element(tag, facts = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { "X-Access-Token": token } });
  const found = await response.json();
  if (response.status === 401) {
    tell("onError", { code: "invalid-token", error: "The token is over." });
    throw new Error("invalid-token");
  }
  if (!response.ok) throw new Error(found.error || "That did not work.");
  return found;
}

const WORDS = {
  pending: "Thank you. We are looking at it; you may leave this page.",
  queued: "Thank you. We are looking at it; you may leave this page.",
  awaitingService: "Thank you. We are looking at it; you may leave this page.",
  onHold: "Thank you. We are looking at it; you may leave this page.",
};

function draw(found, said = "") {
  const before = shown;
  shown = found;
  const title = element("h1", { text: "Verify your identity" });
  const parts = [title];
  if (said) parts.push(element("p", { class: "said", role: "status", text: said }));
  if (!found.canSubmit) {
    const answer = found.reviewResult.reviewAnswer;
    const words =
      WORDS[found.reviewStatus] ||
      (answer === "GREEN" ? "You are verified." : "The verification could not be completed.");
    parts.push(element("p", { class: "lead", text: words }));
  } else {
    if (found.comment) parts.push(element("p", { class: "said", text: found.comment }));
    parts.push(...found.steps.map(step));
    const isWhole = found.steps.every((one) => one.pictures && !one.isRed);
    parts.push(
      element("button", { class: "bone", type: "button", id: "submit", disabled: !isWhole, onclick: submit, text: "Submit" }),
    );
  }
  main.replaceChildren(...parts);
  if (!before) {
    tell("onInitialized");
    tell("onApplicantLoaded", { applicantId: found.applicantId });
  } else if (before.reviewStatus !== found.reviewStatus || before.reviewResult.reviewAnswer !== found.reviewResult.reviewAnswer) {
    tell("onApplicantStatusChanged", { reviewStatus: found.reviewStatus, reviewResult: found.reviewResult, levelName: found.levelName });
    if (found.reviewStatus === "completed") tell("onApplicantVerificationCompleted", { applicantId: found.applicantId });
  }
  clearInterval(watch);
  if (!found.canSubmit) watch = setInterval(look, 2000);
}

function step(one) {
  const id = one.step.toLowerCase();
  const kinds = one.types.map(([value, text]) => element("option", { value, text }));
  const country = element("select", { id: `${id}-country` });
  country.append(document.getElementById("countries").content.cloneNode(true));
  const file = element("input", { id: `${id}-file`, type: "file", accept: "image/jpeg,image/png,image/webp,application/pdf" });
  const kind = element("select", { id: `${id}-kind` }, ...kinds);
  const say = element("p", { role: "status" });
  if (one.isRed) Object.assign(say, { className: "wrong", textContent: "Please hand this in again." });
  else if (one.pictures) Object.assign(say, { className: "done", textContent: `Handed in: ${one.pictures}` });
  const upload = async () => {
    if (!file.files.length) {
      Object.assign(say, { className: "wrong", textContent: "Choose a picture first." });
      file.focus();
      return;
    }
    const body = new FormData();
    body.append("kind", kind.value);
    body.append("country", country.value);
    body.append("content", file.files[0]);
    tell("onStepInitiated", { idDocSetType: one.step, types: one.types.map(([value]) => value) });
    try {
      const found = await ask("api/documents", { method: "POST", body });
      tell("onDocumentAdded", { idDocType: kind.value, country: country.value, imageId: found.imageId });
      tell("onStepCompleted", { idDocSetType: one.step });
      draw(found, `${one.title}: handed in.`);
      const next = main.querySelector("#submit:enabled") || document.getElementById(`${id}-upload`);
      next?.focus();
    } catch (error) {
      tell("onUploadError", { code: "upload", msg: error.message });
      Object.assign(say, { className: "wrong", textContent: error.message });
    }
  };
  return element(
    "fieldset",
    {},
    element("legend", { text: one.title }),
    element("label", { for: kind.id, text: "Document" }),
    kind,
    element("label", { for: country.id, text: "Issued in" }),
    country,
    element("label", { for: file.id, text: "Picture or PDF" }),
    file,
    element("button", { type: "button", id: `${id}-upload`, onclick: upload, text: `Hand in: ${one.title}` }),
    say,
  );
}

async function submit() {
  const isAgain = shown.reviewStatus === "completed";
  try {
    const found = await ask("api/submit", { method: "POST" });
    tell(isAgain ? "onApplicantResubmitted" : "onApplicantSubmitted", { applicantId: found.applicantId });
    draw(found);
  } catch (error) {
    draw(shown, error.message);
  }
}

async function look() {
  try {
    const found = await ask("api/state");
    if (JSON.stringify(found) !== JSON.stringify(shown)) draw(found);
  } catch {
    clearInterval(watch);
  }
}

addEventListener("message", (event) => {
  if (event.source !== parent || parent === window) return;
  const { method, accessToken, origin, lang, language } = event.data || {};
  if (method === "idCheck.init") {
    host = origin === event.origin ? origin : "*";
    document.documentElement.lang = lang || "en";
    token = accessToken;
    look();
  } else if (method === "idCheck.updateAccessToken" && accessToken) {
    token = accessToken;
    look();
  } else if (method === "idCheck.callSetLanguage" && language) {
    document.documentElement.lang = language;
  }
});

new ResizeObserver(() => tell("onResize", { height: document.documentElement.scrollHeight })).observe(document.body);
if (token) look();
tell("onReady");
