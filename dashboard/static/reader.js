// Before the first paint: light or dark as the person's system prefers; and which zone they are in,
// for the server to write times in.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light";
  };
  dark.addEventListener("change", follow);
  follow();
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `kumo_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
})();
