"""How a value is cleaned, step by step; each takes what the one before gave."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from orchestrator.exceptions import Sentence
from orchestrator.ledger.recipes.part import Part
from orchestrator.ledger.recipes.patterns import Pattern

StepName = Literal[
    "strip",  # White space off the ends, and one space where there were several.
    "lower",
    "upper",
    "number",  # The first number in a text, 1.234,50 and 1,234.50 alike.
    "integer",
    "price",  # A number; its currency goes to another field where one is named.
    "date",  # ISO 8601 out of what people write, in the language of `locale`.
    "absolute_url",
    "join",  # A list as one text.
    "split",  # A text as a list.
    "match",  # What RE2 finds: the first group, or all of it.
    "first",  # Of a list.
]

#: What else each step is told.
_OPTIONS: Mapping[str, frozenset[str]] = {
    "price": frozenset({"currency"}),
    "date": frozenset({"locale", "order"}),
    "join": frozenset({"separator"}),
    "split": frozenset({"separator"}),
    "match": frozenset({"pattern"}),
}
_NEEDED: Mapping[str, str] = {"match": "pattern"}


def _known_language(locale: str) -> str:
    # Here, since it is a large package for the sake of a few recipes.
    from dateparser.data.languages_info import language_order

    if locale.replace("_", "-").partition("-")[0].lower() not in language_order:
        raise ValueError(Sentence("is no language whose dates can be read"))
    return locale


Locale = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?$"),
    AfterValidator(_known_language),
]


class Step(Part):
    """One step: its name, and what that step is told besides."""

    step: StepName
    #: The field that gets the currency of a price.
    currency: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    #: The language of a date, such as ja or en-GB; guessed when absent.
    locale: Locale | None = None
    #: How 01/02/2026 is read.
    order: Literal["DMY", "MDY", "YMD"] | None = None
    separator: Annotated[str, StringConstraints(max_length=20)] | None = Field(None, alias="with")
    pattern: Pattern | None = None

    @model_validator(mode="after")
    def _takes_what_it_is_told(self) -> Self:
        known = _OPTIONS.get(self.step, frozenset())
        for name in self.model_fields_set - {"step"} - known:
            option = "with" if name == "separator" else name
            raise ValueError(
                Sentence('"%(step)s" takes no "%(option)s"', step=self.step, option=option)
            )
        needed = _NEEDED.get(self.step)
        if needed and getattr(self, needed) is None:
            raise ValueError(
                Sentence('"%(step)s" needs "%(option)s"', step=self.step, option=needed)
            )
        return self


def _named(step: Any) -> Any:
    """A step that is told nothing else may be just its name."""
    return {"step": step} if isinstance(step, str) else step


Steps = Annotated[list[Annotated[Step, BeforeValidator(_named)]], Field(max_length=10)]

STEP_NAMES: tuple[str, ...] = get_args(StepName)
