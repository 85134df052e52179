for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const code = document.getElementById(button.dataset.copies);
    const done = () => { button.textContent = "copied"; };
    const select = () => { getSelection().selectAllChildren(code); };
    navigator.clipboard ? navigator.clipboard.writeText(code.textContent).then(done, select) : select();
  });
}
