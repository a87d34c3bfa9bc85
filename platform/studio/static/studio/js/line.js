// Keeps the queue's page live: what the product sends takes the place of what is shown. It says when the connection is
// lost, and takes that back when it is there again. Without this script, and beside it, the page asks now and then.

const line = document.getElementById("line");
const notice = document.getElementById("line-lost");

function show(html) {
  const focused = document.activeElement?.id;
  line.innerHTML = html;
  window.htmx?.process(line);
  if (focused) document.getElementById(focused)?.focus();
}

function lost() {
  notice.hidden = false;
}

function back() {
  notice.hidden = true;
}

const source = new EventSource(line.dataset.events);
source.addEventListener("line", (event) => {
  back();
  show(event.data);
});
source.addEventListener("end", () => source.close());

window.addEventListener("offline", lost);
document.body.addEventListener("htmx:sendError", lost);
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.xhr.status) back();
});
