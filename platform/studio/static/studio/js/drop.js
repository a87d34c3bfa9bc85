// Lets a file be dropped anywhere on the check's frame. Without this script the file chooser and the button still work.

const frame = document.querySelector("[data-drop]");
const chooser = frame?.querySelector('input[type="file"]');

function mark(over) {
  frame.classList.toggle("drop-over", over);
}

if (frame && chooser) {
  frame.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(true);
  });
  frame.addEventListener("dragleave", () => mark(false));
  frame.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    if (event.dataTransfer.files.length) {
      chooser.files = event.dataTransfer.files;
      frame.closest("form").requestSubmit();
    }
  });
}
