// Says when the queue's page cannot reach the product, and takes it back when it can. The page itself goes on asking.

const notice = document.getElementById("line-lost");

function lost() {
  notice.hidden = false;
}

function back() {
  notice.hidden = true;
}

window.addEventListener("offline", lost);
document.body.addEventListener("htmx:sendError", lost);
document.body.addEventListener("htmx:sseMessage", back);
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.xhr.status) back();
});
