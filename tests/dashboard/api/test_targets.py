from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.ledger import targets
from orchestrator.ledger.models import AuditEntry, ScrapingTarget
from tests.dashboard import rows
from tests.dashboard.api.conftest import Program
from tests.orchestrator.ledger import given

DEFINITION: dict[str, Any] = {
    "name": "books",
    "spider": "books",
    "start_urls": ["https://books.example/"],
    "arguments": {"pages": 3, "api_key": "hush"},
    "schedule": "30 3 * * *",
    "timezone": "Asia/Tokyo",
}


def test_a_target_is_added_and_read_as_it_was_meant(operating: Program, session: Session) -> None:
    made = operating.post("/targets", DEFINITION)
    assert made.status_code == 201
    read = operating.get(made.location)
    assert read.json == made.json
    assert read.headers["ETag"] == made.headers["ETag"]
    # The hidden argument comes back unread.
    assert read.json["arguments"] == {"pages": 3, "api_key": "••••••"}
    told = {name: read.json[name] for name in DEFINITION if name != "arguments"}
    assert told == {name: value for name, value in DEFINITION.items() if name != "arguments"}
    assert targets.find(session, "books").arguments == DEFINITION["arguments"]


def test_faults_are_told_field_by_field(operating: Program) -> None:
    refused = operating.post("/targets", {"name": "Ü", "priority": 11, "colour": "red"})
    assert refused.status_code == 422
    assert refused.mimetype == "application/problem+json"
    faults = {each["field"]: each["detail"] for each in refused.json["errors"]}
    assert faults["spider"] == "is missing"
    assert faults["priority"] == "should be 9 or less"
    assert faults["colour"] == "is not known"
    assert faults["name"].startswith("should be small letters")
    assert refused.json["type"] == "urn:kumo:problem:target-invalid"


def test_a_change_leaves_other_fields_and_hidden_arguments_alone(
    operating: Program, session: Session
) -> None:
    shown = operating.post("/targets", DEFINITION).json["arguments"]
    changed = operating.ask(
        "PATCH", "/targets/books", {"active": False, "arguments": shown | {"pages": 5}}
    )
    assert changed.status_code == 200
    assert not changed.json["active"]
    assert changed.json["schedule"] == DEFINITION["schedule"]
    target = session.scalars(select(ScrapingTarget)).one()
    assert target.arguments == {"pages": 5, "api_key": "hush"}
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "target.edit")).one()
    assert entry.who == "admin (a program)"
    assert entry.details["changed"] == ["arguments", "active"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_what_somebody_else_has_changed_is_not_changed_unseen(
    operating: Program, target: ScrapingTarget, method: str
) -> None:
    path, body = f"/targets/{target.name}", {"priority": 1} if method == "PATCH" else None
    seen = operating.get(path).headers["ETag"]
    operating.ask("PATCH", path, {"priority": 7})
    refused = operating.ask(method, path, body, headers={"If-Match": seen})
    assert refused.status_code == 412
    assert operating.get(path).json["priority"] == 7
    for tag in (operating.get(path).headers["ETag"], "*"):
        done = operating.ask(method, path, body, headers={"If-Match": tag})
        assert done.status_code in (200, 204)
        if method == "DELETE":
            break
    gone = operating.get(path).status_code
    assert gone == (200 if method == "PATCH" else 404)


def test_of_several_who_have_seen_the_same_one_changes_it(
    operating: Program, target: ScrapingTarget
) -> None:
    seen = {"If-Match": operating.get("/targets/shop").headers["ETag"]}
    answers = given.at_once(
        6, lambda n: operating.ask("PATCH", "/targets/shop", {"priority": n}, headers=seen)
    )
    assert sorted(each.status_code for each in answers) == [200, *[412] * 5]
    (changed,) = [each.json for each in answers if each.status_code == 200]
    assert operating.get("/targets/shop").json == changed


def test_the_list_is_read_to_its_end_with_its_filters(reading: Program, session: Session) -> None:
    for number in range(7):
        rows.target(session, f"shop-{number}", tags=["shops"], active=number != 3)
    rows.job(session, rows.target(session, "other"))
    found = reading.all_of("/targets", tag="shops", active="true", limit=2)
    assert [each["name"] for each in found] == [f"shop-{number}" for number in (0, 1, 2, 4, 5, 6)]
    (other,) = reading.all_of("/targets", text="othe")
    assert other["last_job"]["status"] == "completed"
    assert reading.all_of("/targets", outcome="completed") == [other]


def test_a_target_is_found_by_its_id_too(reading: Program, target: ScrapingTarget) -> None:
    assert reading.get(f"/targets/{target.id}").json == reading.get("/targets/shop").json
    missing = reading.get("/targets/nobody")
    assert missing.status_code == 404
    assert "There is no target 'nobody'" in missing.json["detail"]
