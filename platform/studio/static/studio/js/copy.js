// Buttons that copy a text of the page. Without this script they stay hidden: the text can be selected, or had as a file.

const said = document.querySelector("[data-said]");

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    if (said) said.textContent = said.dataset.said;
  });
}
