// Lets files be dropped anywhere on the check's frame, and says before they are sent that they are too large together.
// Without this script the file chooser and the button still work.

const frame = document.querySelector("[data-drop]");
const chooser = frame?.querySelector('input[type="file"]');

function mark(over) {
  frame.classList.toggle("drop-over", over);
}

function weigh() {
  const bytes = [...chooser.files].reduce((sum, file) => sum + file.size, 0);
  chooser.setCustomValidity(bytes > Number(frame.dataset.limit ?? Infinity) ? frame.dataset.tooLarge : "");
}

if (frame && chooser) {
  chooser.addEventListener("change", weigh);
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
      weigh();
      frame.closest("form").requestSubmit();
    }
  });
}
