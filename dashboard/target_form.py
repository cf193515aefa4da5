"""The form that says what a target is: its text as people type it, and the fields that it means.

Nothing is judged here but whether text is JSON or a number; the rest `definitions.check` does for
every way in. A value that is too long for a page is not in the form and stays as it is.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from markupsafe import escape
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField, TextAreaField

from dashboard import hidden_arguments
from dashboard.schedule_preview import Asked
from orchestrator.exceptions import Sentence, TargetInvalid
from orchestrator.ledger import definitions
from orchestrator.ledger.expectations import Expectations
from orchestrator.ledger.models import Overlap, ScrapingTarget
from orchestrator.ledger.targets import FIELDS

#: A page with a longer field would be too large.
_LONGEST = 60_000
_CODE = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
_TYPED_LINES = {"rows": "3", **_CODE}
_TYPED_JSON = {"rows": "4", **_CODE}
#: Shown in letters of one width.
_WRITTEN_AS_CODE = frozenset({"arguments", "settings", "schedule", "item_schema"})
#: The parts of `expectations`, each a field of the form.
EXPECTED = tuple(Expectations.model_fields)


#: Cron lines to choose from.
PRESETS = (
    "0 * * * *", "0 */6 * * *", "0 6 * * *", "0 6,18 * * *", "0 6 * * 1-5", "0 6 * * 1",
    "0 6 1 * *",
)  # fmt: skip


class TargetForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """All that a person may say of a target, as text; `faults` go beside their fields."""

    name = StringField(
        lazy_gettext("Name"),
        description=lazy_gettext("Small letters, digits, - and _."),
        render_kw={"required": True, **_CODE},
    )
    spider = StringField(
        lazy_gettext("Spider"),
        description=lazy_gettext("The name of the Scrapy spider that crawls it."),
        render_kw={"required": True, "list": "spiders", **_CODE},
    )
    start_urls = TextAreaField(
        lazy_gettext("Start URLs"),
        description=lazy_gettext("One in each line; empty: where the spider says."),
        render_kw=_TYPED_LINES,
    )
    tags = StringField(
        lazy_gettext("Tags"),
        description=lazy_gettext("Words to group it by, with commas between them."),
        render_kw={"autocomplete": "off"},
    )
    schedule = StringField(
        lazy_gettext("Cron line"),
        description=lazy_gettext(
            "Minute, hour, day, month, weekday, as 30 3 * * *; empty: every night."
        ),
        render_kw={"list": "presets", **_CODE},
    )
    timezone = StringField(
        lazy_gettext("Time zone"),
        description=lazy_gettext("Such as Asia/Tokyo; empty: the installation's."),
        render_kw={"list": "zones", **_CODE},
    )
    crawl_window = StringField(
        lazy_gettext("Window"),
        description=lazy_gettext(
            "Times of day in which it may be crawled, as 22:00-06:00 in its time zone; empty: all"
            " day. “Run urgently” does not mind it."
        ),
        render_kw=_CODE,
    )
    spread_seconds = StringField(
        lazy_gettext("Start spread, in seconds"),
        description=lazy_gettext(
            "Scheduled starts come up to so much later, each target's at a moment of its own;"
            " empty: the installation's, 0: none."
        ),
        render_kw={"inputmode": "numeric"},
    )
    overlap = SelectField(
        lazy_gettext("When it is busy"),
        choices=[
            SelectChoice(Overlap.SKIP, lazy_gettext("skip the scheduled crawl, and record why")),
            SelectChoice(Overlap.QUEUE, lazy_gettext("queue it: one follows the active job")),
        ],
        default=Overlap.SKIP,
        validate_choice=False,
        description=lazy_gettext("What a scheduled crawl does that finds a job active."),
    )
    active = BooleanField(
        lazy_gettext("Run on this schedule"),
        default=True,
        description=lazy_gettext("Without it, the target runs only when somebody presses Run."),
    )
    arguments = TextAreaField(
        lazy_gettext("Arguments"),
        description=lazy_gettext('What the spider is told, as JSON: {"pages": 3}'),
        render_kw=_TYPED_JSON,
    )
    settings = TextAreaField(
        lazy_gettext("Settings"),
        description=lazy_gettext('Scrapy settings, as JSON: {"DOWNLOAD_DELAY": 0.5}'),
        render_kw=_TYPED_JSON,
    )
    render = BooleanField(
        lazy_gettext("Render pages"),
        description=lazy_gettext(
            "Opens each page in a browser and reads it once its scripts have run, for sites that"
            " write their content by script. It takes many times as long, and a worker with a"
            " browser. The builder looks at pages without it."
        ),
    )
    key_fields = TextAreaField(
        lazy_gettext("Key fields"),
        description=lazy_gettext(
            "The fields that tell one item from another, one in each line; empty: the spider's own."
        ),
        render_kw={**_TYPED_LINES, "rows": "2"},
    )
    priority = StringField(
        lazy_gettext("Priority"),
        default="5",
        description=lazy_gettext("0 is served first, 9 last."),
        render_kw={"inputmode": "numeric"},
    )
    max_attempts = StringField(
        lazy_gettext("Attempts"),
        default="3",
        description=lazy_gettext("A job is given up after so many in a row that brought no page."),
        render_kw={"inputmode": "numeric"},
    )
    crawlers = StringField(
        lazy_gettext("Crawlers"),
        default="1",
        description=lazy_gettext(
            "So many crawler processes, of any workers, share each of its jobs."
        ),
        render_kw={"inputmode": "numeric"},
    )
    worker_tag = StringField(
        lazy_gettext("Worker tag"),
        description=lazy_gettext(
            "Only workers started for this tag crawl it; empty: those that are for no tag."
        ),
        render_kw={"list": "worker-tags", **_CODE},
    )
    min_items = StringField(
        lazy_gettext("Items at least"),
        description=lazy_gettext("A job that finds fewer is bad; empty: any number."),
        render_kw={"inputmode": "numeric"},
    )
    required_fields = TextAreaField(
        lazy_gettext("Required fields"),
        description=lazy_gettext("Fields that no item may lack, one in each line."),
        render_kw={**_TYPED_LINES, "rows": "2"},
    )
    item_schema = TextAreaField(
        lazy_gettext("Item schema"),
        description=lazy_gettext(
            "A JSON Schema that every item has to fit, without references and patterns; empty:"
            " none."
        ),
        render_kw=_TYPED_JSON,
    )
    publish_anyway = BooleanField(
        lazy_gettext("Publish anyway"),
        description=lazy_gettext(
            "A job that is not believed is told of, but its changes are not held back."
        ),
    )
    #: When the target was last changed, as its form was opened.
    seen_at = HiddenField()

    def fields(self, original: ScrapingTarget | None = None) -> dict[str, Any]:
        """What was typed, as a definition has it. Raises TargetInvalid with every fault there is.

        `original` has the arguments that were hidden.
        """
        fields: dict[str, Any] = {}
        faults: dict[str, str] = {}
        for name in (name for name in (*FIELDS, *EXPECTED) if name in self):
            try:
                fields[name] = _READERS[name](self[name].data or "")
            except ValueError as error:
                faults[name] = error.args[0]
        expected = {name: fields.pop(name, None) for name in EXPECTED}
        fields["expectations"] = {
            name: value for name, value in expected.items() if value not in (None, [], {})
        }
        if faults:
            raise TargetInvalid(faults | _faults_of(fields))
        if original and "arguments" in fields:
            fields["arguments"] = hidden_arguments.unhidden(fields["arguments"], original.arguments)
        return fields

    def show(self, faults: Mapping[str, str]) -> None:
        """Puts each fault beside its field; one within a field says where in it."""
        shown: dict[str, str] = {}
        for place, fault in faults.items():
            name, _, within = place.removeprefix("expectations.").partition(".")
            name = name if name in self else "name"
            told = _placed(within, fault) if within else fault
            before = shown.get(name)
            shown[name] = (
                Sentence("%(first)s; %(second)s", first=before, second=told) if before else told
            )
        for name, told in shown.items():
            self[name].errors = [told]

    @property
    def faulty(self) -> list[Any]:
        """The fields at fault, in the order they are read."""
        return [field for field in self if field.name in (*FIELDS, *EXPECTED) and field.errors]

    def marks(self, field: Any) -> dict[str, Any]:
        """The attributes by which a field shows, and tells, that something is wrong with it."""
        kind = "form-select" if field.type == "SelectField" else "form-control"
        names = [kind, *(["code"] if field.name in _WRITTEN_AS_CODE else [])]
        marks: dict[str, Any] = {"aria-describedby": f"{field.id}-hint"}
        if field.errors:
            names.append("is-invalid")
            marks = {
                "aria-describedby": f"{field.id}-fault {field.id}-hint",
                "aria-invalid": "true",
            }
        if field in self.faulty[:1]:
            marks["autofocus"] = True
        return {"class": " ".join(names), **marks}

    def asked(self, target: ScrapingTarget | None) -> Asked:
        """What its preview shows, of a target or of one that is not there yet."""
        return Asked(
            self.schedule.data,
            self.timezone.data,
            window=self.crawl_window.data,
            spread_seconds=seconds(self.spread_seconds.data),
            target_id=target.id if target else None,
        )

    def labels(self, names: list[str]) -> list[str]:
        labels = {"expectations": lazy_gettext("What is expected of each job")}
        labels |= {name: self[name].label.text for name in names if name in self}
        return [str(labels[name]) for name in names if name in labels]

    def when_seen(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.seen_at.data or "")
        except ValueError:
            return None


def opened(original: ScrapingTarget | None = None, *, as_copy: bool = False) -> TargetForm:
    """The form of a target, of a copy of one or of none; with what was typed if it was sent."""
    if original is None:
        return TargetForm()
    typed = _typed(original)
    form = TargetForm(data=typed | ({"name": "", "seen_at": ""} if as_copy else {}))
    for name in too_long(original):
        del form[name]
    return form


def too_long(target: ScrapingTarget) -> list[str]:
    """The fields that no page has room for."""
    typed = _typed(target)
    return [name for name in FIELDS if name in typed and len(escape(typed[name])) > _LONGEST]


def differing(fields: Mapping[str, Any], stored: Mapping[str, Any]) -> list[str]:
    """The fields that are to be other than they are stored."""
    meant = definitions.check({**stored, **fields}).model_dump()
    return [name for name in FIELDS if meant[name] != stored[name]]


def _typed(target: ScrapingTarget) -> dict[str, Any]:
    return {
        "name": target.name,
        "spider": target.spider,
        "start_urls": "\n".join(target.start_urls),
        "tags": ", ".join(target.tags),
        "schedule": target.schedule or "",
        "timezone": target.timezone or "",
        "crawl_window": target.crawl_window or "",
        "spread_seconds": "" if target.spread_seconds is None else str(target.spread_seconds),
        "overlap": target.overlap,
        "active": target.active,
        "arguments": _as_json(hidden_arguments.hidden(target.arguments)),
        "settings": _as_json(target.settings),
        "key_fields": "\n".join(target.key_fields),
        "priority": str(target.priority),
        "max_attempts": str(target.max_attempts),
        "publish_anyway": target.publish_anyway,
        "render": target.render,
        "crawlers": str(target.crawlers),
        "worker_tag": target.worker_tag or "",
        "seen_at": target.updated_at.isoformat(),
    } | _typed_expectations(Expectations.model_validate(target.expectations or {}))


def _typed_expectations(expected: Expectations) -> dict[str, str]:
    return {
        "min_items": "" if expected.min_items is None else str(expected.min_items),
        "required_fields": "\n".join(expected.required_fields),
        "item_schema": _as_json(expected.item_schema),
    }


def _as_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) if value else ""


def _faults_of(fields: dict[str, Any]) -> dict[str, str]:
    try:
        definitions.check(fields)
    except TargetInvalid as error:
        return error.faults
    return {}


def _placed(within: str, fault: str) -> Sentence:
    """The fault with its place; of a list that is typed line by line, which line that is."""
    if within.isdecimal():
        return Sentence("entry %(place)d %(fault)s", place=int(within) + 1, fault=fault)
    return Sentence("at %(place)s: %(fault)s", place=within, fault=fault)


def _object(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number) if text.strip() else {}
    except json.JSONDecodeError as error:
        raise ValueError(
            Sentence(
                "should be JSON, but cannot be read at line %(line)d, column %(column)d",
                line=error.lineno,
                column=error.colno,
            )
        ) from error
    except (ValueError, RecursionError) as error:
        raise ValueError(
            Sentence("should be JSON, with numbers and depths of a usual size")
        ) from error


def _no_number(word: str) -> float:
    # JSON has no NaN and no Infinity; Python's reader would let them in.
    raise ValueError(word)


def _whole_number(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,9}", text.strip()):
        raise ValueError(Sentence("should be a whole number"))
    return int(text)


def seconds(text: str | None) -> int | None:
    """A spread as it is typed, for the preview; None = the default, or not a number yet."""
    try:
        return _number_or_none((text or "").strip())
    except ValueError:
        return None


def _number_or_none(text: str) -> int | None:
    return _whole_number(text) if text.strip() else None


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _tags(text: str) -> list[str]:
    """Each once, in the order typed; Japanese keyboards have commas of their own."""
    tags = (tag.strip() for tag in re.split(r"[,、，\n]", text))
    return list(dict.fromkeys(tag for tag in tags if tag))


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "name": str.strip,
    "spider": str.strip,
    "start_urls": _lines,
    "arguments": _object,
    "settings": _object,
    "key_fields": _lines,
    "tags": _tags,
    "active": bool,
    "priority": _whole_number,
    "schedule": str.strip,
    "timezone": str.strip,
    "crawl_window": str.strip,
    "spread_seconds": _number_or_none,
    "overlap": lambda text: text or Overlap.SKIP,
    "max_attempts": _whole_number,
    "min_items": _number_or_none,
    "required_fields": _lines,
    "item_schema": _object,
    "publish_anyway": bool,
    "render": bool,
    "crawlers": _whole_number,
    "worker_tag": str.strip,
}
