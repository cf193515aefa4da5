// Keeps the preview of a draft current while somebody edits its recipe. Without this script the
// button "Refresh" does the same.
(() => {
  const PAUSE = 500;
  const ASK_AGAIN = 300;
  const place = document.getElementById("preview-of-draft");
  const recipe = document.getElementById("recipe");
  if (!place || !recipe) return;
  let timer;
  let asking;

  const waits = () => place.querySelector("[data-waits]") !== null;

  // One question at a time: a later edit overtakes an earlier one.
  async function ask(address, options) {
    if (asking) asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const answer = await fetch(address, { signal, ...options });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("preview-answer");
      // Sent elsewhere: the session has ended, and only the whole page can say so.
      if (!fresh) return location.reload();
      draw(fresh);
      if (page.getElementById("recipe")) tellFaults(page);
    } catch {
      if (signal.aborted) return;
      // Away for now; the next turn asks again.
    }
    if (waits()) timer = setTimeout(look, ASK_AGAIN);
  }

  const look = () => ask(place.dataset.preview);

  function send() {
    ask(recipe.action, { method: "POST", body: new URLSearchParams(new FormData(recipe)) });
  }

  function draw(fresh) {
    const old = place.querySelector(".preview-rows");
    const [left, top] = old ? [old.scrollLeft, old.scrollTop] : [0, 0];
    // While a worker reads, the table of before stays.
    const told = place.querySelector(".preview-told");
    if (fresh.hasAttribute("data-waits") && old && told) {
      told.replaceChildren(...fresh.querySelector(".preview-told").childNodes);
      place.firstElementChild.setAttribute("data-waits", "");
      return;
    }
    place.replaceChildren(fresh);
    place.querySelector(".preview-rows")?.scrollTo(left, top);
  }

  function tellFaults(page) {
    for (const fault of recipe.querySelectorAll(".fault[id]")) {
      const text = page.getElementById(fault.id)?.textContent ?? "";
      if (fault.textContent !== text) fault.textContent = text;
      const field = document.getElementById(fault.id.replace(/-fault$/, ""));
      field?.classList.toggle("is-invalid", text !== "");
      if (text) field?.setAttribute("aria-invalid", "true");
      else field?.removeAttribute("aria-invalid");
    }
  }

  recipe.addEventListener("input", (event) => {
    // A name and a schedule change nothing of what is read.
    if (event.target.closest("[data-unread]")) return;
    clearTimeout(timer);
    timer = setTimeout(send, PAUSE);
  });
  // A field that is new, or next to one that was removed.
  document.getElementById(location.hash.slice(1))?.focus();
  if (waits()) look();
})();
