"""Regular expressions from people: RE2's, whose time grows with the text and never beyond it."""

from functools import lru_cache
from typing import Annotated, Any

import re2
from pydantic import AfterValidator, StringConstraints

from orchestrator.exceptions import Sentence

#: Of what one expression may take when it runs; (a{1,50}){1,50} is refused by it.
_MOST_BYTES = 1 << 20


# Bounded: whoever edits a recipe tries many, in a process that lives for weeks.
@lru_cache(256)
def compiled(pattern: str) -> Any:
    """The expression, ready to search. Raises re2.error."""
    options = re2.Options()
    options.max_mem = _MOST_BYTES
    # It would write to the standard error stream whatever it does not understand.
    options.log_errors = False
    return re2.compile(pattern, options)


def _understood(pattern: str) -> str:
    try:
        compiled(pattern)
    except (re2.error, UnicodeEncodeError) as error:
        raise ValueError(
            Sentence("is no regular expression that RE2 can run: %(why)s", why=_why(error))
        ) from error
    return pattern


def _why(error: Exception) -> str:
    why = error.args[0] if error.args else ""
    return why.decode(errors="replace") if isinstance(why, bytes) else str(why)


Pattern = Annotated[
    str, StringConstraints(min_length=1, max_length=500), AfterValidator(_understood)
]
