"""Secrecy: what is a secret by its name, and what stands for one; pure functions.

A secret belongs into a variable KUMO_SECRET_NAME of the workers. Where an argument holds one all
the same, it is not shown, and never written to a file.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_SECRET = re.compile(
    r"passw(or)?d|passphrase|secret|token|cookie|(api|access|private)[_-]?key|credential"
    r"|authori[sz]ation",
    re.IGNORECASE,
)
#: `${NAME}` within text, where Kumo puts the secret in.
_IN_TEXT = re.compile(r"\$\{[A-Z][A-Z0-9_]{0,99}\}")
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
#: What is shown in its place.
MASK = "••••••"
_PASSWORD = re.compile(r"^([\w+.-]+://)[^/?#@]*:[^/?#@]*@")
#: A name and its value in the query of an address, or behind its #.
_PAIR = re.compile(r"(?<=[?&;#])([^=?&;#]+)=([^&;#]*)")

#: An address within text; what ends a sentence is no part of it, but does no harm either.
_ADDRESS = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]{0,30}://[^\s\"'<>]+")
#: An API token of ours, and what programs show in a header.
_SHOWN = re.compile(r"\bkumo_[\w-]{40,60}|(?<=Bearer )[\w.~+/=-]{8,}|(?<=Basic )[\w+/=]{8,}")

#: The way to a value: names, and numbers from 0 in lists.
Place = tuple[str | int, ...]


def is_secret(name: str) -> bool:
    """Whether what goes by that name should not be read over a shoulder."""
    return _SECRET.search(name) is not None


def masked(address: str) -> str:
    """An address without the secrets that it holds by name: a password, `?token=…`."""
    address = _PASSWORD.sub(rf"\1{MASK}@", address, count=1)
    return _PAIR.sub(
        lambda found: f"{found[1]}={MASK}" if is_secret(found[1]) else found[0], address
    )


def masked_text(text: str) -> str:
    """A text without the secrets in its addresses, and without tokens."""
    text = _ADDRESS.sub(lambda found: masked(found[0]), text)
    return _SHOWN.sub(MASK, text)


def is_reference(value: Any) -> bool:
    """Whether it stands for a secret, as {"secret": "NAME"} or with ${NAME} in it."""
    if isinstance(value, Mapping):
        name = value.get("secret")
        return set(value) == {"secret"} and isinstance(name, str) and bool(_NAME.fullmatch(name))
    return isinstance(value, str) and bool(_IN_TEXT.search(value))


def plain(value: Any, place: Place = (), *, secret: bool = False) -> Iterator[Place]:
    """Where values are that are secrets by their names, and stand there as they are."""
    if is_reference(value):
        return
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from plain(each, (*place, name), secret=secret or is_secret(name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from plain(each, (*place, number), secret=secret)
    elif secret and isinstance(value, str | int) and not isinstance(value, bool) and value != "":
        yield place
