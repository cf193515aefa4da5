import csv
import io
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import openpyxl
import orjson
import pyarrow.parquet
import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from dashboard import formats
from dashboard.formats import excel
from orchestrator.ledger import search
from orchestrator.ledger.models import AuditEntry, Export, ScrapingTarget
from tests.dashboard import rows
from tests.dashboard.conftest import Browser

DATA: list[dict[str, Any]] = [
    {"name": "万年筆 — 細字", "price": 1200, "weight": 0.5, "new": True, "tags": ["文房具", "紙"]},
    {"name": "=1+1", "price": -5, "weight": -0.25, "new": False, "tags": []},
    {"name": "＝HYPERLINK(\"http://x\")", "price": 0, "weight": 1e20, "new": None},
    {"name": "\x1b[31m+red\x1b[0m", "key": "my own", "nested": {"a": [1, None]}},
    {"name": " \u200b@cmd", "price": 2**60, "line": "one\ntwo, \"three\""},
    {"name": "-2", "=field": "\tx", "note": "\r=1"},
    {},
]  # fmt: skip


@pytest.fixture
def stocked(session: Session, target: ScrapingTarget) -> str:
    """The address of an export of a target with every kind of value, the first found first."""
    job = rows.job(session, target)
    for number, data in enumerate(DATA):
        item = rows.item(session, job, data)
        item.key = f"k{number}"
        item.changed_at = datetime(2026, 11, 20 - number, 12, 30, 15, tzinfo=UTC)
    session.flush()
    search.catch_up()
    return f"/targets/{target.id}/export"


def taken(browser: Browser, path: str, kind: str, **view: str) -> bytes:
    fields = {"format": kind, "csrf_token": browser.token}
    answer = browser.client.post(f"{path}?{urlencode(view)}", data=fields)
    assert answer.status_code == 200
    data = answer.data
    answer.close()
    return data


def records(table: list[list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def test_csv_has_every_cell_and_none_is_a_formula(viewer: Browser, stocked: str) -> None:
    raw = taken(viewer, stocked, "csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert table[0][:5] == ["key", "first_seen_at", "last_seen_at", "changed_at", "name"]
    found = records(table)
    assert [each["key"] for each in found] == [f"k{n}" for n in range(7)]
    assert found[0]["changed_at"] == "2026-11-20 12:30:15"
    assert [each["name"] for each in found] == [
        "万年筆 — 細字", "'=1+1", "'＝HYPERLINK(\"http://x\")", "'+red", "' \u200b@cmd", "'-2", "",
    ]  # fmt: skip
    assert [each["price"] for each in found[:5]] == ["1200", "-5", "0", "", str(2**60)]
    assert (found[1]["weight"], found[0]["new"], found[0]["tags"]) == (
        "-0.25", "true", "文房具, 紙",
    )  # fmt: skip
    assert (found[3]["key (2)"], found[3]["nested"]) == ("my own", '{"a":[1,null]}')
    assert found[4]["line"] == 'one\ntwo, "three"'
    assert (found[5]["'=field"], found[5]["note"]) == ("'\tx", "'=1")


def test_excel_has_every_cell_with_its_type_and_no_formula(viewer: Browser, stocked: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(taken(viewer, stocked, "xlsx")))
    (sheet,) = book.worksheets
    assert {cell.data_type for row in sheet for cell in row} <= {"s", "n", "b", "d"}
    found = records([[cell.value for cell in row] for row in sheet])
    assert str(found[0]["changed_at"]) == "2026-11-20 12:30:15"
    assert [each["name"] for each in found] == [
        "万年筆 — 細字", "'=1+1", "'＝HYPERLINK(\"http://x\")", "'+red", "' \u200b@cmd",
        "'-2", None,
    ]  # fmt: skip
    assert [each["price"] for each in found] == [1200, -5, 0, None, str(2**60), None, None]
    assert [each["weight"] for each in found[:3]] == [0.5, -0.25, 1e20]
    assert [each["new"] for each in found[:3]] == [True, False, None]
    assert (found[5]["'=field"], found[5]["note"]) == ("'\tx", "'=1")


def test_json_lines_have_the_data_as_it_is(viewer: Browser, stocked: str) -> None:
    lines = [orjson.loads(line) for line in taken(viewer, stocked, "jsonl").splitlines()]
    assert [line["data"] for line in lines] == DATA
    assert list(lines[0]) == ["key", "first_seen_at", "last_seen_at", "changed_at", "data"]
    assert datetime.fromisoformat(lines[0]["changed_at"]) == datetime(
        2026, 11, 20, 12, 30, 15, tzinfo=UTC
    )


def test_parquet_has_every_value_in_typed_columns(viewer: Browser, stocked: str) -> None:
    table = pyarrow.parquet.read_table(io.BytesIO(taken(viewer, stocked, "parquet")))
    found = table.to_pylist()
    types = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert (types["price"], types["weight"], types["new"], types["name"]) == (
        "int64", "double", "bool", "string",
    )  # fmt: skip
    assert found[0]["changed_at"] == datetime(2026, 11, 20, 12, 30, 15, tzinfo=UTC)
    for row, data in zip(found, DATA, strict=True):
        for name, value in data.items():
            column = "key (2)" if name == "key" else name
            stored = orjson.loads(row[column]) if isinstance(value, (list, dict)) else row[column]
            assert stored == value


def test_values_that_do_not_fit_their_column_go_to_the_last(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    session.execute(
        text(
            "INSERT INTO scraped_items (target_id, key, data, content_hash, changed_at)"
            " SELECT :target, lpad(n::text, 5, '0'), CASE WHEN n <= 1500"
            " THEN jsonb_build_object('n', n) ELSE '{\"n\": \"text\"}'::jsonb END, '',"
            " now() - make_interval(secs => n) FROM generate_series(1, 2500) n"
        ),
        {"target": target.id},
    )
    raw = taken(viewer, f"/targets/{target.id}/export", "parquet")
    file = pyarrow.parquet.ParquetFile(io.BytesIO(raw))
    found = file.read().to_pylist()
    assert file.num_row_groups == 3
    assert [row["n"] for row in found[:1500]] == list(range(1, 1501))
    assert {(row["n"], row["more"]) for row in found[1500:]} == {(None, '{"n":"text"}')}


def test_fields_beyond_the_columns_go_to_the_last(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    many = {f"f{number:03}": number for number in range(510)} | {"n" * 300: "long"}
    rows.item(session, rows.job(session, target), many)
    raw = taken(viewer, f"/targets/{target.id}/export", "csv")
    (found,) = records(list(csv.reader(io.StringIO(raw.decode("utf-8-sig")))))
    assert len(found) == 4 + 500 + 1
    rest = orjson.loads(found["more"])
    assert {**{k: int(v) for k, v in found.items() if k.startswith("f") and k[1:].isdigit()},
            **rest} == many  # fmt: skip


def test_an_export_takes_the_items_of_the_view_in_its_order(viewer: Browser, stocked: str) -> None:
    def keys(**view: str) -> list[str]:
        lines = taken(viewer, stocked, "jsonl", **view).splitlines()
        return [orjson.loads(line)["key"] for line in lines]

    assert keys(sort="changed_at", order="up") == [f"k{n}" for n in reversed(range(7))]
    assert keys(sort="data.price")[:3] == ["k1", "k2", "k0"]
    assert keys(q="万年筆") == ["k0"]
    assert keys(field="price", **{"is": "greater", "value": "1"}) == ["k0", "k4"]
    assert keys(q="nothing") == []
    for kind in ("csv", "xlsx", "parquet"):
        assert taken(viewer, stocked, kind, q="nothing")


def test_a_long_cell_is_cut_to_what_excel_holds_and_says_so(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    rows.item(session, rows.job(session, target), {"a": "🦊" * 20_000, "b": "x" * 32_767})
    raw = taken(viewer, f"/targets/{target.id}/export", "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(raw)).worksheets[0]
    (found,) = records([[cell.value for cell in row] for row in sheet])
    assert found["a"].endswith("🦊 … (cut)")
    assert len(found["a"].encode("utf-16-le")) <= 2 * 32_767
    assert found["b"] == "x" * 32_767


def test_more_rows_than_a_sheet_holds_go_on_in_a_further_one(
    viewer: Browser, stocked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "MOST_ROWS", 4)
    book = openpyxl.load_workbook(io.BytesIO(taken(viewer, stocked, "xlsx")))
    sheets = [[row[0].value for row in sheet] for sheet in book.worksheets]
    assert sheets == [["key", "k0", "k1", "k2"], ["key", "k3", "k4", "k5"], ["key", "k6"]]


def test_an_export_is_written_down_and_can_be_asked_after(
    viewer: Browser, stocked: str, session: Session
) -> None:
    export_id = uuid4()
    answer = viewer.post(f"{stocked}?q=万年筆", {"format": "csv", "export": str(export_id)})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="shop.csv"'
    answer.close()
    assert viewer.get(f"/exports/{export_id}").json == {
        "items": 1, "of": 1, "ended": True, "trouble": None,
    }  # fmt: skip
    row = session.get_one(Export, export_id)
    assert (row.who, row.format, row.view["q"]) == ("viewer", "csv", ["万年筆"])
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "export.take")).one()
    assert (entry.who, entry.subject, entry.details["items"]) == ("viewer", "shop", 1)
    assert viewer.get(f"/exports/{uuid4()}").status_code == 404


def test_the_same_id_again_is_another_export(
    viewer: Browser, stocked: str, session: Session
) -> None:
    for _ in range(2):
        viewer.post(stocked, {"format": "csv", "export": str(UUID(int=7))}).close()
    assert session.scalar(select(func.count()).select_from(Export)) == 2


def many(session: Session, target: ScrapingTarget, number: int) -> str:
    session.execute(
        text(
            "INSERT INTO scraped_items (target_id, key, data, content_hash)"
            " SELECT :target, n, jsonb_build_object('n', n, 'name', 'Oak stool ' || n,"
            " 'text', repeat('lorem ipsum ', 50)), '' FROM generate_series(1, :number) n"
        ),
        {"target": target.id, "number": number},
    )
    return f"/targets/{target.id}/export"


def test_a_download_that_breaks_off_ends_with_trouble_and_tells_how_far_it_came(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    export_id = uuid4()
    path = many(session, target, 5_000)
    fields = {"format": "csv", "export": str(export_id), "csrf_token": viewer.token}
    answer = viewer.client.post(path, data=fields, buffered=False)
    pieces = answer.iter_encoded()
    for _ in range(3):
        next(pieces)
    state = viewer.get(f"/exports/{export_id}").json
    assert state
    assert (state["of"], state["ended"]) == (5_000, False)
    assert 2_000 <= state["items"] <= 3_000
    # A slow reader holds no transaction.
    idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
    assert session.scalar(text(idle)) == 0
    answer.close()
    state = viewer.get(f"/exports/{export_id}").json
    assert state
    assert state["ended"]
    assert "broke off" in state["trouble"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx", "parquet"])
def test_an_export_of_six_thousand_items_needs_no_more_memory_than_one_of_two_thousand(
    kind: str, viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    path = many(session, target, 6_000)
    # The first one imports what it needs.
    taken(viewer, path, kind, field="n", **{"is": "less", "value": "10"})
    few = peak(viewer, f"{path}?field=n&is=less&value=2000", kind)
    assert peak(viewer, path, kind) < 1.25 * few


def peak(browser: Browser, path: str, kind: str) -> int:
    """The most memory that an export took while it was read piece by piece."""
    fields = {"format": kind, "csrf_token": browser.token}
    tracemalloc.start()
    answer = browser.client.post(path, data=fields, buffered=False)
    size = sum(len(piece) for piece in answer.iter_encoded())
    answer.close()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 30_000
    return most


def test_items_of_megabytes_are_read_few_at_a_time(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    session.execute(
        text(
            "INSERT INTO scraped_items (target_id, key, data, content_hash)"
            " SELECT :target, n, jsonb_build_object('n', repeat('lorem ', 500000)), ''"
            " FROM generate_series(1, 60) n"
        ),
        {"target": target.id},
    )
    fields = {"format": "jsonl", "csrf_token": viewer.token}
    tracemalloc.start()
    answer = viewer.client.post(f"/targets/{target.id}/export", data=fields, buffered=False)
    size = sum(len(piece) for piece in answer.iter_encoded())
    answer.close()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 60 * 3_000_000
    assert peak < 100_000_000


def test_a_stranger_takes_nothing_and_an_unknown_format_is_refused(
    stranger: Browser, viewer: Browser, stocked: str
) -> None:
    assert stranger.post(stocked, {"format": "csv"}).status_code == 303
    assert stranger.get(f"/exports/{uuid4()}").status_code == 302
    assert viewer.post(stocked, {"format": "pickle"}).status_code == 422
    assert viewer.post("/targets/99/export", {"format": "csv"}).status_code == 404
    assert viewer.client.post(stocked, data={"format": "csv"}).status_code == 400


def test_a_format_without_its_extra_says_which(
    viewer: Browser, stocked: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = tuple(
        replace(each, lacks="parquet") if each.name == "parquet" else each for each in formats.ALL
    )
    monkeypatch.setattr(formats, "ALL", lacking)
    answer = viewer.post(stocked, {"format": "parquet"})
    assert answer.status_code == 422
    assert "kumo[parquet]" in answer.text
    page = viewer.get(stocked.replace("export", "items")).text
    assert "Parquet needs the extra parquet" in page
    assert 'value="parquet"' not in page
