"""A day with Kumo, as people spend it: with a real worker, a real shop and a real browser.

Texts are those of the catalogue of the language, so that a walk in Japanese proves the switch too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from babel.support import NullTranslations, Translations
from playwright.sync_api import Browser, Page, expect

from dashboard.languages import LANGUAGES
from orchestrator.ledger.models import Role
from tests import workers
from tests.browser.screenshots import SIZES
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.given import PASSWORD
from tests.shops import DAY, OpenShop

#: When prices have changed, and some products.
LATER = DAY + 40
#: A crawl of the shop takes two seconds; the machine may be busy.
PATIENCE = 30_000


@dataclass
class Reader:
    """Somebody with a page in front of them, and the words of their language."""

    page: Page
    texts: NullTranslations

    def said(self, text: str, **values: Any) -> str:
        found = str(self.texts.gettext(text))
        return found % values if values else found

    def press(self, text: str, within: str = "main") -> None:
        self.page.locator(within).get_by_role("button", name=self.said(text), exact=True).click()

    def follow(self, text: str, within: str = "main") -> None:
        link = self.page.locator(within).get_by_role("link", name=self.said(text), exact=True)
        link.first.click()

    def sign_in(self, name: str) -> None:
        self.page.goto("/sign-in")
        self.page.locator("#name").fill(name)
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("#submit").click()
        expect(self.page.get_by_role("navigation", name=self.said("Main"))).to_be_visible()

    def expect_status(self, text: str) -> None:
        """Of the job whose page this is."""
        status = self.page.locator("main .status").first
        expect(status).to_have_text(self.said(text), timeout=PATIENCE)


@pytest.fixture(scope="module")
def installed(url: str) -> Iterator[str]:
    """A whole installation: dashboard, worker, three accounts."""
    for role in Role:
        given.a_person(role.value, role=role)
    with workers.working("-Q", "crawls,control", "-c", "2", **workers.UNHURRIED):
        yield url


@pytest.fixture(params=[("en", "wide"), ("ja", "narrow")], ids="-".join)
def reader(chromium: Browser, installed: str, request: pytest.FixtureRequest) -> Iterator[Reader]:
    """A reader whose browser prefers English, and who presses the switch when it is not theirs."""
    language, size = request.param
    width, height = SIZES[size]
    context = chromium.new_context(
        base_url=installed, viewport={"width": width, "height": height}, locale="en-GB"
    )
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    page.goto("/sign-in")
    if language != "en":
        page.get_by_role("button", name=LANGUAGES[language]).click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    yield Reader(page, Translations.load("dashboard/translations", [language]))
    context.close()
    # Forms with faults, and pages that a role may not see, are asked for on purpose.
    assert [each for each in troubles if not re.search("status of (403|422)", each)] == []


def test_a_day(reader: Reader, shop: OpenShop, slow_shop: OpenShop) -> None:
    page = reader.page
    name = f"walk-{reader.said('Targets').encode().hex()[:8]}-{page.viewport_size['width']}"
    reader.sign_in("operator")
    add_a_target(reader, name, shop.on(DAY))
    run_and_watch(reader, name)
    item = open_an_item(reader, name, changes_in(shop))
    expect(page.locator(".item-change")).to_have_count(1)
    expect(page.locator(".item-change")).to_contain_text(reader.said("First seen"))
    change_the_address(reader, name, shop.on(LATER))
    run_and_watch(reader, name)
    see_its_change(reader, item)
    export_as_csv(reader, name, shop)
    start_and_cancel(reader, name, slow_shop)
    edit_the_schedule(reader, name)
    a_viewer_may_not(reader, name)


def add_a_target(reader: Reader, name: str, start_url: str) -> None:
    page = reader.page
    page.goto("/targets")
    reader.follow("Add a target")
    page.locator("#name").fill("No Such Name")
    page.locator("#spider").fill("demo_shop")
    page.locator("#start_urls").fill(start_url)
    reader.press("Add")
    expect(page.locator("#name-fault")).to_be_visible()
    page.locator("#name").fill(name)
    reader.press("Add")
    expect(page.locator("h1")).to_have_text(name)


def run_and_watch(reader: Reader, name: str) -> None:
    """The page is never reloaded by us: what it comes to show, it fetched itself."""
    page = reader.page
    open_target(reader, name)
    reader.press("Run")
    page.get_by_role("status").get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text(name)
    reader.expect_status("Completed")
    expect(page.locator("#live > [data-live]")).to_have_count(0)
    items = page.locator(".counts > div").filter(
        has=page.locator("dt", has_text=re.compile(f"^{re.escape(reader.said('Items'))}$"))
    )
    expect(items.locator("dd").first).to_have_text("60")


def changes_in(shop: OpenShop) -> set[str]:
    """The keys of products that are still there on the later day, and no longer the same."""
    now, later = shop.products(DAY), shop.products(LATER)
    return {sku for sku in now.keys() & later.keys() if now[sku] != later[sku]}


def open_an_item(reader: Reader, name: str, keys: set[str]) -> str:
    """The address of the first of them."""
    open_target(reader, name)
    reader.follow("Items")
    row = reader.page.locator("table.items tbody tr", has_text=re.compile("|".join(keys)))
    row.first.locator("th a").click()
    expect(reader.page.locator(".item-fields")).to_be_visible()
    return reader.page.url


def change_the_address(reader: Reader, name: str, start_url: str) -> None:
    """The shop moves on: its next day is at another address."""
    open_target(reader, name)
    reader.follow("Edit")
    reader.page.locator("#start_urls").fill(start_url)
    reader.press("Save")
    expect(reader.page.locator("h1")).to_have_text(name)


def see_its_change(reader: Reader, item: str) -> None:
    page = reader.page
    page.goto(item)
    change = page.locator(".item-change").first
    expect(change.get_by_role("row").nth(1)).to_be_visible()
    before, after = change.get_by_role("row").nth(1).get_by_role("cell").all_inner_texts()
    assert before != after
    change.get_by_role("link", name=reader.said("by this job")).click()
    reader.expect_status("Completed")


def export_as_csv(reader: Reader, name: str, shop: OpenShop) -> None:
    page = reader.page
    open_target(reader, name)
    reader.follow("Items")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert download.value.suggested_filename == f"{name}.csv"
    assert len(lines) == 1 + len(shop.products(DAY) | shop.products(LATER))


def start_and_cancel(reader: Reader, name: str, slow_shop: OpenShop) -> None:
    change_the_address(reader, name, slow_shop.on(DAY))
    reader.press("Run")
    reader.page.get_by_role("status").get_by_role("link").click()
    reader.expect_status("Running")
    reader.press("Cancel")
    reader.expect_status("Cancelled")
    expect(reader.page.get_by_role("button", name=reader.said("Retry"))).to_be_visible()


def edit_the_schedule(reader: Reader, name: str) -> None:
    page = reader.page
    open_target(reader, name)
    reader.follow("Edit")
    page.locator("#schedule").fill("61 3 * * *")
    reader.press("Save")
    expect(page.locator("#schedule-fault")).to_be_visible()
    page.locator("#schedule").fill("30 3 * * *")
    reader.press("Save")
    expect(page.locator("h1")).to_have_text(name)
    expect(page.locator("main")).to_contain_text("03:30")


def a_viewer_may_not(reader: Reader, name: str) -> None:
    page = reader.page
    address = open_target(reader, name)
    reader.press("Sign out", within="header")
    reader.sign_in("viewer")
    page.goto(address)
    expect(page.locator("h1")).to_have_text(name)
    expect(page.locator("main").get_by_role("button")).to_have_count(0)
    page.goto(f"{address}/edit")
    expect(page.locator("main")).to_contain_text(
        reader.said("Your role does not allow this; ask an admin.")
    )


def open_target(reader: Reader, name: str) -> str:
    """Its address."""
    reader.page.goto(f"/targets?text={name}")
    reader.page.locator(".of-target .name").first.click()
    expect(reader.page.locator("h1")).to_have_text(name)
    return reader.page.url
