// Passkeys: make one on its page, enter with one at the door. The answers go into a hidden field.
(() => {
  const supported = () =>
    window.PublicKeyCredential && PublicKeyCredential.parseCreationOptionsFromJSON;

  const ask = async (form, address) => {
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token } });
    if (!answer.ok) throw new Error("The server does not answer.");
    return answer.json();
  };

  const tell = (form, text) => {
    const problem = form.querySelector("[data-passkey-problem]");
    problem.textContent = text;
    problem.hidden = !text;
  };

  const make = async (form) => {
    const options = await ask(form, form.dataset.passkeyMake);
    return navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey),
    });
  };

  const enter = async (form) => {
    const options = await ask(form, form.dataset.passkeyEnter);
    return navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey),
    });
  };

  const send = async (form, field, action) => {
    if (!supported()) return tell(form, "This browser has no passkeys.");
    tell(form, "");
    try {
      form.querySelector(`[name=${field}]`).value = JSON.stringify(await action(form));
    } catch {
      return tell(form, "No passkey answered. Try again.");
    }
    form.submit();
  };

  for (const form of document.querySelectorAll("[data-passkey-make]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form, "answer", make);
    });
  }
  for (const button of document.querySelectorAll("[data-passkey-button]")) {
    button.addEventListener("click", () => send(button.form, "passkey", enter));
  }
})();
