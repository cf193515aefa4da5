"""A browser and a dashboard process that a module's tests share: each takes seconds to start.

A test gets the database of that dashboard empty, and a page with cookies of its own.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from orchestrator import config
from tests import databases
from tests.browser import served
from tests.browser.screenshots import CHROMIUM
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.given import PASSWORD
from tests.scenes import database, redis_url, shop, slow_shop

__all__ = ["database", "redis_url", "shop", "slow_shop"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def url(database: str, redis_url: str) -> Iterator[str]:
    """The address of a dashboard process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUMO_SECRET_KEY", "a secret that only tests know")
        patch.setenv("KUMO_ALLOW_NETWORKS", "127.0.0.0/8")
        config.get.cache_clear()
        with served.listening() as listener, served.dashboard(listener) as address:
            yield address


@pytest.fixture
def served_at(url: str, database: str) -> str:
    """The address of the dashboard, which knows one person and nothing else."""
    databases.empty(database)
    given.a_person("hanako")
    return url


@pytest.fixture
def page(chromium: Browser, served_at: str) -> Iterator[Page]:
    """A page of somebody who is signed in; whatever the policy forbids fails the test."""
    page = chromium.new_page(base_url=served_at)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    sign_in(page)
    yield page
    page.close()
    assert [each for each in troubles if not re.search("net::ERR|503|422", each)] == []


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Name").fill("hanako")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
