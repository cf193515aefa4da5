import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator.ledger import finding, search
from orchestrator.ledger.models import (
    AuditEntry,
    Export,
    ItemRevision,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
)
from tests.dashboard import rows
from tests.dashboard.api.conftest import Program

DAY = timedelta(days=1)


@pytest.fixture
def job(session: Session, target: ScrapingTarget) -> ScrapingJob:
    return rows.job(session, target)


def put(session: Session, job: ScrapingJob, data: dict[str, Any], **times: datetime) -> ScrapedItem:
    item = rows.item(session, job, data)
    for name, at in times.items():
        setattr(item, name, at)
    session.flush()
    session.refresh(item)
    return item


def names(items: list[Any]) -> list[str]:
    return [each["data"]["name"] for each in items]


def test_items_are_read_to_their_end_the_latest_first_and_whole(
    reading: Program, session: Session, job: ScrapingJob
) -> None:
    now = datetime.now(UTC)
    for number in range(5):
        long = {"name": f"pen {number}", "text": "字" * 1_000, "big": 10**30}
        put(session, job, long, changed_at=now - number * DAY)
    items = reading.all_of("/targets/shop/items", limit=2)
    assert names(items) == [f"pen {number}" for number in range(5)]
    assert items[0]["data"]["text"] == "字" * 1_000
    assert items[0]["data"]["big"] == 10**30
    oldest = reading.all_of("/targets/shop/items", order="up", limit=3)
    assert names(oldest) == names(items)[::-1]
    assert reading.get("/targets/shop/items").json["items"][0]["target"] == "shop"


def test_large_items_make_a_part_short_and_none_is_lost(
    reading: Program, session: Session, job: ScrapingJob
) -> None:
    for number in range(4):
        put(session, job, {"name": f"book {number}", "text": "x" * 3_000_000})
    first = reading.get("/targets/shop/items")
    assert len(first.json["items"]) == 2
    assert sorted(names(reading.all_of("/targets/shop/items"))) == [
        f"book {number}" for number in range(4)
    ]


def test_items_are_filtered_by_words_fields_and_times(
    reading: Program, session: Session, job: ScrapingJob
) -> None:
    now = datetime.now(UTC)
    old, lately = now - 9 * DAY, now - 5 * DAY
    item = {"name": "old", "price": 1}
    put(session, job, item, changed_at=old, first_seen_at=old, last_seen_at=lately)
    put(session, job, {"name": "stays", "price": "20"}, changed_at=old, first_seen_at=old)
    put(session, job, {"name": "fresh", "price": 30})
    search.catch_up()

    def found(**query: Any) -> list[str]:
        return sorted(names(reading.all_of("/targets/shop/items", **query)))

    day = (now - 2 * DAY).date().isoformat()
    assert found(changed_since=day) == found(first_seen_since=day) == ["fresh"]
    assert found(seen_since=day) == ["fresh", "stays"]
    assert found(seen_until=day) == ["old", "stays"]
    assert found(seen_since=day, seen_until=day) == ["stays"]
    assert found(field="price", **{"is": "greater"}, value="10") == ["fresh", "stays"]
    several = {"field": ["price", "name"], "is": ["greater", "contains"], "value": ["10", "FRE"]}
    assert found(**several) == ["fresh"]
    assert found(q="fresh") == ["fresh"]
    assert found(job=str(job.id), saw="first") == ["fresh", "old", "stays"]
    refused = reading.get("/targets/shop/items?field=price&is=greater")
    assert refused.json["errors"][0]["field"] == "field"


def test_what_takes_too_long_to_look_through_is_refused_as_a_list_and_given_as_a_file(
    reading: Program, session: Session, job: ScrapingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        put(session, job, {"name": f"pen {number}"})
    monkeypatch.setattr(finding, "MOST_ORDERED", 1)
    refused = reading.get("/targets/shop/items?sort=last_seen_at")
    assert refused.status_code == 422
    assert "take the items as a file" in refused.json["detail"]
    assert len(reading.get("/targets/shop/items.jsonl").text.splitlines()) == 2


def test_the_items_of_yesterday_are_a_file_by_one_request(
    reading: Program, session: Session, job: ScrapingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUMO_TIMEZONE", "Asia/Tokyo")
    config.get.cache_clear()
    midnight = datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Tokyo"))
    minute = timedelta(minutes=1)
    put(session, job, {"name": "=SUM(1)"}, first_seen_at=midnight - 30 * DAY, last_seen_at=midnight)
    put(
        session, job, {"name": "gone"}, first_seen_at=midnight - DAY, last_seen_at=midnight - minute
    )
    put(session, job, {"name": "later"}, first_seen_at=midnight + DAY, last_seen_at=midnight + DAY)
    answer = reading.get("/targets/shop/items.csv?seen_since=2026-03-02&seen_until=2026-03-03")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="shop.csv"'
    (line,) = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert line["name"] == "'=SUM(1)"
    answer.close()
    export = session.scalars(select(Export)).one()
    assert (export.who, export.items, export.trouble) == ("admin (a program)", 1, None)
    assert export.view["seen_since"] == ["2026-03-02"]
    assert session.scalars(select(AuditEntry.action)).all() == ["export.take"]


def test_every_format_is_there_and_its_head_takes_nothing(
    reading: Program, session: Session, job: ScrapingJob
) -> None:
    put(session, job, {"name": "pen"})
    for kind in ("csv", "jsonl", "xlsx", "parquet"):
        with reading.ask("HEAD", f"/targets/shop/items.{kind}") as head:
            assert head.status_code == 200
    assert session.scalars(select(Export)).all() == []
    (line,) = reading.get("/targets/shop/items.jsonl").text.splitlines()
    assert orjson.loads(line)["data"] == {"name": "pen"}
    assert reading.get("/targets/shop/items.pdf").status_code == 404


def test_an_item_is_read_by_its_id_and_by_its_key_and_not_sent_twice(
    reading: Program, session: Session, job: ScrapingJob
) -> None:
    item = put(session, job, {"name": "pen"})
    first = reading.get(f"/items/{item.id}")
    assert first.json["data"] == {"name": "pen"}
    by_key = reading.get("/targets/shop/items/by-key", query_string={"key": item.key})
    assert by_key.json == first.json
    tag = {"If-None-Match": first.headers["ETag"]}
    assert reading.get(f"/items/{item.id}", headers=tag).status_code == 304
    item.data = {"name": "brush"}
    session.flush()
    assert reading.get(f"/items/{item.id}", headers=tag).status_code == 200
    for path in ("/items/99999999999999999999999", "/targets/shop/items/by-key?key=none"):
        assert reading.get(path).status_code == 404


def test_the_life_of_an_item_is_told_the_newest_first(
    reading: Program, session: Session, job: ScrapingJob
) -> None:
    item = put(session, job, {"name": "pen", "price": 3})
    for price in (1, 2):
        session.add(
            ItemRevision(
                item_id=item.id,
                job_id=rows.job(session, session.get_one(ScrapingTarget, job.target_id)).id,
                data={"price": price},
                added=[],
                content_hash=b"x",
                replaced_at=item.first_seen_at + price * DAY,
            )
        )
    session.flush()
    life = reading.all_of(f"/items/{item.id}/revisions", limit=1)
    assert [each["kind"] for each in life] == ["changed", "changed", "found"]
    changes = [each["fields"][0] for each in life if each["fields"]]
    assert [(each["before"], each["after"]) for each in changes] == [("2", "3"), ("1", "2")]
    assert reading.get("/items/1234567/revisions").status_code == 404
