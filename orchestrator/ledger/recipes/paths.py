"""Paths into JSON from people, as JMESPath has them."""

from functools import lru_cache
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, StringConstraints

from orchestrator.exceptions import Sentence

#: Brackets and braces within each other; the parser calls itself for each.
_DEEPEST = 20


# Bounded: whoever edits a recipe tries many, in a process that lives for weeks.
@lru_cache(1024)
def compiled(path: str) -> Any:
    """The path, ready to search. Raises JMESPathError."""
    return jmespath.compile(path)


def _understood(path: str) -> str:
    if sum(map(path.count, "([{&!")) > _DEEPEST:
        raise ValueError(Sentence("should have at most %(most)d brackets, & and !", most=_DEEPEST))
    try:
        compiled(path)
    except (JMESPathError, ValueError) as error:
        why = str(error).strip().splitlines()[0][:200]
        raise ValueError(Sentence("is no JMESPath: %(why)s", why=why)) from error
    return path


Path = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_understood)]
