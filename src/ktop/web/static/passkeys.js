// Asks the browser for a passkey where a form says so, and sends its answer with the form. Without scripts, or in a
// browser that knows no passkeys, these forms stay hidden: password and authenticator app do without.
(() => {
  "use strict";
  if (!window.PublicKeyCredential) return;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const asked = (options) => {
    const found = { ...options, challenge: bytes(options.challenge) };
    if (options.user) found.user = { ...options.user, id: bytes(options.user.id) };
    for (const list of ["excludeCredentials", "allowCredentials"])
      if (options[list]) found[list] = options[list].map((one) => ({ ...one, id: bytes(one.id) }));
    return found;
  };

  const answered = (credential) => {
    const said = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"])
      if (credential.response[part]) said[part] = text(credential.response[part]);
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response: said,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      const problem = form.querySelector("[data-problem]");
      problem.hidden = true;
      try {
        const publicKey = asked(JSON.parse(form.dataset.options));
        const make = form.dataset.passkey === "register";
        const credential = await navigator.credentials[make ? "create" : "get"]({ publicKey });
        form.elements.answer.value = answered(credential);
        form.submit();
      } catch {
        problem.hidden = false;
      }
    });
  }
})();
