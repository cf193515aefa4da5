// Tells how far a download has come. The browser fetches it by itself; this only asks the server how
// many items have left, under an id that each press makes anew.
(() => {
  const EVERY = 700;
  const PATIENCE = 20000;
  const form = document.getElementById("export");
  if (!form) return;
  const told = form.querySelector(".items-progress");
  let latest;

  form.addEventListener("submit", () => {
    const id = (latest = newId());
    form.elements.export.value = id;
    told.textContent = form.dataset.begins;
    setTimeout(() => follow(id, Date.now()), EVERY);
  });

  async function follow(id, since) {
    if (id !== latest) return;
    const state = await ask(id);
    if (state) {
      told.textContent = words(state);
      if (state.ended) return;
      since = Date.now();
    }
    if (Date.now() - since < PATIENCE) setTimeout(() => follow(id, since), EVERY);
    else told.textContent = "";
  }

  async function ask(id) {
    try {
      const answer = await fetch(form.dataset.progress.replace(/[0-9a-f-]{36}$/, id));
      return answer.ok && !answer.redirected ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  function words(state) {
    if (state.trouble) return state.trouble;
    if (state.of === null) return form.dataset.begins;
    return (state.ended ? form.dataset.ended : form.dataset.goes)
      .replace("{items}", state.items.toLocaleString("en"))
      .replace("{of}", state.of.toLocaleString("en"));
  }

  // By hand: crypto.randomUUID is there on https only.
  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }
})();
