"""Headers that a recipe sends along, and secrets in them: by name, never by value."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from orchestrator.exceptions import Sentence

#: `${NAME}` in a start URL or a header stands for what KUMO_SECRET_NAME holds.
REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]{0,99})\}")
#: What decides whose request it is, how it is framed, or who answers it, is not for a recipe.
_OURS = frozenset(
    {"connection", "content-encoding", "content-length", "cookie", "cookie2", "expect"}
    | {"forwarded", "host", "http2-settings", "keep-alive", "range", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "user-agent", "via"}
)
_OUR_BEGINNINGS = ("proxy-", "sec-", "x-forwarded-")
_SECRET = re.compile(r"authori[sz]ation|token|secret|passw|api-?key|access-?key", re.IGNORECASE)


def _reference(value: Any) -> Any:
    """{"secret": "NAME"} in the short form, which is text like any other value."""
    if isinstance(value, Mapping) and set(value) == {"secret"} and isinstance(value["secret"], str):
        return f"${{{value['secret']}}}"
    return value


def _one_line(value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise ValueError(Sentence("should be one line of plain ASCII text"))
    if "${" in REFERENCE.sub("", value):
        raise ValueError(
            Sentence("names a secret in another way than ${NAME}, of capital letters, digits and _")
        )
    return value


def _not_ours(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        small = name.lower()
        if small in _OURS or small.startswith(_OUR_BEGINNINGS):
            raise ValueError(Sentence("may not set the header %(name)s", name=name))
        if _SECRET.search(name) and not REFERENCE.search(value):
            raise ValueError(
                Sentence(
                    "holds a secret in %(name)s: put it into the variable KUMO_SECRET_NAME of the "
                    'workers, and write {"secret": "NAME"} here',
                    name=name,
                )
            )
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError(Sentence("has a header twice"))
    return headers


HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,99}$")]
HeaderValue = Annotated[
    str,
    StringConstraints(max_length=2_000),
    AfterValidator(_one_line),
    BeforeValidator(_reference),
]
Headers = Annotated[dict[HeaderName, HeaderValue], Field(max_length=20), AfterValidator(_not_ours)]
