"""Answers: what a process that has read strangers' pages may say, and nothing else.

A page may have made that process its own. So an answer is checked as if the page had written it,
before any of it is stored. How large it is was checked before; which there are say `draft_answers`
and `field_answers`.
"""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from orchestrator.exceptions import AnswerRefused
from orchestrator.ledger.items import repaired

Json = dict[str, Any]
#: A word for a reason.
Word = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


class Shape(BaseModel):
    """A part of an answer: nothing beyond what is named, and no guessing."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def as_said(self) -> Json:
        """As JSON, for a row."""
        return self.model_dump(exclude_unset=True)


class Answer(Shape):
    """A whole one; `kind` is how it is called on its way."""

    kind: ClassVar[str]


Said = TypeVar("Said", bound=Answer)


def read(frame: tuple[Any, bytes], shapes: Sequence[type[Said]]) -> Said:
    """What was said, which must be one of these. Raises AnswerRefused."""
    said, body = frame
    match said:
        case [str(kind), dict(content)]:
            shape = next((each for each in shapes if each.kind == kind), None)
        case _:
            shape = None
    if shape is None:
        expected = " or ".join(each.kind for each in shapes)
        raise AnswerRefused(f"It is none of those that were expected: {expected}.")
    try:
        return shape.model_validate(repaired(content) | ({"body": body} if body else {}))
    except RecursionError:
        raise AnswerRefused(f"It is a {shape.kind}, nested too deeply.") from None
    except ValidationError as error:
        raise AnswerRefused(f"It is a {shape.kind}, but wrong at {_fault(error)}.") from None


def _fault(error: ValidationError) -> str:
    """Where and how, for a log: without its values, which are a stranger's."""
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where[:100]!a} ({first['type']})"
