"""Drafts in every state that the builder shows, as a worker would have left them."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from orchestrator.ledger import drafts as ledger
from orchestrator.ledger.drafts import Recipe
from orchestrator.ledger.errands import KeptPage
from orchestrator.ledger.models import TargetDraft

URL = "https://example.jp/商品/一覧?並び替え=新着"
_RECIPE: dict[str, Any] = {
    "items": {"css": "ul.products > li.product"},
    "fields": [
        {"name": "商品名", "css": "h2"},
        {"name": "price", "css": ".price", "clean": [{"step": "price", "currency": "currency"}]},
        {"name": "a_field_whose_name_" + "goes_on_and_" * 6, "css": "span.rating"},
        {"name": "url", "css": "a", "attribute": "href", "clean": ["absolute_url"]},
    ],
    "next_page": {"css": 'a[rel~="next"]'},
}
_NAMES = [field["name"] for field in _RECIPE["fields"]] + ["currency"]
_LIST = {
    "pattern": "A list of %(rows)d items: %(columns)s",
    "values": {"rows": 12, "columns": "商品名, price"},
}
_FEED = {"pattern": "The feed that this page names: %(name)s", "values": {"name": "新着"}}
_FAULTY = {**_RECIPE, "fields": [*_RECIPE["fields"], {"name": "seller", "css": "div[["}]}


def drafts(session: Session) -> dict[str, UUID]:
    """One of each; the names say what is seen."""
    return {kind: draft.id for kind, draft in _made(session).items()}


def _made(session: Session) -> dict[str, TargetDraft]:
    made = {
        kind: ledger.begin(session, URL, who="hanako")
        for kind in ("waiting", "overdue", "failed", "proposals", "editing", "faulty")
    }
    made["overdue"].asked_at -= ledger.OVERDUE
    ledger.fail(session, made["failed"].id, "not_html", "application/pdf")
    for kind in ("proposals", "editing", "faulty"):
        ledger.keep_page(session, made[kind].id, 0, KeptPage(URL, 200, {}, b""))
        ledger.propose(session, made[kind].id, [_proposal(rows=12), _proposal(rows=None)])
    session.flush()
    session.expire_all()
    for kind in ("editing", "faulty"):
        ledger.use(session, made[kind].id, _proposal(rows=12))
        ledger.show(session, made[kind].id, 1, {0: _preview()})
    session.expire_all()
    recipe = Recipe("selector", _FAULTY, ["url"])
    ledger.edit(session, made["faulty"].id, recipe, is_whole=False)
    return made


def _proposal(*, rows: int | None) -> dict[str, Any]:
    row = dict(zip(_NAMES, _cells(1), strict=True))
    return {
        "spider": "selector" if rows else "feed",
        "arguments": _RECIPE if rows else {},
        "title": _LIST if rows else _FEED,
        "start_url": URL,
        "key_fields": ["url"],
        "rows": rows,
        "columns": [{"name": name, "kind": "text", "samples": []} for name in _NAMES if rows],
        "sample": [row, row] if rows else [],
        "score": 9.0,
    }


def _cells(number: int) -> list[str]:
    name = f"万年筆 {number} 号 — 細字・静かに滑らかに書けます" + "。" * number
    return [name, f"{1_200 + number}.0", "", f"https://example.jp/商品/{number}", "¥"]


def _preview() -> dict[str, Any]:
    rows = [
        [{"text": text, "state": "fine" if text else "empty"} for text in _cells(number)]
        for number in range(1, 13)
    ]
    rows[3][1] = {"text": "時価 <b>ask</b>", "state": "odd"}
    return {
        "columns": [{"name": name, "filled": 0 if "goes" in name else 12} for name in _NAMES],
        "rows": rows,
        "count": 12,
        "next": f"{URL}&頁=2",
        "follow": 0,
        "faults": [],
    }
