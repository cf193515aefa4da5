// While somebody types a schedule: its sentence and next times, or what is wrong with it. Without
// this script the button "Check without saving" shows the same.
(() => {
  const PAUSE = 350;
  const preview = document.getElementById("preview");
  const told = document.getElementById("preview-told");
  const cron = document.getElementById("schedule");
  const zone = document.getElementById("timezone");
  const crawlWindow = document.getElementById("crawl_window");
  const spread = document.getElementById("spread_seconds");
  if (!preview || !cron || !zone || !crawlWindow || !spread) return;
  let timer;
  let asked;

  async function show() {
    if (asked) asked.abort();
    asked = new AbortController();
    const address = new URL(preview.dataset.preview, location.href);
    const typed = { cron, zone, window: crawlWindow, spread };
    for (const [name, field] of Object.entries(typed)) address.searchParams.set(name, field.value);
    try {
      const answer = await fetch(address, { signal: asked.signal });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      preview.replaceChildren(...page.body.childNodes);
      const sentence = preview.querySelector(".told");
      told.textContent = sentence.textContent;
      if (!sentence.classList.contains("fault")) [cron, zone, crawlWindow].forEach(forgive);
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

  for (const field of [cron, zone, crawlWindow, spread])
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(show, PAUSE);
    });
})();
