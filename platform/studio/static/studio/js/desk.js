// Keys of the decision page: a approve, r request changes (and write why), j next, k previous. Nothing is sent by a key alone.

const form = document.querySelector("[data-decision]");

function choose(outcome) {
  const choice = form?.querySelector(`input[value="${outcome}"]`);
  if (!choice) return;
  choice.checked = true;
  choice.focus();
}

function typing(target) {
  return target.isContentEditable || /^(textarea|select)$/i.test(target.tagName) || /^(text|search)$/.test(target.type ?? "");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "a") choose("APPROVED");
  if (event.key === "r") {
    choose("CHANGES_REQUESTED");
    event.preventDefault();
    form?.querySelector("textarea")?.focus();
  }
  document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`)?.click();
});
