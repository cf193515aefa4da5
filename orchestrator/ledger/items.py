"""Items: what tells one from another, what tells it from its earlier self, and how it is stored.

The rule for what Postgres cannot hold: a NUL or a lone surrogate becomes U+FFFD, a number that is
no number becomes null, an integer beyond 64 bits becomes text, names that are equal by then get a
number. What that does not mend is rejected with a reason, alone: its neighbours are stored.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from itertools import count
from typing import Any

import orjson

#: Fields that tell a person what an item is.
NAMING = ("name", "title", "名前", "商品名")
#: A larger item is rejected; a page of text is a thousandth of this.
MOST_BYTES = 4 * 1024 * 1024
#: A longer key is replaced by a digest; a btree entry ends near 2,700 bytes.
_LONGEST_KEY = 500
_EXCERPT = 500
_SURROGATES = re.compile("[\ud800-\udfff]")
_NUL = b"\\u0000"


@dataclass(frozen=True, slots=True)
class StorableItem:
    """An item as the checkpoint stores it."""

    key: str
    #: JSON with sorted keys.
    data: str
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class Rejection:
    """An item that cannot be stored, and why."""

    reason: str
    #: The beginning of its text form.
    excerpt: str
    content_hash: bytes


def storable(data: Mapping[str, Any], key_fields: Sequence[str]) -> StorableItem | Rejection:
    """The item as it is stored. `key_fields` empty: a `url` field, else the whole content."""
    try:
        return _as_it_is_or_repaired(data, key_fields)
    except Exception as error:  # noqa: BLE001  # Scrapy would drop the item and count its page as done
        # Not its words: they may be what cannot be had.
        return _rejection(data, f"it cannot be read: {type(error).__name__}")


def _as_it_is_or_repaired(
    data: Mapping[str, Any], key_fields: Sequence[str]
) -> StorableItem | Rejection:
    try:
        text = _encode(data)
    except TypeError:
        return _storable_after_repair(data, key_fields)
    if _NUL in text:
        return _storable_after_repair(data, key_fields)
    return _identified(data, text, key_fields)


def repaired(value: Any) -> Any:
    """The same value with everything replaced that Postgres or JSON cannot hold."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return _repaired_fields(value)
    if isinstance(value, (bytes, bytearray, set, frozenset)):
        return repaired(_plain(value))
    if isinstance(value, (list, tuple)):
        return [repaired(each) for each in value]
    return _repaired_number(value) if isinstance(value, (int, float)) else value


def _repaired_fields(fields: Mapping[Any, Any]) -> dict[str, Any]:
    """Two names that are one by now both stay, the later with a number."""
    held: dict[str, Any] = {}
    for original, value in fields.items():
        name = clean = clean_text(str(original))
        for number in count(2):
            if name not in held:
                break
            name = f"{clean} ({number})"
        held[name] = repaired(value)
    return held


def _repaired_number(value: float) -> Any:
    if isinstance(value, float):
        # A subclass, as numbers of a data frame are, is one that JSON does not know.
        return float(value) if math.isfinite(value) else None
    bits = value.bit_length()
    if bits < 64:
        return value
    # Python itself refuses to write out much longer ones.
    return str(value) if bits < 10_000 else f"an integer of {bits} bits"


def clean_text(text: str) -> str:
    """Text that Postgres can hold: NUL and lone surrogates become U+FFFD."""
    text = text.replace("\0", "\ufffd")
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def _storable_after_repair(
    data: Mapping[str, Any], key_fields: Sequence[str]
) -> StorableItem | Rejection:
    try:
        data = repaired(data)
        text = _encode(data)
        if _NUL in text:
            # It may be in what JSON knows by itself, a dataclass or an enum; now all is plain.
            data = repaired(orjson.loads(text))
            text = _encode(data)
    except RecursionError:
        return _rejection(data, "it is nested too deeply")
    except TypeError as error:
        reason = (
            "it is nested too deeply" if "ecursion" in str(error) else f"it is no JSON: {error}"
        )
        return _rejection(data, reason)
    return _identified(data, text, key_fields)


def _identified(
    data: Mapping[str, Any], text: bytes, key_fields: Sequence[str]
) -> StorableItem | Rejection:
    if len(text) > MOST_BYTES:
        size, most = len(text) / 2**20, MOST_BYTES / 2**20
        return _rejection(data, f"it is too large: {size:.1f} MB, where {most:.0f} MB is the most")
    missing = [name for name in key_fields if data.get(name) in (None, "")]
    if missing:
        return _rejection(data, f"its key field {missing[0]} is empty, so it cannot be told apart")
    digest = _digest(text)
    return StorableItem(_key(data, key_fields, digest), text.decode(), digest)


def _key(data: Mapping[str, Any], key_fields: Sequence[str], digest: bytes) -> str:
    if not key_fields and data.get("url"):
        key_fields = ("url",)
    if not key_fields:
        return digest.hex()
    values = [data[name] for name in key_fields]
    single = len(values) == 1 and isinstance(values[0], str)
    key = values[0] if single else _encode(values if len(values) > 1 else values[0]).decode()
    return key if len(key) <= _LONGEST_KEY else _digest(key.encode()).hex()


def _encode(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode(errors="replace")
    raise TypeError(f"a {type(value).__name__} is no JSON value")


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()


def _rejection(data: Mapping[str, Any], reason: str) -> Rejection:
    try:
        words = str(dict(data))
    except Exception:  # noqa: BLE001  # of any kind: an item's own code is asked
        words = f"fields: {', '.join(str(name) for name in data)}"
    digest = _digest((reason + words).encode(errors="replace"))
    return Rejection(reason, clean_text(words[:_EXCERPT]), digest)
