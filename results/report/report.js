for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const code = document.getElementById(button.dataset.copies);
    const done = () => { button.textContent = "copied"; };
    const select = () => { getSelection().selectAllChildren(code); };
    navigator.clipboard ? navigator.clipboard.writeText(code.textContent).then(done, select) : select();
  });
}

// An operation that is pointed at, or reached with the Tab key, is told in full beside its picture.
for (const picture of document.querySelectorAll(".picture")) {
  const detail = picture.parentElement.querySelector(`#${picture.id} ~ .detail`);
  detail.hidden = false;
  const tell = (event) => {
    const title = event.target.closest("g.call, g.mark")?.querySelector("title");
    if (title) detail.textContent = title.textContent;
  };
  picture.addEventListener("pointerover", tell);
  picture.addEventListener("focusin", tell);
}

// The names of the lanes stay where they are when a wide picture is scrolled.
for (const picture of document.querySelectorAll(".picture")) {
  const [drawing, names] = [picture.querySelector("svg"), picture.querySelector(".names")];
  picture.addEventListener("scroll", () => {
    names.setAttribute("transform", `translate(${picture.scrollLeft / drawing.getScreenCTM().a} 0)`);
  });
}

// Of a picture that is wider than the window, the error is what is seen first.
const show = (picture) => {
  const error = picture.querySelector(".error")?.getBoundingClientRect();
  if (error) picture.scrollLeft += error.x - picture.getBoundingClientRect().x - 0.8 * picture.clientWidth;
};
for (const picture of document.querySelectorAll(".picture")) {
  show(picture);
  picture.closest("details")?.addEventListener("toggle", () => show(picture));
}

// A link into a closed anomaly opens it first; a wide picture is moved to the error.
const reveal = () => {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  const details = target?.closest("details");
  if (details) details.open = true;
  target?.scrollIntoView({ block: target.matches(".error") ? "center" : "nearest", inline: "center" });
};
addEventListener("hashchange", reveal);
reveal();
