// Passkeys and security keys: a button with data-key asks the browser to "make" or to "use" one, and sends its answer
// in the form's hidden field `credential`. The options stand in data-options or, without, under the form's own address.

const unable = !window.PublicKeyCredential || !window.webauthnJSON;

for (const button of document.querySelectorAll("[data-key]")) {
  button.hidden = unable;
  button.addEventListener("click", (event) => {
    event.preventDefault();
    ask(button);
  });
}
for (const note of document.querySelectorAll("[data-keyless]")) note.hidden = !unable;

async function ask(button) {
  const form = button.form;
  const fault = form.querySelector("[data-key-fault]");
  fault.hidden = true;
  button.disabled = true;
  try {
    form.elements.credential.value = JSON.stringify(await answer(button, await options(button)));
    form.submit();
  } catch {
    // Refused, timed out or unknown: the browser has shown its own words, and tells scripts little.
    fault.hidden = false;
    button.disabled = false;
  }
}

async function options(button) {
  if (button.dataset.options) return JSON.parse(button.dataset.options);
  const answer = await fetch(button.form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.statusText);
  return (await answer.json()).request_options;
}

function answer(button, wish) {
  if (button.dataset.key === "use") return window.webauthnJSON.get(wish);
  if (button.form.elements.passwordless?.checked) {
    const kept = { residentKey: "required", requireResidentKey: true, userVerification: "required" };
    Object.assign(wish.publicKey.authenticatorSelection, kept);
  }
  return window.webauthnJSON.create(wish);
}
