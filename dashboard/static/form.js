// While somebody types a schedule: its sentence and next times, or what is wrong with it. Without
// this script the button "Check without saving" shows the same.
(() => {
  const PAUSE = 350;
  const preview = document.getElementById("preview");
  const told = document.getElementById("preview-told");
  const cron = document.getElementById("schedule");
  const zone = document.getElementById("timezone");
  if (!preview || !cron || !zone) return;
  let timer;
  let asked;

  async function show() {
    if (asked) asked.abort();
    asked = new AbortController();
    const query = new URLSearchParams({ cron: cron.value, zone: zone.value });
    try {
      const answer = await fetch(`${preview.dataset.preview}?${query}`, { signal: asked.signal });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      preview.replaceChildren(...page.body.childNodes);
      const sentence = preview.querySelector(".told");
      told.textContent = sentence.textContent;
      if (!sentence.classList.contains("fault")) [cron, zone].forEach(forgive);
    } catch {
      // Away, or overtaken by the next letter.
    }
  }

  // What was wrong with it when it was last sent is no longer.
  function forgive(field) {
    field.classList.remove("is-invalid");
    field.removeAttribute("aria-invalid");
    field.setAttribute("aria-describedby", `${field.id}-hint`);
    document.getElementById(`${field.id}-fault`)?.remove();
  }

  for (const field of [cron, zone])
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(show, PAUSE);
    });
})();
