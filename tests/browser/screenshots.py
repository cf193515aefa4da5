"""Pictures of every page: `make screenshots`, or `python -m tests.browser.screenshots FOLDER`.

Light and dark, wide and narrow, in each language; what is wider than its window is told. Servers of
its own, filled with rows to look at; the README's pictures in docs/images are made anew too.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import pages, scenery
from tests.browser.pages import Shown
from tests.browser.served import dashboard, listening
from tests.pair import started

#: Debian's build without windows takes a third of the time; else the one that people use.
_PROGRAM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
CHROMIUM = {"executable_path": _PROGRAM, "args": ["--no-sandbox"]}
SIZES = {"wide": (1280, 800), "narrow": (375, 740)}
THEMES = ("light", "dark")
LANGUAGES = {"en": "en-GB", "ja": "ja-JP"}
ZONE = "Asia/Tokyo"

_IMAGES = Path(__file__).parents[2] / "docs" / "images"
#: For the README, as much of them as a window shows.
CHOSEN = {"home": "home.png", "job-running": "job.png", "items": "items.png"}


def take(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with _installed(), listening() as listener, dashboard(listener) as url:
        shown = pages.filled()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
            # First of all, while what runs has just begun.
            with scenery.ordinary_names(), visitor(browser, url) as page:
                _for_readme(page, shown)
            for size, theme, language in product(SIZES, THEMES, LANGUAGES):
                look = f"{size}-{theme}-{language}"
                with visitor(browser, url, size, theme, language) as page:
                    for each in shown:
                        _photograph(page, each, folder / f"{each.name}-{look}.png")
            browser.close()


@contextmanager
def visitor(
    browser: Browser, url: str, size: str = "wide", theme: Any = "light", language: str = "en"
) -> Iterator[Page]:
    """The page of an admin who is signed in and prefers this."""
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": height},
        color_scheme=theme,
        locale=LANGUAGES[language],
        timezone_id=ZONE,
    )
    page = context.new_page()
    page.goto("/sign-in")
    page.locator("#name").fill("hanako")
    page.locator("#password").fill(scenery.PASSWORD)
    page.locator("#submit").click()
    yield page
    context.close()


def _for_readme(page: Page, shown: list[Shown]) -> None:
    for each in shown:
        if file := CHOSEN.get(each.name):
            page.goto(each.path)
            page.screenshot(path=_IMAGES / file)


def _photograph(page: Page, shown: Shown, file: Path) -> None:
    page.goto(shown.path)
    page.screenshot(path=file, full_page=True)
    width = page.viewport_size["width"] if page.viewport_size else 0
    too_wide = page.evaluate("document.documentElement.scrollWidth") - width
    print(file.name, f"{too_wide} px too wide" if too_wide > 0 else "")


@contextmanager
def _installed() -> Iterator[None]:
    """A pair of servers that ends with the pictures, which the environment then names."""
    with TemporaryDirectory(prefix="kumo-screenshots-") as name:
        # Where root may make no namespace, Postgres runs as nobody, who has to get in here.
        (home := Path(name)).chmod(0o711)
        with started(home, None, None) as pair:
            os.environ.update(
                KUMO_HOME=name,
                DATABASE_URL=pair.database_url,
                REDIS_URL=pair.redis_url,
                KUMO_SECRET_KEY="only for pictures",
            )
            import_module("orchestrator.migrations").upgrade()
            yield


if __name__ == "__main__":
    take(Path(sys.argv[1]))
