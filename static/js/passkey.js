// Passkeys: a form with data-passkey="get|create" asks the browser for a credential before it leaves.
// data-passkey-options: `#id` of a JSON element, or an address that answers {request_options}.

const decode = (text) => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};
const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

async function optionsOf(form) {
  const where = form.dataset.passkeyOptions;
  if (where.startsWith("#")) return JSON.parse(document.querySelector(where).textContent).publicKey;
  const answer = await fetch(where, {
    headers: { "X-Requested-With": "XMLHttpRequest", Accept: "application/json" },
  });
  if (!answer.ok) throw new Error("no options");
  return (await answer.json()).request_options.publicKey;
}

function readable(options) {
  const known = (list) => (list ?? []).map((one) => ({ ...one, id: decode(one.id) }));
  const found = { ...options, challenge: decode(options.challenge) };
  if (options.user) found.user = { ...options.user, id: decode(options.user.id) };
  if (options.excludeCredentials) found.excludeCredentials = known(options.excludeCredentials);
  if (options.allowCredentials) found.allowCredentials = known(options.allowCredentials);
  return found;
}

function forCreating(options, form) {
  const box = form.elements.passwordless;
  if (!box) return options;
  const need = box.checked ? "required" : "discouraged";
  return {
    ...options,
    authenticatorSelection: {
      ...options.authenticatorSelection,
      residentKey: need,
      requireResidentKey: box.checked,
      userVerification: box.checked ? "required" : "preferred",
    },
  };
}

function plain(credential) {
  const { response } = credential;
  const found = {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { clientDataJSON: encode(response.clientDataJSON) },
  };
  if (response.attestationObject) {
    found.response.attestationObject = encode(response.attestationObject);
    found.response.transports = response.getTransports?.() ?? [];
  } else {
    found.response.authenticatorData = encode(response.authenticatorData);
    found.response.signature = encode(response.signature);
    found.response.userHandle = response.userHandle ? encode(response.userHandle) : null;
  }
  return found;
}

async function ask(form) {
  const error = form.querySelector("[data-passkey-error]");
  const button = form.querySelector("button[type=submit]");
  error.hidden = true;
  button.setAttribute("aria-busy", "true");
  try {
    const options = readable(await optionsOf(form));
    const credential =
      form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: forCreating(options, form) })
        : await navigator.credentials.get({ publicKey: options });
    form.elements.credential.value = JSON.stringify(plain(credential));
    form.submit();
  } catch {
    error.textContent = "That did not work. Try again, or use another way.";
    error.hidden = false;
    button.removeAttribute("aria-busy");
  }
}

// From the document: a page that htmx brings again does not run this file again.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-passkey]");
  if (!form || form.elements.credential.value) return;
  event.preventDefault();
  ask(form);
});
