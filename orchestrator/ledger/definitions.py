"""What a person may say of a target, checked before anything is written.

Shape and bounds are checked here and by nobody else; forms, commands and files all come this way,
so their faults read the same.
"""

import math
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from orchestrator.exceptions import ScheduleInvalid, TargetInvalid
from orchestrator.ledger import allowed_settings, schedules

_MOST_ARGUMENT_BYTES = 65_536


def _web_address(url: str) -> str:
    url = _no_control_characters(url.strip())
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(f"{url[:80]!r} is no web address; write http:// or https:// and a host")
    return url


def _no_control_characters(value: str) -> str:
    if not value.isprintable():
        raise ValueError("should be one line of plain text")
    return value


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
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 3

    @field_validator("arguments")
    @classmethod
    def _arguments_are_plain(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        if not all(name.isidentifier() for name in arguments):
            raise ValueError("each argument needs a name of letters, digits and _")
        try:
            size = len(orjson.dumps(arguments))
        except TypeError as error:
            raise ValueError(f"should be plain JSON: {error}") from error
        if not _storable(arguments):
            raise ValueError("should be plain JSON without NUL characters, NaN or infinity")
        if size > _MOST_ARGUMENT_BYTES:
            raise ValueError(f"should take at most {_MOST_ARGUMENT_BYTES:,} bytes as JSON")
        return arguments

    @field_validator("settings")
    @classmethod
    def _settings_are_allowed(cls, settings: dict[str, Any]) -> dict[str, Any]:
        if faults := allowed_settings.faults(settings):
            raise ValueError("; ".join(faults))
        return settings

    @field_validator("schedule")
    @classmethod
    def _schedule_comes(cls, schedule: str | None) -> str | None:
        if not schedule or not schedule.strip():
            return None
        try:
            return schedules.check(schedule)
        except ScheduleInvalid as error:
            raise ValueError(str(error)) from error

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, timezone: str | None) -> str | None:
        if timezone and timezone not in available_timezones():
            raise ValueError(f"{timezone!r} is no time zone; write one like Asia/Tokyo")
        return timezone or None


def check(fields: dict[str, Any]) -> TargetDefinition:
    """The definition in `fields`. Raises TargetInvalid, which names every field at fault."""
    try:
        return TargetDefinition.model_validate(fields)
    except ValidationError as error:
        raise TargetInvalid(_faults(error)) from error


def _faults(error: ValidationError) -> dict[str, str]:
    faults: dict[str, str] = {}
    for each in error.errors(include_url=False, include_input=False):
        field = str(each["loc"][0]) if each["loc"] else "target"
        faults.setdefault(field, _sentence(field, each))
    return faults


def _sentence(field: str, error: Any) -> str:
    if field == "name" and error["type"] == "string_pattern_mismatch":
        return "should be small letters, digits, - and _, and begin with a letter or digit"
    if error["type"] == "extra_forbidden":
        return "is not known"
    return str(error["msg"]).removeprefix("Value error, ")
