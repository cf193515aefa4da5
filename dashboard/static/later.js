// Fills in what takes the server a while to find out, after the page is there.
//
// The address stands in [data-later]; what is inside until then is a link to the same, for readers
// without script and for servers that are away.
(() => {
  async function fill(place) {
    try {
      const answer = await fetch(place.dataset.later, { headers: { "X-Kumo-Fragment": "1" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const held = place.contains(document.activeElement);
      place.replaceChildren(...page.getElementById("live").childNodes);
      if (held) place.querySelector("a").focus();
    } catch {
      // Away for now; the link is still there.
    }
  }

  for (const place of document.querySelectorAll("[data-later]")) {
    fill(place);
    place.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link || link.pathname !== place.dataset.later || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      fill(place);
    });
  }
})();
