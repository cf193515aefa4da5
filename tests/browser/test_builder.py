"""From a pasted address to a scheduled, running target, for each kind of page, in a few steps.

With a real worker that fetches, proposes and crawls, a site of twelve kinds and a real browser.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from orchestrator import config, triggers
from orchestrator import database as storage
from orchestrator.exceptions import TransitionRefused
from orchestrator.ledger import people, targets
from orchestrator.ledger.models import JobStatus, Role
from tests import awaiting, workers
from tests.browser import served
from tests.orchestrator.ledger import given
from tests.page_kinds import PageKind, kinds, site
from tests.scenes import database, redis_url  # noqa: F401  # for the whole module

PASSWORD = "correct horse battery"
#: Clicks and fields typed, at most.
MOST = 8
PATIENCE = 30_000


@dataclass
class Hand:
    """Somebody's hand, which counts what it does."""

    page: Page
    steps: int = 0

    def click(self, what: Locator) -> None:
        self.steps += 1
        what.click()

    def type(self, what: Locator, text: str) -> None:
        self.steps += 1
        what.fill(text)


@pytest.fixture(scope="module")
def address(database: str, redis_url: str) -> Iterator[str]:  # noqa: F811
    """Of the site."""
    with site.running() as address:
        yield address


@pytest.fixture(scope="module")
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """The page of an operator of a whole installation that may read the site."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUMO_SECRET_KEY", "a secret that only tests know")
        patch.setenv("KUMO_ALLOW_NETWORKS", "127.0.0.0/8")
        config.get.cache_clear()
        with storage.transaction() as session:
            people.add(session, "hanako", PASSWORD, role=Role.OPERATOR)
        with (
            workers.working("-Q", "crawls,control", "-c", "3", **workers.UNHURRIED),
            served.listening() as listener,
            served.dashboard(listener) as url,
        ):
            page = chromium.new_page(base_url=url)
            page.set_default_timeout(PATIENCE)
            troubles: list[str] = []
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on(
                "console", lambda said: troubles.append(said.text) if said.type == "error" else None
            )
            page.goto("/")
            page.get_by_label("Name").fill("hanako")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            yield page
            page.close()
    assert troubles == []


def looked_at(page: Page, url: str) -> Hand:
    """Up to the proposals, beginning at the list of targets."""
    page.goto("/targets")
    hand = Hand(page)
    hand.click(page.get_by_role("link", name="Add from a website").first)
    hand.type(page.get_by_label("Address of a page"), url)
    hand.click(page.get_by_role("button", name="Look"))
    return hand


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_a_page_becomes_a_scheduled_running_target_in_a_few_steps(
    page: Page, address: str, kind: PageKind
) -> None:
    hand = looked_at(page, f"{address}/{kind.name}/{kind.start}")
    hand.click(page.get_by_role("button", name="Use this").first)
    hand.click(page.get_by_role("button", name="Save and run"))
    started = page.get_by_role("status").filter(has_text="Started. Job ID:")
    job_id = UUID(started.get_by_role("link").inner_text())
    assert hand.steps <= MOST, hand.steps
    job = awaiting.job_at(job_id, JobStatus.RUNNING, JobStatus.COMPLETED)
    with storage.transaction() as session:
        target = targets.find(session, job.target_id)
        assert target.active
        assert target.next_run_at
    awaiting.until(
        lambda: given.job(job_id).items_scraped >= len(kind.rows), f"{len(kind.rows)} items"
    )
    with suppress(TransitionRefused):  # but for the site without end it is over
        triggers.cancel(job_id)


def test_the_preview_follows_what_is_edited(page: Page, address: str) -> None:
    hand = looked_at(page, f"{address}/product_grid/index.html")
    hand.click(page.get_by_role("button", name="Use this").first)
    table = page.locator(".preview-rows")
    expect(table).to_be_visible()
    name = page.get_by_label("Name").first
    hand.type(name, "renamed")
    expect(table.get_by_role("columnheader").first).to_contain_text("renamed")
    hand.type(page.get_by_label("Selector").first, "h9.nowhere")
    expect(table.locator(".cell-empty").first).to_be_visible()
    hand.type(page.get_by_label("Selector").first, "h2[[")
    expect(page.locator("#field-0-place-fault")).to_contain_text("Is no CSS selector")
    expect(page.get_by_label("Selector").first).to_have_attribute("aria-invalid", "true")
    # What was read before stays in sight.
    expect(table).to_be_visible()
    fields = page.locator(".field-row")
    before = fields.count()
    hand.click(fields.first.get_by_role("button", name=re.compile("Remove")))
    expect(fields).to_have_count(before - 1)
    expect(page.locator(".fault:not(:empty)")).to_have_count(0)


def test_a_recipe_is_tried_on_more_pages(page: Page, address: str) -> None:
    hand = looked_at(page, f"{address}/infinite/")
    hand.click(page.get_by_role("button", name="Use this").first)
    hand.click(page.get_by_role("button", name="Try on three more pages"))
    expect(page.locator(".preview-rows")).to_have_count(4)
    expect(page.locator(".preview-told")).to_contain_text("from 4 pages")


def test_a_page_that_is_not_there_is_explained(page: Page, address: str) -> None:
    looked_at(page, f"{address}/nowhere.html")
    expect(page.get_by_role("alert")).to_contain_text("answered with the error 404")
