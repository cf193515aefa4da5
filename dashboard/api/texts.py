"""Text that programs send, as far as the database can be asked for it."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_LONGEST = 200


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("should have no NUL character")
    return text


Text = Annotated[str, StringConstraints(max_length=_LONGEST), AfterValidator(_without_nul)]
#: Of an item: longer ones are replaced by a digest when they are stored.
Key = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_without_nul)]
