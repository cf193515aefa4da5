from typing import Any

import pytest

from orchestrator.exceptions import TargetChanged
from orchestrator.ledger import targets
from orchestrator.ledger.definitions import TargetDefinition
from orchestrator.ledger.manifests import applying, plans
from orchestrator.ledger.manifests.plans import ABSENT, Plan
from orchestrator.ledger.models import JobStatus
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def wanted(*definitions: dict[str, Any]) -> dict[str, TargetDefinition]:
    return {each["name"]: TargetDefinition(**{"spider": "shop", **each}) for each in definitions}


def planned(*definitions: dict[str, Any]) -> Plan:
    return plans.of(wanted(*definitions), given.do(targets.by_name))


def apply(plan: Plan, *, prune: bool = False) -> None:
    given.do(applying.apply, plan, prune=prune)


def names() -> list[str]:
    return list(given.do(targets.by_name))


def test_a_change_is_told_at_its_innermost_place() -> None:
    given.a_target(arguments={"fields": [{"css": "a"}, {"css": "b"}], "old": 1}, priority=3)
    (changed,) = planned(
        {"name": "shop", "arguments": {"fields": [{"css": "a"}, {"css": "c"}, 1]}}
    ).changed
    assert {each.field: (each.before, each.after) for each in changed.changes} == {
        "arguments.fields.1.css": ("b", "c"),
        "arguments.fields.2": (ABSENT, 1),
        "arguments.old": (1, ABSENT),
        "priority": (3, 5),
    }


def test_true_is_not_one() -> None:
    given.a_target(arguments={"deep": 1})
    assert planned({"name": "shop", "arguments": {"deep": True}}).changed


def test_a_plan_is_applied() -> None:
    kept, gone = given.a_target("kept", tags=["a"]), given.a_target("gone")
    running = given.brought_to(JobStatus.PENDING, gone)
    plan = planned({"name": "kept", "priority": 1}, {"name": "new"})
    assert ([each.name for each in plan.added], [each.name for each in plan.gone]) == (
        ["new"],
        ["gone"],
    )
    apply(plan)
    assert names() == ["gone", "kept", "new"]
    target = given.do(targets.find, kept)
    assert (target.priority, target.tags) == (1, [])
    apply(planned({"name": "kept", "priority": 1}, {"name": "new"}), prune=True)
    assert names() == ["kept", "new"]
    assert given.job(running).status is JobStatus.CANCELLED


def test_a_plan_that_others_overtook_is_not_applied_at_all() -> None:
    for name in ("first", "second"):
        given.a_target(name)
    plan = planned({"name": "first", "priority": 1}, {"name": "second", "priority": 1})
    given.do(lambda s: targets.change(s, targets.find(s, "second"), {"priority": 2}))
    with pytest.raises(TargetChanged, match="second"):
        apply(plan)
    assert given.do(targets.find, "first").priority == 5


def test_what_changed_meanwhile_is_not_deleted() -> None:
    given.a_target("gone")
    plan = planned()
    given.do(lambda s: targets.change(s, targets.find(s, "gone"), {"priority": 2}))
    with pytest.raises(TargetChanged, match="gone"):
        apply(plan, prune=True)
    assert names() == ["gone"]
