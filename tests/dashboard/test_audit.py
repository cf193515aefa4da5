"""Every change is written down, and can be read in words."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from flask import Flask
from markupsafe import Markup
from werkzeug.local import LocalProxy

import dashboard
import orchestrator
from dashboard import audit

#: These change nothing that others share; signing in is written down before anybody is signed in.
EXEMPT = {
    *("sign_in.enter", "sign_in.leave", "preferences.language", "items.list_all"),
    "changes.see",
    # Nothing of a draft counts before it is saved, which is written down.
    *("drafts.blank", "drafts.use"),
    # Written down in the transaction that moves the items.
    *("held.accept", "held.discard", "held.undo"),
}
NOTES = {audit.note, audit.note_in}


def posts(app: Flask) -> dict[str, Any]:
    return {
        rule.endpoint: inspect.unwrap(app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ())
    }


def reached(view: FunctionType) -> Iterator[FunctionType]:
    """The functions that one of the dashboard names, and those that they name in turn."""
    waiting: list[FunctionType] = [view]
    seen: set[FunctionType] = set()
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        yield function
        if function.__module__.startswith("dashboard") and function not in NOTES:
            waiting += called(function)


def called(function: FunctionType) -> list[Any]:
    tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(inspect.unwrap(function))))
    names = {ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Name | ast.Attribute)}
    found = [looked_up(function, name) for name in names]
    chosen_from = [each for table in found if isinstance(table, dict) for each in table.values()]
    return [each for each in found + chosen_from if isinstance(each, FunctionType)]


def looked_up(function: FunctionType, dotted: str) -> Any:
    found: Any = function.__globals__
    for place, name in enumerate(dotted.split(".")):
        if not name.isidentifier() or isinstance(found, LocalProxy):
            return None
        found = found.get(name) if place == 0 else getattr(found, name, None)
    return found


def test_every_change_is_written_down(app: Flask) -> None:
    silent = {endpoint for endpoint, view in posts(app).items() if not NOTES & set(reached(view))}
    assert silent == EXEMPT
    assert len(posts(app)) > 15


def noted_actions() -> set[str]:
    """The actions that the code writes down, as they stand in it."""
    packages = [Path(each.__file__).parent for each in (dashboard, orchestrator)]
    calls = (
        node
        for package in packages
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("audit.note", "audit.note_in", "audit.record")
    )
    return {
        each.value
        for call in calls
        for each in ast.walk(call)
        if isinstance(each, ast.Constant)
        and isinstance(each.value, str)
        and re.fullmatch(r"[a-z]+\.[a-z_]+", each.value)
    }


def test_every_action_has_its_words() -> None:
    assert noted_actions() - set(audit.SENTENCES) == set()


def test_no_words_are_left_of_an_action_that_is_gone() -> None:
    assert set(audit.SENTENCES) - noted_actions() == {"sign_in"}


@pytest.mark.parametrize("action", [*audit.SENTENCES, "moon.land", "<b>", "100%"])
def test_what_an_action_was_done_to_is_only_text(app: Flask, action: str) -> None:
    with app.test_request_context("/"):
        for hostile in ("<script>", "%s", "%(what)s", "{{ 7 * 7 }}"):
            assert "<" not in audit.said(action, hostile)
        assert "<b>" not in audit.said(action, "x")
        linked = audit.said("target.run", Markup("<a>shop</a>"))
    assert linked == "Started <a>shop</a>"
