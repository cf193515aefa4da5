"""Pictures of every page: `python -m tests.browser.screenshots FOLDER`.

DATABASE_URL must name an empty, migrated database; it is filled with rows to look at.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from orchestrator import database
from orchestrator.ledger import people
from orchestrator.ledger.models import Role
from tests.browser.served import dashboard, listening
from tests.dashboard import rows

CHROMIUM = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox"]}
SIZES = {"wide": (1280, 800), "narrow": (375, 740)}
PASSWORD = "only for pictures"


def take(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with database.transaction() as session:
        people.add(session, "hanako", PASSWORD, role=Role.ADMIN)
    with listening() as listener, dashboard(listener) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
        _each(browser, url, folder, {"targets-empty": "/targets", "jobs-empty": "/jobs"})
        with database.transaction() as session:
            jobs = rows.fill(session)
            target_id = jobs["completed"].target_id
            paths = {f"job-{kind}": f"/jobs/{job.id}" for kind, job in jobs.items()}
        paths |= {
            "targets": "/targets",
            "target": f"/targets/{target_id}",
            "jobs": "/jobs",
            "jobs-none": "/jobs?status=completed&target=books",
            "error": "/nowhere",
        }
        _each(browser, url, folder, paths)
        browser.close()


def _each(browser: Browser, url: str, folder: Path, paths: dict[str, str]) -> None:
    for size, (width, height) in SIZES.items():
        for theme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme=theme,  # type: ignore[arg-type]
            )
            page.goto(f"{url}/sign-in")
            page.screenshot(path=folder / f"sign-in-{size}-{theme}.png")
            _sign_in(page)
            for name, path in paths.items():
                page.goto(url + path)
                page.screenshot(path=folder / f"{name}-{size}-{theme}.png", full_page=True)
                too_wide = page.evaluate("document.documentElement.scrollWidth") - width
                print(name, size, theme, f"{too_wide} px too wide" if too_wide > 0 else "")
            page.close()


def _sign_in(page: Page) -> None:
    page.get_by_label("Name").fill("hanako")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


if __name__ == "__main__":
    take(Path(sys.argv[1]))
