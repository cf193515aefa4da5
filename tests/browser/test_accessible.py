"""Every page as those meet it who do not see it, or use no mouse: by axe-core, and by Tab."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from dashboard import create_app
from tests.browser import pages
from tests.browser.pages import Shown
from tests.browser.screenshots import visitor

#: Where people spend their day.
MAIN = (
    *("home", "targets", "target", "target-edit", "jobs", "job-running", "items", "item"),
    "draft-editing",
)

#: No rule that is on reads style sheets: to load them again took a third of the time.
_LOOKS_FOR = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}

#: Steps to the next element by Tab; its own words when it is out of sight or shows no focus.
_STEP = """() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const name = at.outerHTML.slice(0, 120);
    const box = at.getBoundingClientRect();
    const style = getComputedStyle(at);
    // The button within a date field is drawn by the browser, with a ring of its own.
    const drawn = style.outlineStyle !== "none" || style.boxShadow !== "none" || at.type === "date";
    const visible = box.width > 0 && box.height > 0;
    (window.reached ||= new WeakSet()).add(at);
    return {name, good: visible && drawn};
}"""
#: What a person could press or fill in, and Tab has not come to.
_LEFT = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary"
)].filter((each) => !each.disabled && !window.reached.has(each) && each.checkVisibility()
    // Of a group of radio buttons Tab reaches one.
    && each.type !== "radio").map((each) => each.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def shown(url: str) -> list[Shown]:
    return pages.filled()


def test_no_page_is_left_out(shown: list[Shown]) -> None:
    assert pages.missing(create_app(), shown) == set()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "reader", [("wide", "light", "en"), ("narrow", "dark", "ja")], ids="-".join
)
def test_axe_finds_nothing_serious(
    chromium: Browser, url: str, shown: list[Shown], reader: tuple[str, str, str]
) -> None:
    axe = Axe()
    found: list[str] = []
    with visitor(chromium, url, *reader) as page:
        for each in shown:
            page.goto(each.path)
            found += [f"{each.name}: {trouble}" for trouble in _serious(axe, page)]
    assert not found, "\n".join(found)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("theme", "names"), [("light", MAIN[::2]), ("dark", MAIN[1::2])])
def test_tab_reaches_everything_and_shows_where_it_is(
    chromium: Browser, url: str, shown: list[Shown], theme: str, names: tuple[str, ...]
) -> None:
    troubles: list[str] = []
    with visitor(chromium, url, theme=theme) as page:
        for each in shown:
            if each.name in names:
                page.goto(each.path)
                troubles += [f"{each.name}: {trouble}" for trouble in _walked(page)]
    assert not troubles, "\n".join(troubles)


def _serious(axe: Axe, page: Page) -> Iterator[str]:
    for violation in axe.run(page, options=_LOOKS_FOR).response["violations"]:
        if violation["impact"] in ("serious", "critical"):
            nodes = "; ".join(_told(node) for node in violation["nodes"][:3])
            yield f"{violation['id']}: {nodes}"


def _told(node: Any) -> str:
    why = node["any"][0]["message"] if node["any"] else ""
    return f"{node['html'][:120]} {why}"


def _walked(page: Page) -> Iterator[str]:
    """Goes through the page by Tab until it begins anew."""
    for _ in range(600):
        page.keyboard.press("Tab")
        step = page.evaluate(_STEP)
        if step is None:
            break
        if not step["good"]:
            yield f"no visible focus on {step['name']}"
    for left in page.evaluate(_LEFT):
        yield f"Tab does not come to {left}"
