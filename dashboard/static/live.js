// Keeps a page current while a job on it is active, and rests when none is.
//
// The server says which: a page whose content carries [data-live] is fetched again, and the new
// content is grown into the old, node by node, so that scroll, focus, selection and opened folds
// stay. A server that is away is simply asked again.
(() => {
  const EVERY = 1000;
  const PATIENCE = 10000;
  const live = document.getElementById("live");
  if (!live) return;
  let timer;
  let drawnAt = Date.now();

  const isLive = () => live.querySelector(":scope > [data-live]") !== null;
  // Where somebody waits for one answer, the page says how often to ask.
  const every = () => Number(live.querySelector(":scope > [data-live]").dataset.live) || EVERY;

  const plan = () => {
    clearTimeout(timer);
    if (isLive() && !document.hidden) timer = setTimeout(refresh, every());
  };

  async function refresh() {
    try {
      const answer = await fetch(location.href, {
        headers: { "X-Kumo-Fragment": "1" },
        signal: AbortSignal.timeout(PATIENCE),
      });
      // Sent elsewhere: the session has ended, and only the whole page can say so.
      if (answer.redirected) return location.reload();
      if (answer.ok) draw(await answer.text());
    } catch {
      // Away for now; the next turn asks again.
    }
    plan();
  }

  function draw(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("live");
    if (!fresh) return;
    const log = document.getElementById("log-lines");
    const atEnd = log && log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
    const held = document.activeElement;
    grow(live, fresh);
    if (atEnd) log.scrollTop = log.scrollHeight;
    // A row that moved took its focus off.
    if (held && held.isConnected && held !== document.activeElement) held.focus({ preventScroll: true });
    drawnAt = Date.now();
  }

  function grow(old, fresh) {
    const kept = new Set([...fresh.children].map((child) => child.id).filter(Boolean));
    const named = new Map();
    for (const child of [...old.children])
      if (child.id && !kept.has(child.id)) child.remove();
      else if (child.id) named.set(child.id, child);
    let place = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      // One that changed its place is moved, with all that a person did in it.
      const same = next.id && named.get(next.id);
      if (same && same !== place && alike(same, next)) place = old.insertBefore(same, place);
      if (place && alike(place, next)) {
        renew(place, next);
        place = place.nextSibling;
      } else {
        old.insertBefore(next, place);
      }
    }
    while (place) {
      const gone = place;
      place = place.nextSibling;
      gone.remove();
    }
  }

  const alike = (old, fresh) =>
    old.nodeName === fresh.nodeName && (old.id || "") === (fresh.id || "");

  function renew(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    for (const { name } of [...old.attributes])
      if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS"))
        old.removeAttribute(name);
    for (const { name, value } of [...fresh.attributes])
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    // What a person has chosen but not yet sent stays; what was typed or ticked is no attribute.
    if (old.nodeName !== "SELECT") grow(old, fresh);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else if (isLive() || Date.now() - drawnAt > 30000) refresh();
  });
  // The end of a log is what people look for.
  const log = document.getElementById("log-lines");
  if (log) log.scrollTop = log.scrollHeight;
  plan();
})();
