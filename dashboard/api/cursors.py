"""Places in lists as they stand in an address: signed, so that only those we gave come back.

A cursor belongs to its list with its filters. With others it would name a place that is nowhere.
"""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson
from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer

from dashboard.api.problems import RequestInvalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: How much is asked for may change on the way.
_FREE = frozenset({"cursor", "limit"})


def written(*place: Any) -> str:
    """A place as text; times and ids are written as `moment` and `str` have them."""
    text = _signer().dumps(place)
    return text if isinstance(text, str) else text.decode()


def read(text: str) -> list[Any]:
    """The parts of a place. Raises RequestInvalid."""
    try:
        place: list[Any] = _signer().loads(text)
    except BadData as error:
        raise RequestInvalid(
            {"cursor": "is no place in this list; take `next` of the part before, or none"}
        ) from error
    return place


def moment(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def moment_of(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND


def _signer() -> URLSafeSerializer:
    asked = sorted(pair for pair in request.args.lists() if pair[0] not in _FREE)
    list_ = orjson.dumps([request.path, asked])
    salt = blake2b(list_, digest_size=16).hexdigest()
    return URLSafeSerializer(str(current_app.secret_key), salt=f"kumo.cursor.{salt}")
