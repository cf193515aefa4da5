"""The first proposal for pages of many manners, and what is said of pages that allow none."""

import time

import pytest

from orchestrator.ledger import recipes
from spiders_project.proposals import NothingToPropose, Obstacle, Page, propose
from tests.spiders_project.proposals.pages import each, first, page, rows


def test_cards_of_a_framework_are_told_by_what_is_in_them() -> None:
    card = (
        '<div class="col-12 col-md-4 mb-3"><div class="card h-100 shadow-sm"><img src="/i/{0}.png">'
        '<div class="card-body d-flex"><h5 class="card-title">Room {0}</h5><p class="card-text">'
        'Quiet.</p><span class="h5 mb-0">{1}</span><a class="btn" href="/r/{0}">View</a></div>'
        "</div></div>"
    )
    priced = [("A", "$1,299.00"), ("B", "$990.00"), ("C", "$2,050.50"), ("D", "$75.00")]
    found = first(f'<nav><a href="/">x</a></nav><div class="row">{each(card, priced)}</div>')
    assert found.arguments["items"] == {"css": ".card"}
    assert rows(found, "title", "price", "currency", "url")[0] == (
        *("Room A", 1299.0, "$"),
        "https://x.test/r/A",
    )


def test_a_plain_list_gives_texts_and_links() -> None:
    entries = [("salt", "Ann Lee"), ("rope", "Bo Ek"), ("chalk", "Cy Day"), ("tin", "Di Roe")]
    item = '<li><a href="/t/{0}">Talk on {0}</a> by {1}</li>'
    found = first(f"<h1>Talks</h1><ul>{each(item, entries)}</ul>")
    assert rows(found, "title", "url")[1] == ("Talk on rope by Bo Ek", "https://x.test/t/rope")


def test_nested_boxes_without_classes_are_told_by_their_places() -> None:
    box = (
        '<div><div><img src="/{0}.jpg"></div><div><a href="/{0}">{1}</a></div><div>{2}</div></div>'
    )
    teas = [("g", "Green", "1.234,56 €"), ("b", "Black", "12,00 €"), ("w", "White", "9,50 €")]
    menu = '<div><div><a href="/">Home</a></div><div><a href="/s">Shop</a></div></div>'
    found = first(f"<div>{menu}<div>{each(box, teas)}</div></div>")
    assert rows(found, "title", "price", "currency", "image") == [
        ("Green", 1234.56, "EUR", "https://x.test/g.jpg"),
        ("Black", 12.0, "EUR", "https://x.test/b.jpg"),
        ("White", 9.5, "EUR", "https://x.test/w.jpg"),
    ]


def test_heads_over_several_columns_are_put_before_those_below_them() -> None:
    row = "<tr><th scope=row>{0}</th><td>{1}</td><td>{2}</td></tr>"
    towns = each(row, [("Oslo", 800, "1,600"), ("Bergen", "2,200", 1100), ("Bodø", 1000, 1300)])
    head = (
        "<tr><th rowspan=2>City</th><th colspan=2>2025</th></tr><tr><th>Rain</th><th>Sun</th></tr>"
    )
    found = first(f"<table class=stats><thead>{head}</thead><tbody>{towns}</tbody></table>")
    assert rows(found, "city", "2025_rain", "2025_sun")[1] == ("Bergen", 2200, 1100)


def test_a_first_row_of_names_is_a_head_though_its_cells_look_like_others() -> None:
    people = each(
        "<tr><td>{0}</td><td>{1}</td></tr>",
        [("Ada", "$1,299.00"), ("Bob", "$9.50"), ("Cy", "$19.00")],
    )
    found = first(f"<table><tr><td><b>Name</b></td><td><b>Price</b></td></tr>{people}</table>")
    assert rows(found, "name", "price") == [("Ada", 1299.0), ("Bob", 9.5), ("Cy", 19.0)]


def test_microdata_is_read_as_it_describes_itself() -> None:
    thing = (
        '<div itemscope itemtype="https://schema.org/Product"><a itemprop="url" href="/p/{0}">'
        '<span itemprop="name">{0}</span></a><div itemprop="offers" itemscope '
        'itemtype="https://schema.org/Offer"><meta itemprop="priceCurrency" content="JPY">'
        '<span itemprop="price" content="{1}">¥{1}</span></div></div>'
    )
    found = first(f"<div>{each(thing, [('Pot', 1280), ('Cup', 640), ('Pan', 4200)])}</div>")
    assert found.spider == "structured"
    assert rows(found, "name", "price", "currency", "url")[0] == (
        *("Pot", 1280, "JPY"),
        "https://x.test/p/Pot",
    )


def test_news_in_japanese_have_their_dates() -> None:
    row = (
        '<div class="news-row"><p class="news-date">{0}</p><p class="news-cat">{1}</p>'
        '<p class="news-ttl"><a href="/n/{2}.html">{3}</a></p></div>'
    )
    news = [
        ("2026年11月25日", "重要", 1, "年末年始の営業について"),
        ("2026年11月20日", "催し", 2, "冬の陶器市を開きます"),
        ("2026年11月3日", "重要", 3, "臨時休業のお知らせ"),
    ]
    found = first(f'<html lang="ja"><body>{each(row, news)}<p><a href="/n/?p=2">次へ</a></p>')
    assert rows(found, "date", "category", "title")[2] == (
        *("2026-11-03", "重要", "臨時休業のお知らせ"),
    )
    assert found.arguments["next_page"] == {"xpath": '//a[normalize-space()="次へ"]'}


def test_a_list_of_dates_and_what_was_said_on_them_gives_an_item_for_each() -> None:
    news = [
        ("2026年11月25日", 1, "年末年始の営業"),
        ("2026年11月20日", 2, "陶器市を開きます"),
        ("2026年11月3日", 3, "臨時休業"),
    ]
    pair = '<dt>{0}</dt><dd><a href="/n/{1}">{2}</a></dd>'
    found = first(f'<dl class="news">{each(pair, news)}</dl>')
    assert rows(found, "date", "title", "url")[0] == (
        *("2026-11-25", "年末年始の営業"),
        "https://x.test/n/1",
    )


def test_classes_that_only_say_how_things_look_are_passed_over() -> None:
    job = (
        '<a href="/j/{0}" class="block p-4 bg-white hover:shadow"><h3 class="text-lg css-1x2y3z">'
        '{1}</h3><p class="text-gray-500">{2}</p><span class="ml-auto text-sm">{3}</span></a>'
    )
    jobs = [
        (1, "Baker", "Oven Ltd", "3 Nov 2026"),
        (2, "Joiner", "Plank AS", "1 Nov 2026"),
        (3, "Weaver", "Loom & Co", "28 Oct 2026"),
    ]
    found = first(f'<main><div class="grid grid-cols-3">{each(job, jobs)}</div></main>')
    assert rows(found, "title", "date")[1] == ("Joiner", "2026-11-01")
    assert "css-1x2y3z" not in str(found.arguments)
    assert "text-lg" not in str(found.arguments)


def test_values_behind_labels_are_found_where_other_labels_are_missing() -> None:
    entry = '<div class="entry"><h3>{0}</h3>{1}<p><b>Room:</b> {2}</p></div>'
    phone = "<p><b>Phone:</b> 555 {0}</p>"
    people = [("Ann", phone.format("01 x"), 12), ("Bo", "", 14), ("Cy", phone.format("03 y"), 9)]
    found = first(each(entry, people))
    assert rows(found, "title", "phone", "room") == [
        ("Ann", "555 01 x", 12),
        ("Bo", None, 14),
        ("Cy", "555 03 y", 9),
    ]


def test_a_glossary_gives_its_terms() -> None:
    long = "is a word for a thing that potters use on every day of the year but Sundays, {0}"
    terms = [(term, long.format(term)) for term in ("Kiln", "Glaze", "Slip", "Bisque")]
    found = first(f"<h1>Glossary</h1><dl>{each('<dt>{0}</dt><dd>{1}</dd>', terms)}</dl>")
    assert rows(found, "term", "description") == terms


def test_items_under_headings_have_these_as_their_group() -> None:
    event = '<div class="ev"><span>{0}</span><span>{1}</span></div>'
    may, june = [("3 May 2027", "Fair"), ("9 May 2027", "Walk")], [("1 June 2027", "Swim")] * 2
    months = f"<section><h2>May</h2>{each(event, may)}</section>"
    months += f"<section><h2>June</h2>{each(event, june)}</section>"
    found = first(months)
    assert rows(found, "group", "date", "title")[1:3] == [
        ("May", "2027-05-09", "Walk"),
        ("June", "2027-06-01", "Swim"),
    ]


def test_a_page_about_one_thing_gives_one_item_by_its_labels() -> None:
    found = first(
        '<h1>Oak chair</h1><p class="price">£240.00</p><table><tr><th>Width</th><td>45 cm</td>'
        "</tr><tr><th>Wood</th><td>Oak</td></tr></table>"
    )
    assert rows(found, "title", "price", "width", "wood") == [("Oak chair", 240.0, 45, "Oak")]


def test_a_price_before_a_sale_is_not_taken_for_the_price() -> None:
    goods = '<li class="goods"><b class="goods-name">{0}</b><span class="cost">{1}</span></li>'
    sale = "<del><i class='amount'>¥1,480</i></del> <i class='amount'>¥1,280(税込)</i>"
    plain = "<i class='amount'>¥640(税込)</i>"
    found = first(f"<ul>{each(goods, [('急須', sale), ('湯呑', plain), ('茶筅', sale)])}</ul>")
    assert rows(found, "price", "old_price") == [(1280.0, 1480.0), (640.0, None), (1280.0, 1480.0)]


def test_addresses_shown_by_scripts_later_are_those_of_lazy_pictures() -> None:
    shot = '<figure class="shot"><img src="data:image/gif;base64,R0" data-src="/{0}.jpg"><b>{0}</b>'
    found = first(each(shot + "</figure>", [("a",), ("b",), ("c",)]))
    assert rows(found, "image")[0] == ("https://x.test/a.jpg",)


def test_an_answer_with_the_address_of_the_next_leads_there() -> None:
    body = '{"results":[{"a":1},{"a":2}],"next":"https://x.test/list?cursor=q","previous":null}'
    found = first(body, headers={"Content-Type": "application/json"})
    assert (found.arguments["list"], found.arguments["next_page"]) == ("results", {"path": "next"})


def test_a_cursor_goes_into_the_parameter_that_is_called_so() -> None:
    body = '{"data":[{"a":1},{"a":2}],"meta":{"next_cursor":"abc"}}'
    found = first(body, "https://x.test/v1?cursor=xyz", headers={})
    assert found.arguments["next_page"] == {"path": "meta.next_cursor", "parameter": "cursor"}


def test_a_sitemap_s_pages_are_read_as_its_example_is() -> None:
    urls = each("<url><loc>https://x.test/{0}/{1}</loc></url>", [("t", n) for n in range(5)])
    about = "<url><loc>https://x.test/about</loc></url>"
    example = page("<h1>A</h1><table><tr><th>Wood</th><td>Oak</td></tr><tr><th>Age</th><td>9</td>")
    found = first(f'<?xml version="1.0"?><urlset>{about}{urls}</urlset>', example=example)
    assert (found.spider, found.arguments["pattern"]) == ("sitemap", "/t/")
    names = [each["name"] for each in found.arguments["page"]["selector"]["fields"]]
    assert names == ["title", "wood", "age"]


def test_feeds_and_sitemaps_that_are_named_are_proposed_after_what_is_on_the_page() -> None:
    posts = each('<article><h2><a href="/{0}">{0}</a></h2><p>{0} x</p></article>', ["a", "b", "c"])
    head = '<link rel="alternate" type="application/atom+xml" title="News" href="/atom">'
    body = f"<html><head>{head}</head><body>{posts}</body></html>"
    found = propose(page(body, robots="User-agent: *\nSitemap: https://x.test/s.xml\n"))
    assert [each.spider for each in found] == ["selector", "feed", "sitemap"]
    assert [each.start_url for each in found[1:]] == ["https://x.test/atom", "https://x.test/s.xml"]


def test_what_is_beside_the_page_s_own_list_comes_after_it() -> None:
    good = '<div class="good"><a href="/{0}"><img src="/{0}.jpg">{0}</a><i>€{1},00</i></div>'
    note = '<div class="note"><h3>{0}</h3><span>{1}</span></div>'
    notes = each(note, [("a", "One said"), ("b", "Two went"), ("c", "It rained"), ("d", "Off")])
    others = each(good, [(f"x{number}", number) for number in range(10, 20)])
    found = propose(page(f'<main>{notes}</main><div class="recommended-box">{others}</div>'))
    assert found[0].arguments["items"] == {"css": ".note"}


def test_every_proposal_is_a_recipe_that_can_be_saved() -> None:
    body = each('<div class="it"><a href="/{0}">{0}</a><i>{0}</i></div>', ["a", "b", "c"])
    for proposal in propose(page(body, robots="Sitemap: /s.xml")):
        recipes.read(proposal.spider, proposal.arguments)


ITEM = '<article><h2><a href="/{0}">{0} and more</a></h2><p>On {0}.</p></article>'
LINKS = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("a", "b", "c"))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (page("Gone", status=404), Obstacle.ERROR),
        (page("<p>Who?", status=401), Obstacle.SIGN_IN),
        (page("<p>No", status=403), Obstacle.ERROR),
        (page("<div class='g-recaptcha'></div>", status=403), Obstacle.REFUSED),
        (page(f"<nav>{LINKS}</nav><form><input type=password></form>"), Obstacle.SIGN_IN),
        (page("<div id=root></div><script src=/a.js></script>"), Obstacle.DRAWN_BY_SCRIPT),
        (page("  "), Obstacle.EMPTY),
        (
            page("<html><p>Only words here, and no more than these. " + "Word " * 60),
            Obstacle.NOTHING_FOUND,
        ),
        (page("%PDF-1.7", headers={"Content-Type": "application/pdf"}), Obstacle.NOT_A_PAGE),
        (page('{"error":"none"}', headers={}), Obstacle.NOTHING_FOUND),
    ],
)
def test_a_page_that_allows_no_proposal_is_explained(answer: Page, reason: Obstacle) -> None:
    with pytest.raises(NothingToPropose) as refused:
        propose(answer)
    assert refused.value.reason is reason
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    "markup",
    [
        "<o:p><a href=/{0}>{0}</a> x</o:p>",
        "<p class=\"a'b &quot;c\"><b>L'&quot;{0}:</b> y</p>",
        '<base href="//["><p itemscope itemtype="T"><b itemprop="x y">{0}</b></p>',
        "<dl><o:x>{0}</o:x><dt>\x01{0}</dt><dd>{0}</dd></dl>",
        "<td colspan=9999999999>{0}<tr><th>{0}<table>",
    ],
)
def test_markup_that_no_selector_can_name_does_no_harm(markup: str) -> None:
    found = propose(page(each(markup, [("a",), ("b",), ("c",)]) + each(ITEM, ["d", "e", "f"])))
    for proposal in found:
        recipes.read(proposal.spider, proposal.arguments)


def test_a_page_of_five_megabytes_takes_a_few_seconds() -> None:
    card = '<div class="card"><h3><a href="/p/{0}">Thing {0}</a></h3><p>€{0},99</p></div>'
    body = each(card, [(number,) for number in range(70_000)])
    began = time.process_time()
    found = first(body[:5_000_000])
    assert found.rows is not None
    assert found.rows > 50_000
    assert time.process_time() - began < 5
