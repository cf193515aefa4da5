// One box that ticks all of a name; and Enter in a box ticks it, where browsers would press the
// first button of its form.
(() => {
  document.documentElement.classList.add("has-script");
  const boxes = (name) => document.querySelectorAll(`input[type=checkbox][name="${name}"]`);

  document.addEventListener("change", ({ target }) => {
    const name = target.dataset && target.dataset.ticks;
    if (name) for (const box of boxes(name)) box.checked = target.checked;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.type !== "checkbox") return;
    event.preventDefault();
    event.target.click();
  });
})();
