"""The link to the next page is found in many manners, and the extraction follows it."""

import pytest

from spiders_project import extraction
from spiders_project.extraction import extract
from spiders_project.proposals import paging
from spiders_project.proposals.outline import Outline

LIST = "https://x.test/list"
ONE = '<a href="?page=1">1</a>'
THREE = '<a href="?page=3">3</a>'


@pytest.mark.parametrize(
    "markup",
    [
        '<link rel="next" href="?page=2">',
        '<a rel="nofollow next" href="?page=2">more of it</a>',
        '<ul class="pager"><li class="next"><a href="?page=2">Onwards</a></li></ul>',
        '<a class="pagination__next" href="?page=2">→ 2</a>',
        '<a href="?page=2">Weiter »</a>',
        '<a href="?page=2">Suivant</a>',
        '<a href="?page=2">次のページ＞＞</a>',
        '<a href="?page=2">下一页</a>',
        '<a href="?page=2" aria-label="Next page"><svg></svg></a>',
        f'<p>{ONE} <a href="?page=2">›</a></p>',
        f'<div class="pages"><span class="current">1</span><a href="?page=2">2</a>{THREE}</div>',
        '<ul><li class="active"><a href="?page=1">1</a></li><li><a href="?page=2">2</a></li></ul>',
        '<ul><li><a class="is-active">1</a></li><li><a href="?page=2">2</a></li></ul>',
        f'<p class="pages"><strong>1</strong> <a href="?page=2">2</a> {THREE}</p>',
    ],
)
def test_the_next_page_is_found(markup: str) -> None:
    body = f"<html><body><a href='/about'>About</a>{markup}</body></html>"
    page = extraction.Page(
        "https://x.test/list?page=1", body.encode(), {"Content-Type": "text/html; charset=utf-8"}
    )
    place = paging.next_page(page, Outline(page.tree))
    assert place is not None
    recipe = {"fields": [{"name": "t", "css": "a"}], "next_page": place}
    assert [link.url for link in extract(page, "selector", recipe).links] == [
        "https://x.test/list?page=2"
    ]


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="/other">Nextdoor</a>',
        '<a href="https://other.test/">Next</a>',
        '<a href="#">Next</a>',
    ],
)
def test_what_leads_elsewhere_is_no_next_page(markup: str) -> None:
    page = extraction.Page(LIST, f"<body>{markup}</body>".encode())
    assert paging.next_page(page, Outline(page.tree)) is None
