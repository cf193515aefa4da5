"""Changes, and filters of them, as sentences."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext, lazy_gettext

from dashboard.words import plain
from orchestrator.ledger.changes import Change
from orchestrator.ledger.filters import ChangeFilter, Move
from orchestrator.ledger.models import ChangeKind
from orchestrator.ledger.revisions import FieldChange

KIND_WORDS = {
    ChangeKind.FOUND: lazy_gettext("New"),
    ChangeKind.CHANGED: lazy_gettext("Changed"),
    ChangeKind.GONE: lazy_gettext("Gone"),
    ChangeKind.BACK: lazy_gettext("Back"),
}
_MOVES = {
    Move.FELL: lazy_gettext("%(field)s fell by more than %(percent)s %%"),
    Move.ROSE: lazy_gettext("%(field)s rose by more than %(percent)s %%"),
}
_LONGEST_TITLE, _LONGEST_VALUE = 120, 60


def filter_said(which: ChangeFilter, target: str | None = None) -> str:
    """What a filter asks for, in one line; `target` is the name of its target."""
    said = [str(KIND_WORDS[kind]) for kind in which.kinds]
    if which.target_id is not None:
        said.append(gettext("of %(target)s", target=target or which.target_id))
    if which.tag:
        said.append(gettext("tagged %(tag)s", tag=plain(which.tag)))
    said += _field_said(which)
    if which.text:
        said.append(gettext("with “%(text)s”", text=plain(which.text)))
    return str(gettext(", ").join(said) or gettext("Everything"))


def _field_said(which: ChangeFilter) -> list[str]:
    field = plain(which.field)
    said = []
    if which.before:
        said.append(gettext("%(field)s was “%(value)s”", field=field, value=plain(which.before)))
    if which.after:
        said.append(gettext("%(field)s became “%(value)s”", field=field, value=plain(which.after)))
    if which.move:
        percent = f"{which.percent.normalize():f}"
        said.append(str(_MOVES[which.move]) % {"field": field, "percent": percent})
    if field and not said:
        said.append(gettext("%(field)s changed", field=field))
    return said


def title(change: Change) -> str:
    """What the item is called."""
    return plain(change.title or change.key)[:_LONGEST_TITLE].replace("\n", " ")


def headline(change: Change) -> str:
    """A change in one line, as a feed tells it."""
    fields = change.difference.fields if change.difference else []
    what = gettext(", ").join(map(field_said, fields)) or str(KIND_WORDS[change.kind])
    return f"{change.target.name}: {title(change)} – {what}"


def field_said(field: FieldChange) -> str:
    name = plain(field.name)[:_LONGEST_VALUE]
    return f"{name} {_value(field.before)} → {_value(field.after)}".replace("\n", " ")


def _value(text: str | None) -> str:
    return plain(text)[:_LONGEST_VALUE] if text else "–"


FILTERS: dict[str, Callable[..., Any]] = {"filter_said": filter_said, "change_title": title}
