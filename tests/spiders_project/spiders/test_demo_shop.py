"""The demo_shop spider: what it follows, what it reads, and a crawl of the real shop."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from scrapy.http import HtmlResponse

from demo.catalogue import Shop
from orchestrator import config
from spiders_project.items import ProductItem
from spiders_project.spiders.demo_shop import DemoShopSpider

ROOT = Path(__file__).parents[3]
DAY = 300


@pytest.fixture
def spider():
    return DemoShopSpider(start_url="http://shop.test/")


def followed(results):
    return [(request.url, request.callback.__name__) for request in results]


def test_the_home_page_leads_to_every_category(spider, saved_page):
    results = spider.parse(saved_page("demo_shop_home", "http://shop.test/?day=7"))
    assert followed(results) == [
        ("http://shop.test/category/tea?day=7", "parse_listing"),
        ("http://shop.test/category/kitchen?day=7", "parse_listing"),
    ]


def test_a_listing_page_leads_to_its_products_and_to_further_pages(spider, saved_page):
    url = "http://shop.test/category/tea?day=7"
    results = spider.parse_listing(saved_page("demo_shop_listing", url))
    assert followed(results) == [
        ("http://shop.test/products/KM-000001?day=7", "parse_product"),
        ("http://shop.test/products/KM-000002?day=7", "parse_product"),
        ("http://shop.test/category/tea?page=2&day=7", "parse_listing"),
        ("http://shop.test/category/tea?page=2&day=7", "parse_listing"),
    ]


def test_a_product_page_is_read_whole_and_its_url_carries_no_day(spider, saved_page):
    url = "http://shop.test/products/KM-000001?day=7"
    assert list(spider.parse_product(saved_page("demo_shop_product", url))) == [
        ProductItem(
            url="http://shop.test/products/KM-000001",
            sku="KM-000001",
            name="抹茶茶碗（藍）",
            price=1024.9,
            currency="EUR",
            stock=3,
            category="Tea",
            rating=4.5,
            description="A bowl.",
            image="http://shop.test/images/KM-000001.svg",
            updated="2026-01-06",
        )
    ]


def test_fields_a_page_does_not_show_are_none(spider):
    page = HtmlResponse("http://shop.test/products/x", body=b"<html><p>Soon</p></html>")
    assert list(spider.parse_product(page)) == [ProductItem()]


def test_without_a_start_url_it_begins_where_the_demo_shop_listens():
    assert DemoShopSpider().start_urls == [config.get().demo_url]


def test_a_start_url_as_argument_wins():
    assert DemoShopSpider(start_url="http://a.test/?day=7").start_urls == ["http://a.test/?day=7"]


@pytest.fixture
def shop_url():
    command = [sys.executable, "-m", "demo", "--port", "0", "--pages", "200"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().split()[-1]
        process.terminate()


def crawl(start_url, items):
    """What people type, from the project's root."""
    command = [sys.executable, "-m", "scrapy", "crawl", "demo_shop"]
    command += ["-O", str(items), "-a", f"start_url={start_url}"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(items.read_text(encoding="utf-8"))


def test_a_crawl_collects_exactly_the_products_of_the_day(shop_url, tmp_path):
    crawled = crawl(f"{shop_url}/?day={DAY}", tmp_path / "items.json")
    assert len(crawled) == Shop(200).size
    assert {item["sku"]: item for item in crawled} == {
        product.sku: {
            "url": shop_url + product.path,
            "sku": product.sku,
            "name": product.name,
            "price": product.price,
            "currency": product.currency,
            "stock": product.stock,
            "category": product.category,
            "rating": product.rating,
            "description": product.description,
            "image": shop_url + product.image,
            "updated": product.updated.isoformat(),
        }
        for product in Shop(200).products(DAY)
    }


def test_a_crawl_fetches_every_page_once(shop_url, tmp_path):
    crawl(shop_url, tmp_path / "items.json")
    with urlopen(f"{shop_url}/_stats", timeout=30) as answer:
        paths = json.load(answer)["paths"]
    assert paths.pop("/robots.txt") == 1
    assert len(paths) == 200
    assert set(paths.values()) == {1}
