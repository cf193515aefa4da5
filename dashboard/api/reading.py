"""What a request says, by the models of its route.

Nothing is passed over: a parameter that is not known, or given twice, is a mistake of the program,
and to answer as if it were not there would hide that.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, get_origin

from flask import request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from dashboard.api.problems import RequestInvalid

JSON = "application/json"

Model = TypeVar("Model", bound=BaseModel)


def query(model: type[Model]) -> Model:
    """The parameters of the address. Raises RequestInvalid."""
    many = _many(model)
    given: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, texts in request.args.lists():
        given[name] = texts if many.get(name) else texts[0]
        if len(texts) > 1 and not many.get(name):
            faults[name] = "is given twice"
    return _validated(model, given, faults)


def body(model: type[Model], *, optional: bool = False) -> Model:
    """What was sent. Raises RequestInvalid, or as HTTP has it: 400, 413, 415."""
    sent = request.get_data()
    # One that does not say how long it is would be cut off there, without a word.
    if request.max_content_length and len(sent) >= request.max_content_length:
        raise RequestEntityTooLarge
    if optional and not sent:
        return _validated(model, {}, {})
    if request.mimetype != JSON and not request.mimetype.endswith("+json"):
        raise UnsupportedMediaType(f"Send {JSON}.")
    try:
        value = from_json(sent, allow_inf_nan=False)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"This is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise RequestInvalid({"body": "should be a JSON object"})
    return _validated(model, value, {})


def _validated(model: type[Model], value: Mapping[str, Any], faults: dict[str, str]) -> Model:
    try:
        read = model.model_validate(value)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            place = ".".join(map(str, each["loc"])) or "body"
            faults.setdefault(place, _told(each))
    if faults:
        raise RequestInvalid(faults)
    return read


@cache
def _many(model: type[BaseModel]) -> dict[str, bool]:
    """By the name of each parameter, whether it may be given several times."""
    return {
        field.alias or name: get_origin(field.annotation) is list
        for name, field in model.model_fields.items()
    }


def _told(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "is not known"
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return str(error["msg"]).replace("Input should", "should")
