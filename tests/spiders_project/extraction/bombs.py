"""Recipes and pages that are made for each other, to cost whoever brings them together.

Some recipes are refused when they are saved; others are honest elsewhere, and their page is given
up. `Bomb.page` is made when it is needed: some are megabytes.
"""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Bomb:
    """One of them; `spider` reads the page by `arguments`."""

    name: str
    spider: str
    arguments: Json
    page: Callable[[], bytes]


def _many(markup: str, times: int) -> Callable[[], bytes]:
    return ("<html><body>" + markup * times).encode


def _deep(tag: str, times: int) -> Callable[[], bytes]:
    return (f"<{tag}>" * times + "x").encode


LONG_TEXT = _many("a" * 1_000, 3_000)
ROWS = _many("<li class='a b c'><b>x</b></li>", 100_000)
FLAT = _many("<p>x", 200_000)
DEEP = _deep("div", 2_000)
DEEP_AND_WIDE = _many("<div>" * 100 + "<i>x</i>" + "</div>" * 100, 500)


def _field(**place: Any) -> Json:
    return {"fields": [{"name": "x", **place}]}


def _items(**place: Any) -> Json:
    return {"items": place, "fields": [{"name": "x", "css": "b"}]}


def _cleaned(*steps: Any) -> Json:
    return _field(css="body", clean=list(steps))


def _matched(pattern: str) -> Json:
    return _cleaned({"step": "match", "pattern": pattern})


def _selecting(kind: str, page: Callable[[], bytes], *expressions: str) -> list[Bomb]:
    return [Bomb(f"{kind}: {text[:60]}", "selector", _items(**{kind: text}), page)
            for text in expressions]  # fmt: skip


XPATHS = _selecting(
    "xpath", ROWS,
    "//*[following::*]",
    "//*[preceding::*[following::*]]",
    "//*[count(//*) > 3]",
    "//*[count(//*[count(//*) > 1]) > 1]",
    "//li[.//*[.//*]]",
    "//li[descendant::b[ancestor::*[descendant::b]]]",
    "//*[/html/body/*]",
    "//*[count(ancestor-or-self::*/descendant::*) > 9]",
    "//*[re:test(., '(x+x+)+y')]",
    "//*[str:replace(., 'x', 'xxxxxxxxxxxx')]",
    "set:difference(//*, //*)",
    "//*[id(concat('a', .))]",
    "//*" * 9,
    "/descendant::node()" * 12,
    "/*" * 40,
    "//*[*[*[*]]]",
    "|".join(["//*"] * 20),
    "//*[document('http://127.0.0.1/')]",
    "//*[$x]",
    "//*[. = //*]",
    # These are honest, on other pages.
    "//li[count(preceding-sibling::*) > count(following-sibling::*)]",
    "//li[count(preceding-sibling::li[count(preceding-sibling::li) > 1]) > 1]",
    "//li/preceding-sibling::li/following-sibling::li",
    "//*[contains(translate(normalize-space(string()), 'x', 'yyyy'), 'z')]",
)  # fmt: skip
CSS = _selecting(
    "css", ROWS,
    "li:has(b:has(b:has(b)))",
    ":not(:not(:not(:not(*))))" * 12,
    "* * * * * * * * * * *",
    ",".join(["* *"] * 60),
    "li:nth-child(2n+1)" + ":not(:nth-child(3n))" * 20,
    "a" + "[" * 200,
    # Honest.
    "li:nth-last-child(2n)",
    "li ~ li ~ li ~ li",
)  # fmt: skip
DEEP_SELECTORS = [
    *_selecting("css", DEEP, "div div div div div div", "div:nth-of-type(n+1) div"),
    *_selecting("xpath", DEEP_AND_WIDE, "//*/ancestor::*/descendant::*/ancestor::*"),
    Bomb("the text of everything in everything", "selector",
         _field(css="*", take="all"), DEEP_AND_WIDE),
    Bomb("every step to the next page", "selector",
         {**_field(css="b"), "next_page": {"xpath": "//li/following-sibling::li/b"}}, ROWS),
]  # fmt: skip
PATTERNS = [
    Bomb(f"pattern: {pattern[:60]}", "selector", _matched(pattern), LONG_TEXT)
    for pattern in (
        "(a+)+$",
        "(a|aa)+b",
        "(.*)(.*)(.*)(.*)(.*)(.*)b",
        "(a*)*(a*)*(a*)*c",
        "(x+x+)+y",
        "((a{1,50}){1,50}){1,50}",
        "a{1000}{1000}",
        "(?:a?){900}a{900}",
        "(?=a)*b",
        r"(a)\1+",
        r"\pL{500}" * 40,
    )
]
DATA = [
    Bomb("deep JSON", "api", {}, lambda: b"[" * 200_000),
    Bomb("deep entries", "api", {"list": "[]"}, lambda: b'[{"a":' * 900 + b"1" + b"}]" * 900),
    Bomb("a flood of flattening", "api", {"list": "[][].[@,@,@,@,@,@,@,@][][]"},
         lambda: json.dumps([[1] * 300_000]).encode()),
    Bomb("a path within a path", "api", {"list": "(" * 100 + "a" + ")" * 100}, lambda: b"{}"),
    Bomb("a filter of a filter", "api", {"list": "[?[?[?@ > `1`]]]"},
         lambda: json.dumps([[[1] * 100] * 100] * 300).encode()),
    Bomb("JSON-LD in JSON-LD", "structured", {"types": ["Product"]},
         lambda: b'<script type="application/ld+json">' + b'{"a":' * 100_000),
    Bomb("microdata without end", "structured", {"syntaxes": ["microdata"]},
         _many('<div itemscope><p itemprop="a">', 3_000)),
    Bomb("microdata that refers to itself", "structured", {"syntaxes": ["microdata"]},
         _many('<div id=a itemscope itemref="a"><p itemprop=b itemscope itemref="a">x', 200)),
    Bomb("a million laughs", "sitemap", {"page": {"structured": {}}},
         lambda: b"<!DOCTYPE x [<!ENTITY a 'ha'>" + b"".join(
             b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12)
         ) + b"]><urlset><url><loc>&m;</loc></url></urlset>"),
    Bomb("a sitemap that bursts", "sitemap", {"page": {"structured": {}}},
         lambda: gzip.compress(b"<urlset>" + b" " * 90_000_000)),
    Bomb("laughs in a feed", "feed", {},
         lambda: b"<!DOCTYPE x [<!ENTITY a 'ha'>" + b"".join(
             b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12)
         ) + b"]><rss><channel><item><title>&m;</title></item></channel></rss>"),
    Bomb("a feed of tags", "feed", {}, lambda: b"<rss><channel>" + b"<item>" * 100_000),
    Bomb("a number of three million digits", "selector", _cleaned("number"), _many("9", 3_000_000)),
    Bomb("a date that may be anything", "selector", _cleaned({"step": "date"}),
         _many("1 2 3 4 5 6 7 8 9 ", 100_000)),
]  # fmt: skip

BOMBS = [*XPATHS, *CSS, *DEEP_SELECTORS, *PATTERNS, *DATA]
