import gzip
from typing import Any

import pytest
from scrapy import FormRequest, Request
from scrapy.http import Headers, HtmlResponse, Response

from orchestrator.ledger.cached_pages import Validators
from spiders_project import conditions

URL = "http://shop.test/tea"
ETAG = '"42"'
CHANGED, SENT = "Wed, 25 Nov 2026 10:00:00 GMT", "Wed, 25 Nov 2026 10:00:01 GMT"


def response(headers: dict[str, Any], **fields: Any) -> Response:
    fields = {"body": b"<p>tea</p>", "headers": headers} | fields
    return HtmlResponse(URL, encoding="utf-8", **fields)


def asked(**headers: Any) -> Request:
    return Request(URL, headers={name.replace("_", "-"): v for name, v in headers.items()})


# Requests


def test_what_anybody_could_send_may_be_asked_on_condition() -> None:
    plain = asked(Accept="*/*", Accept_Language="ja", User_Agent="Kumo", Referer="http://x/")
    assert conditions.is_plain(plain)


@pytest.mark.parametrize(
    "request_",
    [
        asked(Authorization="Basic eA=="),
        asked(Cookie="session=1"),
        asked(X_Api_Key="1"),
        asked(If_None_Match='"mine"'),
        asked(Range="bytes=0-9"),
        asked(Cache_Control="no-store"),
        Request(URL, method="HEAD"),
        Request(URL, body=b"query"),
        FormRequest(URL, formdata={"a": "b"}),
        Request(URL, meta={"dont_cache": True}),
        Request(URL + "?token=${KUMO_SECRET_TOKEN}"),
        asked(Accept="application/json; token=${TOKEN}"),
    ],
    ids=str,
)
def test_other_requests_are_left_alone(request_: Request) -> None:
    assert not conditions.is_plain(request_)


def test_both_validators_are_sent_and_nothing_of_them_stays() -> None:
    request = asked(Accept="*/*")
    conditions.ask(request, Validators(ETAG, CHANGED))
    assert request.headers["If-None-Match"] == ETAG.encode()
    assert request.headers["If-Modified-Since"] == CHANGED.encode()
    conditions.withdraw(request)
    assert dict(request.headers) == dict(asked(Accept="*/*").headers)


def test_the_forms_of_a_page_that_a_site_may_choose_from_are_told_apart() -> None:
    keys = {
        conditions.key(asked(**headers), fingerprint)
        for fingerprint in (b"a", b"b")
        for headers in ({}, {"Accept": "*/*"}, {"Accept_Language": "ja"}, {"User_Agent": "Kumo"})
    }
    assert len(keys) == 8
    referred = conditions.key(asked(Referer="http://x/"), b"a")
    assert referred == conditions.key(asked(), b"a")


# What may be kept


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"ETag": ETAG}, Validators(ETAG, None)),
        ({"ETag": f"W/{ETAG}"}, Validators(f"W/{ETAG}", None)),
        ({"ETag": ETAG, "Last-Modified": SENT, "Date": SENT}, Validators(ETAG, SENT)),
        ({"Last-Modified": CHANGED, "Date": SENT}, Validators(None, CHANGED)),
        ({"ETag": ETAG, "Cache-Control": "no-cache, max-age=0"}, Validators(ETAG, None)),
        ({"ETag": ETAG, "Cache-Control": "private"}, Validators(ETAG, None)),
        ({"ETag": ETAG, "Vary": "Accept-Encoding, Cookie"}, Validators(ETAG, None)),
    ],
)
def test_a_page_with_a_validator_is_kept(headers: dict[str, str], expected: Validators) -> None:
    assert conditions.validators(response(headers)) == expected


@pytest.mark.parametrize(
    "page",
    [
        response({}),
        response({"Last-Modified": CHANGED}),
        response({"Last-Modified": SENT, "Date": SENT}),
        response({"Last-Modified": "yesterday", "Date": SENT}),
        response({"Last-Modified": CHANGED.replace("GMT", "+" + "9" * 30), "Date": SENT}),
        response({"ETag": ETAG, "Cache-Control": "max-age=60, No-Store"}),
        response({"ETag": ETAG, "Cache-Control": ["max-age=60", "no-store"]}),
        response({"ETag": ETAG, "Set-Cookie": "a=b"}),
        response({"ETag": ETAG, "Vary": "*"}),
        response({"ETag": ETAG, "Vary": "Accept, Referer"}),
        response({"ETag": "*"}),
        response({"ETag": b'"\xff\x00"'}),
        response({"ETag": '"' + "x" * 2_000 + '"'}),
        response({"ETag": ETAG}, status=203),
        response({"ETag": ETAG}, status=206),
        response({"ETag": ETAG}, status=404),
        response({"ETag": ETAG}, flags=["dataloss"]),
        response({"ETag": ETAG}, body=b"x" * (conditions.MOST_BYTES + 1)),
    ],
)
def test_other_pages_are_not_kept(page: Response) -> None:
    assert conditions.validators(page) is None


def test_what_belongs_to_the_connection_is_not_kept() -> None:
    copy = conditions.copy_of(response({"ETag": ETAG, "Connection": "close", "Keep-Alive": "5"}))
    assert copy.head == b'Etag: "42"'


# What "not modified" brings back


@pytest.mark.parametrize(
    ("said", "known", "is_about"),
    [
        ({}, Validators(ETAG, None), True),
        ({"ETag": ETAG}, Validators(ETAG, None), True),
        ({"ETag": f"W/{ETAG}"}, Validators(ETAG, None), True),
        ({"ETag": ETAG}, Validators(None, CHANGED), True),
        ({"ETag": '"43"'}, Validators(ETAG, None), False),
    ],
)
def test_unchanged_is_about_the_state_that_was_named(
    said: dict[str, str], known: Validators, is_about: bool
) -> None:
    assert conditions.is_about(Response(URL, status=304, headers=said), known) is is_about


def test_a_page_comes_back_as_it_was_sent() -> None:
    body = gzip.compress("<p>お茶</p>".encode("shift_jis"))
    sent = response(
        {
            "ETag": ETAG,
            "Content-Type": "text/html; charset=shift_jis",
            "Content-Encoding": "gzip",
            "Link": ["<a>", "<b>"],
        },
        body=body,
    )
    unchanged = Response(URL, status=304, headers={"Content-Type": "application/octet-stream"})
    page = conditions.restored(conditions.copy_of(sent), unchanged)
    assert (page.status, page.url, page.body) == (200, URL, body)
    assert page.headers == Headers(sent.headers)
    assert page.flags == ["cached"]


def test_what_the_site_says_anew_of_a_page_counts() -> None:
    copy = conditions.copy_of(response({"ETag": f"W/{ETAG}", "Date": CHANGED, "X": "old"}))
    unchanged = Response(
        URL,
        status=304,
        headers={"ETag": ETAG, "Date": SENT, "Set-Cookie": ["a=b", "c=d"], "Content-Length": "0"},
    )
    page = conditions.restored(copy, unchanged)
    assert page.headers == Headers(
        {"ETag": ETAG, "Date": SENT, "X": "old", "Set-Cookie": ["a=b", "c=d"]}
    )
