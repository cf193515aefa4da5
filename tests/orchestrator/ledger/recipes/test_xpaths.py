"""Which XPaths are refused, and that honest ones are not."""

import pytest

from orchestrator.ledger.recipes import xpaths
from orchestrator.ledger.recipes.places import translated

HONEST = [
    "//h1",
    ".//a[@href]/@href",
    "//a[contains(@class, 'next')]/@href",
    "//th[text()='UPC']/following-sibling::td/text()",
    "//td[position() mod 2 = 1]",
    "(//p)[1]",
    "string(//h1)",
    "//dt[normalize-space() = '価格']/following-sibling::dd[1]",
    "//div[. = 'x/y//z[']",
    "//a[@rel = 'next' or @class = \"next\"]",
    "//a[b/c]/@href",
    "//*[@id='main']/div[2]/ul/li[last()]",
    "//div | //p",
    "//a[@b * 2 > 3]",
    "//h2[not(following-sibling::h2)]",
    "count(//li) > 3",
]
HONEST_CSS = [
    ".price",
    "table.offers > tbody > tr:nth-child(2n+1) td:last-child",
    "div.container > div.row > div.col-md-9.wide > article.product_pod.sale h3.title a.link",
    "a[href*='/products/']",
    "h1, h2.title, h3",
    "li:not(.ad):first-child",
    "dt:contains('価格') + dd",
    "#main [data-id]",
]
REFUSED = {
    "//a[//b]": "may not look into descendants within brackets",
    "//a[descendant::b]": "may not look into descendants within brackets",
    "//a[/b]": "may not begin at the root within brackets",
    "//a[@x = /b]": "may not begin at the root within brackets",
    "//a[count(/b) > 1]": "may not begin at the root within brackets",
    "//a/following::b": "may not use the axis following::",
    "//a/preceding :: b": "may not use the axis preceding::",
    "//namespace::*": "may not use the axis namespace::",
    "//a[re:test(., 'x')]": "may not call re:test()",
    "re:test(., 'x')": "may not call re:test()",
    "id('x')": "may not call id()",
    "document('x')": "may not call document()",
    "//svg:path": "may not use names with a prefix, like svg:path",
    "//a[. = $x]": "may not use variables",
    "//a[b[c[d]]]": "should nest at most 2 brackets",
    "//a" * 9: "should look into descendants at most 8 times",
    "/a" * 31: "should have at most 30 steps",
}


@pytest.mark.parametrize("xpath", HONEST)
def test_an_honest_xpath_is_taken(xpath: str) -> None:
    assert xpaths.fault(xpath) is None


@pytest.mark.parametrize("css", HONEST_CSS)
def test_an_honest_css_selector_is_taken(css: str) -> None:
    assert xpaths.fault(translated(css)) is None


@pytest.mark.parametrize(("xpath", "why"), REFUSED.items())
def test_what_is_slow_on_any_page_is_refused(xpath: str, why: str) -> None:
    assert xpaths.fault(xpath) == why


@pytest.mark.parametrize("xpath", ["", "//", "//a[", "a b", "//a]", "'", "//a[@@b]", "//a\0"])
def test_what_is_no_xpath_is_said_to_be_none(xpath: str) -> None:
    assert (xpaths.fault(xpath) or "").startswith("is no XPath")
