"""What the five kinds of recipe read from a page: rows, links, faults."""

from typing import Any

import pytest

from spiders_project.extraction import Extracted, Page, extract

URL = "http://shop.test/list?page=1"
LISTING = """
<html><head><base href="/de/"><title>Shop</title></head><body>
<div class="card" id="a"><a href="a.html">Chair <b>tall</b><br>oak</a><i>1.234,50&nbsp;€</i></div>
<div class="card" id="b"><a href="b.html">Table</a><i>sold out</i><script>x()</script></div>
<div class="card" id="c"></div>
<a class="next" href="?page=2">more</a> <a href="#top">top</a> <a href="mailto:me@x">mail</a>
</body></html>"""
CARDS = {
    "items": {"css": ".card"},
    "fields": [
        {"name": "url", "css": "a", "attribute": "href", "clean": ["absolute_url"]},
        {"name": "name", "css": "a"},
        {"name": "price", "css": "i", "clean": [{"step": "price", "currency": "currency"}]},
    ],
}
PRODUCT = """
<html><head>
<script type="application/ld+json">{"@graph": [{"@type": "WebPage", "name": "page"},
 {"@type": ["Product"], "name": "Chair", "url": "/chair",
  "offers": {"@type": "Offer", "price": "5", "availability": "https://schema.org/InStock"}}]}</script>
<script type="application/ld+json">{no json</script>
<meta property="og:type" content="product"><meta property="og:title" content="Chair!">
</head><body>
<div itemscope itemtype="http://schema.org/Product"><span itemprop="name">Stool</span>
<div itemprop="offers" itemscope itemtype="http://schema.org/Offer">
<meta itemprop="price" content="7"></div></div></body></html>"""
RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><title>A &amp; B</title><link>/1</link><guid isPermaLink="false">g1</guid>
<category>x</category>
<description>&lt;p&gt;One&lt;/p&gt;two&lt;script&gt;bad()&lt;/script&gt;</description>
<pubDate>Tue, 10 Nov 2026 04:00:00 +0900</pubDate></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>T</title><id>urn:1</id>
<link href="http://x.test/t"/><updated>2026-11-10T00:00:00Z</updated></entry></feed>"""
URLSET = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc> http://shop.test/p/1 </loc><image:image xmlns:image="i"><image:loc>http://shop.test/i
</image:loc></image:image></url><url><loc>/about</loc></url></urlset>"""
SITEMAPS = "<sitemapindex><sitemap><loc>http://shop.test/s1.xml</loc></sitemap></sitemapindex>"


def read(
    spider: str, text: str | bytes, url: str = URL, content_type: str = "", **arguments: Any
) -> Extracted:
    body = text if isinstance(text, bytes) else text.encode()
    return extract(Page(url, body, {"Content-Type": content_type}), spider, arguments)


def field(text: str, *clean: Any, **more: Any) -> Any:
    """What one field takes from a page, cleaned so."""
    fields = [{"name": "x", "css": "p", "clean": list(clean), **more}]
    rows = read("selector", text, fields=fields).rows
    return rows[0]["x"] if rows else None


def test_each_match_is_an_item_and_empty_ones_are_none() -> None:
    assert read("selector", LISTING, **CARDS).rows == [
        {"url": "http://shop.test/de/a.html", "name": "Chair tall oak", "price": 1234.5,
         "currency": "EUR"},
        {"url": "http://shop.test/de/b.html", "name": "Table", "price": None, "currency": None},
    ]  # fmt: skip


def test_an_item_without_a_required_field_is_left_out_and_said_once() -> None:
    fields = [{"name": "price", "css": "i", "clean": ["price"], "required": True},
              {"name": "name", "css": "a"}]  # fmt: skip
    extracted = read("selector", LISTING, items={"css": ".card"}, fields=fields)
    assert [row["name"] for row in extracted.rows] == ["Chair tall oak"]
    assert [(fault.field, fault.row) for fault in extracted.faults] == [("price", None)]


def test_a_page_that_is_the_item_has_its_address() -> None:
    fields = [{"name": "title", "css": "title"}]
    assert read("selector", LISTING, fields=fields).rows == [{"url": URL, "title": "Shop"}]


def test_links_are_absolute_once_each_and_of_the_web() -> None:
    rules = {"follow": [{"css": ".card a"}, {"pattern": "b[.]html$"}, {"css": "a", "most": 1}]}
    links = read("selector", LISTING, **CARDS, **rules, next_page={"css": ".next"}).links
    assert [(link.url, link.kind) for link in links] == [
        ("http://shop.test/de/?page=2", "next"),
        ("http://shop.test/de/a.html", "follow"),
        ("http://shop.test/de/b.html", "follow"),
    ]


def test_a_link_to_the_page_itself_is_none() -> None:
    page = f'<a class="next" href="{URL}">next</a><p>x</p>'
    fields = [{"name": "x", "css": "p"}]
    assert read("selector", page, fields=fields, next_page={"css": ".next"}).links == []


@pytest.mark.parametrize(
    ("text", "clean", "value"),
    [
        ("<p> a\n b </p>", ["strip"], "a b"),
        ("<p>Ab", ["lower"], "ab"),
        ("<p>Ab", ["upper"], "AB"),
        ("<p>4.5 of 5", ["number"], 4.5),
        ("<p>1,234 pieces", ["number"], 1234),
        ("<p>9 999,5", ["number"], 9999.5),
        ("<p>none", ["number"], None),
        ("<p>12 left", ["integer"], 12),
        ("<p>１，９８０円", ["price"], 1980.0),
        ("<p>$5", ["price"], 5.0),
        ("<p>" + "9" * 400, ["number"], None),
        ("<p>2026年3月5日", [{"step": "date", "locale": "ja"}], "2026-03-05"),
        ("<p>5 mars 2026", [{"step": "date", "locale": "fr"}], "2026-03-05"),
        ("<p>03/05/2026", [{"step": "date", "order": "DMY"}], "2026-05-03"),
        ("<p>03/05/2026", [{"step": "date", "order": "MDY"}], "2026-03-05"),
        ("<p>2026-03-05T10:00:00+09:00", ["date"], "2026-03-05T10:00:00+09:00"),
        ("<p>tomato", ["date"], None),
        ("<html lang=sv><p>5 maj 2026", ["date"], "2026-05-05"),
        ("<p>a, b,, c", ["split"], ["a", "b", "c"]),
        ("<p>a|b", [{"step": "split", "with": "|"}, {"step": "join", "with": "+"}], "a+b"),
        ("<p>SKU: 17-b", [{"step": "match", "pattern": r"SKU: (\S+)"}], "17-b"),
        ("<p>SKU: 17-b", [{"step": "match", "pattern": r"\d+"}, "number"], 17),
        ("<p>SKU", [{"step": "match", "pattern": r"\d+"}], None),
        ("<p>x", ["absolute_url"], "http://shop.test/x"),
        ("<p>javascript:x()", ["absolute_url"], None),
        ("<p>http://[", ["absolute_url"], None),
    ],
)
def test_a_step_makes_a_value_of_a_text(text: str, clean: list[Any], value: Any) -> None:
    assert field(text, *clean) == value


def test_all_and_joined_take_every_match() -> None:
    text = "<p>1 €<p><p>2 €"
    assert field(text, "number", take="all") == [1, 2]
    assert field(text, take="joined") == "1 € 2 €"
    assert field(text, "first", take="all") == "1 €"


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        ("", "text/html; charset=Shift_JIS"),
        ('<meta charset="shift_jis">', ""),
        ('<meta http-equiv="content-type" content="text/html; charset=x-sjis">', "text/html"),
    ],
)
def test_shift_jis_is_read_by_header_and_by_meta(head: str, content_type: str) -> None:
    body = f"<html><head>{head}</head><p>価格：表示ソ</p></html>".encode("shift_jis")
    fields = [{"name": "x", "css": "p"}]
    (row,) = read("selector", body, content_type=content_type, fields=fields).rows
    assert row["x"] == "価格：表示ソ"


@pytest.mark.parametrize("body", [b"", b" ", b"\0", b"\xff\xfe", b"<", b"<!-- ", b"\x89PNG\r\n"])
def test_what_is_hardly_a_page_gives_no_item(body: bytes) -> None:
    assert read("selector", body, **CARDS).rows == []
    assert read("structured", body).rows == []
    assert read("feed", body).faults
    assert read("api", body).faults


def test_a_description_is_found_by_its_type_wherever_it_is() -> None:
    (row,) = read("structured", PRODUCT, types=["Product"]).rows
    assert row == {
        "url": "/chair", "name": "Chair", "offers_price": "5",
        "offers_availability": "https://schema.org/InStock",
    } | {"url": row["url"]}  # fmt: skip


def test_syntaxes_are_asked_in_turn_until_one_answers() -> None:
    def first(*syntaxes: str) -> dict[str, Any]:
        row: dict[str, Any] = read(
            "structured", PRODUCT, syntaxes=list(syntaxes), types=["Product"]
        ).rows[0]
        return row

    assert first("microdata", "json-ld") == {"url": URL, "name": "Stool", "offers_price": "7"}
    assert first("opengraph") == {"url": URL, "title": "Chair!"}


def test_fields_of_a_description_are_paths_into_it() -> None:
    fields = [{"name": "price", "path": "offers.price", "clean": ["price"]}]
    (row,) = read("structured", PRODUCT, types=["Product"], fields=fields).rows
    assert row == {"url": "http://shop.test/chair", "price": 5.0}


@pytest.mark.parametrize("half", ["&#xD800;", "&#x00dfff;", "&#55296;", "&#57343;"])
def test_half_a_letter_in_a_feed_harms_nothing(half: str) -> None:
    (row,) = read("feed", RSS.replace("<title>", f"<title>{half}")).rows[:1]
    assert "\ufffd" in row["title"]


def test_a_base_that_is_no_address_is_none() -> None:
    body = b'<base href="//["><a href="x">x</a>'
    assert Page("https://a.example/b/", body).base == "https://a.example/b/"


def test_a_feed_gives_its_entries() -> None:
    (row,) = read("feed", RSS, url="http://shop.test/feed").rows
    assert row["url"] == "http://shop.test/1"
    assert (row["id"], row["title"], row["summary"]) == ("g1", "A & B", "One two")
    assert (row["published"], row["tags"]) == ("2026-11-09T19:00:00+00:00", ["x"])
    (row,) = read("feed", ATOM, fields=["title", "updated"]).rows
    assert row == {
        "url": "http://x.test/t", "id": "urn:1", "title": "T",
        "updated": "2026-11-10T00:00:00+00:00",
    }  # fmt: skip


def test_a_sitemap_gives_links_and_its_pages_give_rows() -> None:
    page = {"selector": {"fields": [{"name": "title", "css": "title"}]}}
    arguments: dict[str, Any] = {"pattern": "/p/", "page": page}
    links = read("sitemap", URLSET, **arguments).links
    assert [(link.url, link.kind) for link in links] == [("http://shop.test/p/1", "follow")]
    links = read("sitemap", SITEMAPS, **arguments).links
    assert [(link.url, link.kind) for link in links] == [("http://shop.test/s1.xml", "sitemap")]
    robots = "User-agent: *\nDisallow: /x\nSitemap: http://shop.test/s.xml"
    links = read("sitemap", robots, url="http://shop.test/robots.txt", **arguments).links
    assert [(link.url, link.kind) for link in links] == [("http://shop.test/s.xml", "sitemap")]
    assert read("sitemap", LISTING, **arguments).rows == [{"url": URL, "title": "Shop"}]


@pytest.mark.parametrize(
    ("rule", "url", "following"),
    [
        ({"path": "next"}, URL, "http://shop.test/n2"),
        ({"path": "gone"}, URL, None),
        ({"path": "cursor", "parameter": "c"}, URL, f"{URL}&c=%2Fx"),
        ({"parameter": "page"}, URL, "http://shop.test/list?page=2"),
        ({"parameter": "page"}, "http://shop.test/list", "http://shop.test/list?page=2"),
        ({"parameter": "at", "from": 0, "by": 20}, URL, f"{URL}&at=20"),
        ({"parameter": "page"}, "http://shop.test/list?page=x", None),
    ],
)
def test_the_next_answer_is_named_or_counted(
    rule: dict[str, Any], url: str, following: str | None
) -> None:
    answer = '{"list": [{"a": 1, "b": {"c": [2]}}], "next": "/n2", "cursor": "/x"}'
    extracted = read("api", answer, url=url, list="list", next_page=rule)
    assert [link.url for link in extracted.links] == ([following] if following else [])
    assert extracted.rows == [{"a": 1, "b_c": 2}]


def test_counting_ends_at_an_empty_list() -> None:
    assert read("api", "[]", next_page={"parameter": "page"}).links == []


def test_an_answer_without_its_list_says_so() -> None:
    (fault,) = read("api", '{"error": "no"}', list="data").faults
    assert fault.sentence == "The answer has no list at data."
