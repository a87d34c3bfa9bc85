// The reviewer's keys, on the contact sheet and on the page of one picture, and pinning a comment to a place.
// Nothing is sent by a key alone. The key ? and the button beside it say what there is.

const form = document.querySelector("[data-decision]");
const cards = [...document.querySelectorAll("[data-card]")];
const keys = document.querySelector("#keys");

function choose(outcome) {
  const choice = form?.querySelector(`input[value="${outcome}"]`);
  if (!choice) return;
  choice.checked = true;
  choice.focus();
}

function requestChanges() {
  choose("CHANGES_REQUESTED");
  form?.querySelector("textarea")?.focus();
}

function flag() {
  const fold = document.querySelector("[data-flag]");
  if (!fold) return;
  fold.open = true;
  fold.querySelector("input[name=reason]")?.focus();
}

function follow(key) {
  document.querySelector(`a[data-key="${key}"]`)?.click();
}

function showKeys() {
  keys?.showModal();
}

const single = { a: () => choose("APPROVED"), r: requestChanges, f: flag, c: () => follow("c"), j: () => follow("j"), k: () => follow("k") };

// On the sheet: a card is the current one as long as the focus is in it.

function current() {
  return cards.findIndex((card) => card.contains(document.activeElement));
}

function move(step) {
  const at = current();
  const next = cards[at < 0 ? 0 : Math.min(Math.max(at + step, 0), cards.length - 1)];
  next.querySelector("[data-open]").focus();
  next.scrollIntoView({ block: "nearest" });
}

// A decision is taken on the picture's own page, which is opened with the key already pressed.
function open(key) {
  const card = cards[current()];
  if (card) window.location.assign(`${card.querySelector("[data-open]").href}#key-${key}`);
}

function tick() {
  cards[current()]?.querySelector("input[type=checkbox]")?.click();
}

const sheet = { j: () => move(1), k: () => move(-1), x: tick };
for (const key of "arfc") sheet[key] = () => open(key);

function typing(target) {
  return target.isContentEditable || /^(textarea|select)$/i.test(target.tagName) || /^(text|search|email|number)$/.test(target.type ?? "");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || keys?.open) return;
  const does = event.key === "?" ? showKeys : (cards.length ? sheet : single)[event.key];
  if (!does) return;
  event.preventDefault();
  does();
});

for (const button of document.querySelectorAll("[data-keys]")) {
  button.hidden = false;
  button.addEventListener("click", showKeys);
}

const pressed = /^#key-([arfc])$/.exec(window.location.hash);
if (pressed) {
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  single[pressed[1]]();
}

// A click in the picture is a place: the numbers go into the comment's form, which is drawn anew with every comment.
document.querySelector("[data-pin]")?.addEventListener("click", (event) => {
  const frame = event.currentTarget.getBoundingClientRect();
  const place = document.querySelector("[data-place]");
  if (!place) return;
  const thousandths = (at, from, size) => String(Math.round((1000 * (at - from)) / size));
  place.open = true;
  place.querySelector("[name=x]").value = thousandths(event.clientX, frame.left, frame.width);
  place.querySelector("[name=y]").value = thousandths(event.clientY, frame.top, frame.height);
  place.closest("form").querySelector("textarea").focus();
});
