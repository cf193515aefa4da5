"""What the shop tells machines is valid, and says the same as its pages."""

from datetime import date
from email.utils import parsedate_to_datetime
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

from demo.catalogue import Shop

DAY = 300
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def locations(text, kind):
    return [
        loc.text for loc in ElementTree.fromstring(text).iterfind(f"{SITEMAP}{kind}/{SITEMAP}loc")
    ]


def test_robots_txt_allows_the_pages_and_names_the_sitemap(shop):
    robots = RobotFileParser()
    robots.parse(shop.get("/robots.txt").text.splitlines())
    assert robots.can_fetch("Kumo", shop.url + "/products/KM-000300")
    assert not robots.can_fetch("Kumo", shop.url + "/_stats")
    assert robots.site_maps() == [shop.url + "/sitemap.xml"]


def test_the_sitemap_names_every_page_once(shop):
    answer = shop.get("/sitemap.xml")
    assert answer.content_type == "application/xml"
    addresses = locations(answer.text, "url")
    assert len(set(addresses)) == len(addresses) == 71
    products = {shop.url + product.path for product in Shop().products(DAY)}
    assert products <= set(addresses)
    assert all(shop.get(address).status == 200 for address in addresses)


def test_the_sitemap_of_another_day_leads_to_that_day(shop):
    addresses = locations(shop.get("/sitemap.xml?day=310").text, "url")
    assert all("day=310" in address for address in addresses)
    assert f"{shop.url}/category/tea?page=2&day=310" in addresses


def test_the_sitemap_tells_when_a_product_changed(shop):
    root = ElementTree.fromstring(shop.get("/sitemap.xml").text)
    changed = {
        url.find(f"{SITEMAP}loc").text: date.fromisoformat(url.find(f"{SITEMAP}lastmod").text)
        for url in root
    }
    for product in Shop().products(DAY):
        assert changed[shop.url + product.path] == product.updated


def test_a_large_shop_has_several_sitemaps_that_together_name_every_page(open_shop):
    shop = open_shop("--pages", "20001", "--day", "300")
    parts = locations(shop.get("/sitemap.xml").text, "sitemap")
    addresses = [address for part in parts for address in locations(shop.get(part).text, "url")]
    assert len(parts) == 3
    assert len(set(addresses)) == len(addresses) == 20_001


def test_the_feed_names_the_newest_products(shop):
    answer = shop.get("/feed.xml?day=300")
    assert answer.content_type == "application/rss+xml"
    channel = ElementTree.fromstring(answer.text).find("channel")
    items = channel.findall("item")
    newest = Shop().products(DAY)[:-21:-1]
    assert [item.find("title").text for item in items] == [product.name for product in newest]
    assert [item.find("guid").text for item in items] == [shop.url + p.path for p in newest]
    assert items[0].find("link").text == shop.url + newest[0].path + "?day=300"
    assert parsedate_to_datetime(items[0].find("pubDate").text).date() == date(2026, 10, 28)
