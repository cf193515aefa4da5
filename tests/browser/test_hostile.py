"""What strangers send stays text, on every page, in a real browser."""

from collections.abc import Iterator
from dataclasses import asdict
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page
from sqlalchemy import update
from werkzeug.routing import Rule

from dashboard import create_app
from orchestrator import database as storage
from orchestrator.ledger import people
from orchestrator.ledger.models import Role, User
from tests.browser import hostile
from tests.browser.conftest import sign_in
from tests.browser.pages import NO_PAGES

WIDTH = 375
HEAVIEST = 300_000

#: Everything a text could have become if it were not text.
LOOK = """() => {
  const faults = [];
  const own = (url) => new URL(url, location.href).origin === location.origin;
  for (const each of document.querySelectorAll("*")) {
    for (const { name } of each.attributes)
      if (name.startsWith("on") || name === "style" || name === "srcdoc" || name === "autofocus")
        faults.push(`${each.nodeName} has ${name}`);
    for (const name of ["src", "href", "action", "formaction", "data", "xlink:href"]) {
      const url = each.getAttribute(name);
      if (url === null || (each.nodeName === "A" && name === "href")) continue;
      if (!own(url)) faults.push(`${each.nodeName} leads to ${url.slice(0, 80)}`);
    }
  }
  for (const name of ["iframe", "object", "embed", "base", "style", "math", "[http-equiv]"])
    if (document.querySelector(name)) faults.push(`there is a ${name}`);
  for (const each of document.scripts) if (!each.src) faults.push("there is an inline script");
  for (const each of document.links) {
    if (!["http:", "https:"].includes(each.protocol)) faults.push(`a link to ${each.protocol}`);
    if (!own(each.href) && !each.rel.includes("noopener")) faults.push("a link without noopener");
  }
  if (document.querySelectorAll("h1").length > 1) faults.push("there is a second h1");
  // A part of a page has neither.
  const whole = document.querySelector("main") !== null;
  const titled = document.querySelectorAll("head title").length === 1;
  if (whole && !(titled && document.title.endsWith(" · Kumo")))
    faults.push(`the title is ${document.title.slice(-80)}`);
  if (whole && document.documentElement.scrollWidth > innerWidth) {
    const sticksOut = (each) => each.getBoundingClientRect().right > innerWidth;
    const wide = [...document.querySelectorAll("body *")].filter(
      (each) => sticksOut(each) && ![...each.children].some(sticksOut)
        && !each.closest(".scroll,.log,.places"));
    faults.push(`too wide: ${wide.slice(0, 3).map((each) => each.outerHTML.slice(0, 150))}`);
  }
  // A mark that turns the reading direction must not reach its surroundings.
  const turning = /[\\u202a-\\u202e\\u2066-\\u2069]/;
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const holder = walk.currentNode.parentElement;
    if (turning.test(walk.currentNode.data) && !holder.closest("bdi,option,textarea,title,pre"))
      faults.push(`a mark turns ${holder.outerHTML.slice(0, 120)}`);
    else if (!holder.closest("bdi") && getComputedStyle(holder).direction !== "ltr")
      faults.push(`right to left: ${holder.outerHTML.slice(0, 120)}`);
  }
  return [...new Set(faults)];
}"""


@pytest.fixture
def admin(chromium: Browser, served_at: str) -> Iterator[Page]:
    page = chromium.new_page(base_url=served_at, viewport={"width": WIDTH, "height": 800})
    sign_in(page)
    with storage.transaction() as session:
        people.change_role(session, people.find(session, "hanako").id, Role.ADMIN)
    yield page
    page.close()


def watched(page: Page, served_at: str) -> list[str]:
    """What the browser complains of or asks of others, as it comes."""
    troubles: list[str] = []

    def asked(url: str) -> None:
        if not url.startswith((served_at, "data:", "about:")):
            troubles.append(f"it asked for {url[:80]}")

    page.on("dialog", lambda dialog: (troubles.append("a dialog"), dialog.dismiss())[0])
    page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    page.on("console", lambda said: troubles.append(said.text) if is_trouble(said) else None)
    page.on("request", lambda request: asked(request.url))
    return troubles


def is_trouble(said: ConsoleMessage) -> bool:
    """A page that refuses in a sentence is none."""
    return said.type == "error" and "responded with a status of 4" not in said.text


def pages() -> list[Rule]:
    rules = create_app().url_map.iter_rules()
    return [
        rule for rule in rules if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES
    ]


def address(rule: Rule, values: dict[str, object]) -> str:
    built = rule.build({name: values[name] for name in rule.arguments})
    assert built, rule
    return built[1]


def faults(page: Page, path: str, troubles: list[str]) -> list[str]:
    """What is wrong with a page."""
    troubles.clear()
    answer = page.goto(path)
    assert answer
    weight = len(answer.body())
    found = page.evaluate(LOOK) if answer.headers["content-type"].startswith("text/html") else []
    if answer.status >= 500 or weight > HEAVIEST:
        found.append(f"status {answer.status}, {weight} bytes")
    return [f"{path[:60]}: {each}" for each in [*found, *dict.fromkeys(troubles)]]


def call_me(name: str) -> None:
    """Gives the person who looks at the pages another name."""
    with storage.transaction() as session:
        session.execute(update(User).where(User.role == Role.ADMIN).values(name=f"{name[:1_000]} "))


def asked_for(text: str) -> list[str]:
    """Addresses that carry the text themselves."""
    word = quote(text[:1_000], errors="replace")
    return [
        f"/targets?text={word}&tag={word}",
        f"/jobs?target={word}&text={word}",
        f"/audit?who={word}&action={word}",
        f"/changes?text={word}&tag={word}",
        f"/changes?field={word}&from={word}",
    ]


@pytest.mark.timeout(300)
def test_a_hostile_text_in_every_field_harms_no_page(admin: Page, served_at: str) -> None:
    texts = hostile.joined()
    with storage.transaction() as session:
        held = [hostile.hold(session, number, text) for number, text in enumerate(texts)]
    troubles = watched(admin, served_at)
    rules = pages()
    found = []
    for text, holder in zip(texts, held, strict=True):
        call_me(text)
        own = [address(rule, asdict(holder)) for rule in rules if rule.arguments]
        for path in own + asked_for(text):
            found += faults(admin, path, troubles)
    for path in (address(rule, {}) for rule in rules if not rule.arguments):
        found += faults(admin, path, troubles)
    assert not found, "\n".join(found)


@pytest.mark.timeout(300)
def test_ten_megabytes_in_a_field_leave_every_page_light(admin: Page, served_at: str) -> None:
    with storage.transaction() as session:
        values = asdict(hostile.hold_large(session))
    troubles = watched(admin, served_at)
    found = []
    for path in (address(rule, values) for rule in pages()):
        found += faults(admin, path, troubles)
    assert not found, "\n".join(found)


def test_there_are_sixty_texts_and_each_is_in_a_field() -> None:
    assert len(set(hostile.TEXTS)) == len(hostile.TEXTS) >= 60
    assert [
        text for text in hostile.TEXTS if not any(text in each for each in hostile.joined())
    ] == []
