"""The parameters of a request: its address first, then its form; the first of a name counts."""

import math
from collections.abc import Iterator
from urllib.parse import parse_qsl

from flask import request

from orchestrator.exceptions import Invalid

_MOST = 1_000


class Parameters:
    """What came under each name, as bytes."""

    def __init__(self, pairs: Iterator[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, list[bytes]] = {}
        for name, value in pairs:
            self._values.setdefault(name.decode(errors="replace"), []).append(value)

    def required(self, name: str) -> str:
        """Raises Invalid when there is none, or no UTF-8."""
        value = self.optional(name)
        if value is None:
            raise Invalid(f"'{name}' parameter is required")
        return value

    def optional(self, name: str) -> str | None:
        return next(iter(self.every(name)[:1]), None)

    def every(self, name: str) -> list[str]:
        return [_text(name, value) for value in self._values.get(name, [])]

    def number(self, name: str) -> float:
        """0 when there is none. Raises Invalid."""
        given = self._values.get(name, [b"0"])[0]
        try:
            number = float(given)
        except ValueError as error:
            raise Invalid(f"{name} is invalid: {error}") from error
        if math.isnan(number):
            raise Invalid(f"{name} is invalid: it is not a number")
        return number

    def others(self, *names: str) -> dict[str, str]:
        """The first of each name but these."""
        left = [name for name in self._values if name not in names]
        return {name: self.required(name) for name in left}


def given() -> Parameters:
    """Those of this request. Raises Invalid when there are far too many."""
    return Parameters(_pairs())


def _pairs() -> Iterator[tuple[bytes, bytes]]:
    yield from _read(request.query_string)
    if request.method == "POST" and request.mimetype == "application/x-www-form-urlencoded":
        yield from _read(request.get_data())
    elif request.method == "POST":
        for name, value in request.form.items(multi=True):
            yield name.encode(errors="replace"), value.encode(errors="replace")


def _read(encoded: bytes) -> Iterator[tuple[bytes, bytes]]:
    # Latin-1 has a character for every byte, so that what is no UTF-8 can still be named.
    try:
        pairs = parse_qsl(
            encoded.decode("latin-1"),
            keep_blank_values=True,
            encoding="latin-1",
            max_num_fields=_MOST,
        )
    except ValueError as error:
        raise Invalid(f"There are more than {_MOST:,} parameters.") from error
    for name, value in pairs:
        yield name.encode("latin-1"), value.encode("latin-1")


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Invalid(f"{name} is invalid: {error}") from error
