"""The document says what the API does: a machine reads it, asks all it can think of, and looks.

`make api-fuzz` is the long form: ten thousand requests, other ones each time.
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from sqlalchemy.orm import Session

from dashboard.api import document
from orchestrator.ledger.models import JobStatus, Scope, ScrapingTarget
from tests.dashboard import rows
from tests.dashboard.api.conftest import V1, Program, made

CASES = int(os.environ.get("API_FUZZ_CASES", "250"))
SEED = int(os.environ.get("API_FUZZ_SEED", "1"))
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
)


@pytest.fixture
def things(session: Session, target: ScrapingTarget) -> dict[str, Any]:
    """What there is to be asked for, by the parts of addresses."""
    job = rows.job(session, target)
    item = rows.item(session, job, {"name": "pen", "price": 3})
    rows.line(session, job, 1, "It began.")
    rows.job(session, rows.target(session, "other"), JobStatus.RUNNING)
    session.flush()
    return {"target": "shop", "job_id": str(job.id), "item_id": item.id, "kind": "csv"}


@pytest.mark.timeout(3_600)
def test_every_answer_is_one_that_the_document_knows(
    app: Flask, session: Session, things: dict[str, Any]
) -> None:
    token = made(Scope.OPERATE)
    schemathesis.checks.load_all_checks()
    checks = CHECKS.get_by_names(CHECKED)
    refusing = CHECKS.get_one("negative_data_rejection")
    told = Program(app.test_client(), token).get("/openapi.json").json
    schema = schemathesis.openapi.from_dict(told)
    schema.app = app
    operations = [each.ok() for each in schema.get_all_operations()]
    assert len(operations) > 25
    strategies = [(each, every) for each in operations for every in asked(each, things)]
    most = -(-CASES // len(strategies))
    statuses: Counter[int] = Counter()
    for operation, strategy in strategies:
        if operation.method == "delete":
            again(session)

        @seed(SEED)
        @settings(
            max_examples=most,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def holds(case: Any) -> None:
            shown = {"Authorization": f"Bearer {token}"}
            answer = case.call(headers=shown)
            statuses[answer.status_code] += 1
            # A condition that does not hold is told before what else is wrong.
            unless = [refusing] if answer.status_code == 412 else []
            case.validate_response(answer, checks, excluded_checks=unless, headers=shown)

        holds()
        again(session)
    print(f"{statuses.total()} requests, every answer documented: {dict(statuses)}")
    assert statuses.total() > CASES * 0.6
    # It came by the doors, and stood before some.
    assert {200, 201, 204, 400, 404, 409, 422} <= statuses.keys()


def asked(operation: Any, things: dict[str, Any]) -> Iterator[SearchStrategy[Any]]:
    """What the document allows and what it does not, of anything and of what is there."""
    for mode in GenerationMode:
        yield operation.as_strategy(generation_mode=mode)
        if parts := {each.name: things[each.name] for each in operation.path_parameters}:
            yield operation.as_strategy(generation_mode=mode, path_parameters=parts)


def again(session: Session) -> None:
    """The target that others ask for, after it was deleted or called otherwise."""
    session.rollback()
    if not session.query(ScrapingTarget).filter_by(name="shop", deleted_at=None).count():
        rows.target(session, "shop")


def test_every_route_and_nothing_else_is_in_the_document(app: Flask) -> None:
    api = app.extensions["kumo_api"]
    told = document.of(api)["paths"]
    known = {(method, path) for path, methods in told.items() for method in methods}
    assert len(known) == len(list(api.url_map.iter_rules()))
    assert ("post", "/targets/{target}/jobs") in known
    for methods in told.values():
        for operation in methods.values():
            assert operation["summary"], operation
            assert {"401", "403", "422", "429", "500", "503"} <= operation["responses"].keys()
            assert operation["x-kumo-scope"] in list(Scope)
            assert all(
                each["description"] for each in operation["parameters"] if each["in"] != "query"
            )
    assert V1 == "/api/v1"
