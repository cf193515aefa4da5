"""What a person may say of a target, checked before anything is written.

Shape and bounds are checked here and by nobody else; forms, commands and files all come this way,
so their faults read the same.
"""

import math
from collections.abc import Mapping
from functools import reduce
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    field_validator,
)

from orchestrator.exceptions import ScheduleInvalid, Sentence, TargetInvalid
from orchestrator.ledger import allowed_settings, schedules, windows
from orchestrator.ledger.expectations import Expectations
from orchestrator.ledger.models import Overlap

_MOST_ARGUMENT_BYTES = 65_536

#: What may be wrong with a value, as the library names it, in our words.
_WORDING: Mapping[str, Sentence] = {
    "missing": Sentence("is missing"),
    "extra_forbidden": Sentence("is not known"),
    "string_type": Sentence("should be text"),
    "string_unicode": Sentence("should be text"),
    "string_too_short": Sentence("should not be empty"),
    "list_type": Sentence("should be a list"),
    "dict_type": Sentence('should be a JSON object, like {"pages": 3}'),
    "int_type": Sentence("should be a whole number"),
    "int_from_float": Sentence("should be a whole number"),
    "bool_type": Sentence("should be true or false"),
    "model_type": Sentence("should be a JSON object"),
    "string_pattern_mismatch": Sentence("is not written as it should be"),
}


def _web_address(url: str) -> str:
    url = _no_control_characters(url.strip())
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        named = bool(host) and not any(each.isspace() for each in host)
        usable = parts.scheme in {"http", "https"} and named and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(
            Sentence(
                "%(url)r is no web address; write http:// or https:// and a host", url=url[:80]
            )
        )
    return url


def _no_control_characters(value: str) -> str:
    if not value.isprintable():
        raise ValueError(Sentence("should be one line of plain text"))
    return value


def _no_comma(tag: str) -> str:
    # People write tags in one line, with commas between them.
    if "," in tag:
        raise ValueError(Sentence("a tag has no comma in it"))
    return tag


def _none_if_empty(text: Any) -> Any:
    # Forms and options clear a field by an empty text.
    return None if isinstance(text, str) and not text.strip() else text


def _storable(value: Any) -> bool:
    """True of what JSON knows and Postgres can hold."""
    if isinstance(value, dict):
        return all(_storable(name) and _storable(each) for name, each in value.items())
    if isinstance(value, list):
        return all(map(_storable, value))
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, int)


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=100)]
SpiderName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_no_control_characters),
]
WebAddress = Annotated[str, StringConstraints(max_length=8_000), AfterValidator(_web_address)]
FieldName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_no_control_characters),
]
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=50),
    AfterValidator(_no_control_characters),
    AfterValidator(_no_comma),
]
WorkerTag = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, pattern=r"^[a-z0-9][a-z0-9_-]*$", min_length=1, max_length=40
    ),
]


class TargetDefinition(BaseModel):
    """A target as people write it; defaults are those of the table."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    spider: SpiderName
    start_urls: Annotated[list[WebAddress], Field(max_length=10_000)] = []
    arguments: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    key_fields: Annotated[list[FieldName], Field(max_length=20)] = []
    tags: Annotated[list[Tag], Field(max_length=20)] = []
    active: bool = True
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    schedule: str | None = None
    timezone: str | None = None
    crawl_window: str | None = None
    overlap: Annotated[Overlap, Field(strict=False)] = Overlap.SKIP
    spread_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 3
    #: Checked in `check`, whose faults say where in it they are.
    expectations: Annotated[dict[str, Any], WithJsonSchema(Expectations.model_json_schema())] = {}
    publish_anyway: bool = False
    render: bool = False
    crawlers: Annotated[int, Field(ge=1, le=64)] = 1
    worker_tag: Annotated[WorkerTag | None, BeforeValidator(_none_if_empty)] = None

    @field_validator("arguments")
    @classmethod
    def _arguments_are_plain(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        if not all(name.isidentifier() for name in arguments):
            raise ValueError(Sentence("each argument needs a name of letters, digits and _"))
        try:
            size = len(orjson.dumps(arguments))
        except TypeError as error:
            why = str(error)
            raise ValueError(Sentence("should be plain JSON: %(why)s", why=why)) from error
        if not _storable(arguments):
            raise ValueError(
                Sentence("should be plain JSON without NUL characters, NaN or infinity")
            )
        if size > _MOST_ARGUMENT_BYTES:
            most = f"{_MOST_ARGUMENT_BYTES:,}"
            raise ValueError(Sentence("should take at most %(most)s bytes as JSON", most=most))
        return arguments

    @field_validator("settings")
    @classmethod
    def _settings_are_allowed(cls, settings: dict[str, Any]) -> dict[str, Any]:
        if faults := allowed_settings.faults(settings):
            raise ValueError(reduce(_and, faults))
        return settings

    @field_validator("expectations")
    @classmethod
    def _expectations_are_terse(cls, expected: dict[str, Any]) -> dict[str, Any]:
        try:
            return Expectations.model_validate(expected).as_json()
        except ValidationError:
            return expected

    @field_validator("schedule")
    @classmethod
    def _schedule_comes(cls, schedule: str | None) -> str | None:
        if not schedule or not schedule.strip():
            return None
        try:
            return schedules.check(schedule)
        except ScheduleInvalid as error:
            raise ValueError(*error.args) from error

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, timezone: str | None) -> str | None:
        try:
            return schedules.zone(timezone).key if timezone else None
        except ScheduleInvalid as error:
            raise ValueError(*error.args) from error

    @field_validator("crawl_window")
    @classmethod
    def _window_opens(cls, window: str | None) -> str | None:
        if not window or not window.strip():
            return None
        try:
            return str(windows.Window.read(window, ZoneInfo("UTC")))
        except ScheduleInvalid as error:
            raise ValueError(*error.args) from error


def check(fields: dict[str, Any]) -> TargetDefinition:
    """The definition in `fields`. Raises TargetInvalid, which names every field at fault.

    A fault within a recipe has the whole way to it for a name, like arguments.fields.2.css; one
    within expectations likewise.
    """
    faults: dict[str, str] = {}
    try:
        definition = TargetDefinition.model_validate(fields)
    except ValidationError as error:
        faults = _faults(error)
    if "arguments" not in faults:
        faults |= _recipe_faults(fields)
    if "expectations" not in faults:
        faults |= _expectation_faults(fields.get("expectations") or {})
    if faults:
        raise TargetInvalid(faults)
    return definition


def _recipe_faults(fields: dict[str, Any]) -> dict[str, str]:
    # Here, since it is 8 MB that a worker which only starts crawls need not hold.
    from orchestrator.ledger import recipes

    spider, arguments = fields.get("spider"), fields.get("arguments") or {}
    if not isinstance(spider, str) or spider.strip() not in recipes.RECIPES:
        return {}
    try:
        recipes.read(spider.strip(), arguments)
    except ValidationError as error:
        return _faults_within("arguments", error)
    return {}


def _expectation_faults(expected: Any) -> dict[str, str]:
    try:
        Expectations.model_validate(expected)
    except ValidationError as error:
        return _faults_within("expectations", error)
    return {}


def _faults_within(name: str, error: ValidationError) -> dict[str, str]:
    faults: dict[str, str] = {}
    for each in error.errors(include_url=False, include_input=False):
        place = ".".join((name, *map(str, each["loc"])))
        faults.setdefault(place, _told(str(each["loc"][-1:]), each))
    return faults


def address(text: str) -> str:
    """The web address that somebody pasted, `https://` understood. Raises TargetInvalid."""
    text = text.strip()
    url = text if "://" in text[:20] else f"https://{text}"
    try:
        return TypeAdapter(WebAddress).validate_python(url)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False)[0]
        raise TargetInvalid({"url": _sentence("url", told)}) from error


def _faults(error: ValidationError) -> dict[str, str]:
    faults: dict[str, str] = {}
    for each in error.errors(include_url=False, include_input=False):
        field = str(each["loc"][0]) if each["loc"] else "target"
        faults.setdefault(field, _sentence(field, each))
    return faults


def _sentence(field: str, error: Any) -> Sentence:
    told = _told(field, error)
    place = error["loc"][1] if len(error["loc"]) > 1 else None
    # Of a list somebody wrote line by line: which one.
    return (
        Sentence("entry %(place)d %(fault)s", place=place + 1, fault=told)
        if isinstance(place, int) and error["type"] != "value_error"
        else told
    )


def _told(field: str, error: Any) -> Sentence:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error" and isinstance(own := context["error"].args[0], Sentence):
        return own
    if field in ("name", "worker_tag") and kind == "string_pattern_mismatch":
        return Sentence(
            "should be small letters, digits, - and _, and begin with a letter or digit"
        )
    if kind in ("literal_error", "enum"):
        return Sentence("should be one of %(words)s", words=context["expected"])
    return _WORDING.get(kind) or _bounded(kind, context)


def _bounded(kind: str, context: Mapping[str, Any]) -> Sentence:
    match kind:
        case "string_too_long":
            return Sentence("should have at most %(most)d characters", most=context["max_length"])
        case "too_short":
            return Sentence("should have at least %(least)d entries", least=context["min_length"])
        case "too_long":
            return Sentence("should have at most %(most)d entries", most=context["max_length"])
        case "greater_than_equal":
            return Sentence("should be %(least)d or more", least=context["ge"])
        case "less_than_equal":
            return Sentence("should be %(most)d or less", most=context["le"])
    return Sentence("is not understood")


def _and(first: Sentence, second: Sentence) -> Sentence:
    return Sentence("%(first)s; %(second)s", first=first, second=second)
