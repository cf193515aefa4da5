"""The form of a recipe: rows of fields and of links, and what else its spider may be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.recipe_form import parts
from dashboard.recipe_form.faults import beside
from orchestrator.ledger.drafts import Recipe


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of cleaning, and what it is told."""

    name: str = ""
    option: str = ""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field, and where it is found."""

    name: str
    place: str
    attribute: str
    take: str
    steps: Sequence[StepRow]
    required: bool
    is_key: bool


@dataclass(frozen=True, slots=True)
class FollowRow:
    """Which links are followed."""

    place: str = ""
    pattern: str = ""
    most: str = ""


@dataclass(frozen=True, slots=True)
class RecipeForm:
    """What the editor of a draft shows."""

    spider: str
    is_placed: bool
    is_named: bool
    rows: Sequence[FieldRow]
    follows: Sequence[FollowRow]
    #: What else the spider may be told, by the name of its input.
    values: Mapping[str, str]
    #: By the name of the input that each stands beside.
    faults: Mapping[str, Any]

    @property
    def follows_links(self) -> bool:
        return self.spider in ("selector", "structured")


def of(recipe: Recipe) -> RecipeForm:
    """The form of a recipe, with what is wrong with it."""
    named = parts.is_named(recipe)
    fields = parts.fielded(recipe).get("fields") or []
    rows = [each for each in fields if isinstance(each, Mapping)]
    # One more, to add the next.
    rules = [*(recipe.arguments.get("follow") or []), {}]
    return RecipeForm(
        spider=recipe.spider,
        is_placed=parts.is_placed(recipe),
        is_named=named,
        rows=[] if named else [_row(each, recipe.key_fields) for each in rows],
        follows=[_follow(rule) for rule in rules],
        values=_values(recipe),
        faults=beside(recipe),
    )


def _row(each: Mapping[str, Any], keys: Sequence[str]) -> FieldRow:
    return FieldRow(
        name=_text(each.get("name")),
        place=_text(each["path"]) if "path" in each else parts.shown_place(each),
        attribute=_text(each.get("attribute")),
        take=_text(each.get("take")) or "first",
        # One more, to choose the next.
        steps=[*map(_step, each.get("clean") or []), StepRow()],
        required=bool(each.get("required")),
        is_key=each.get("name") in keys,
    )


def _step(step: Any) -> StepRow:
    if isinstance(step, str):
        return StepRow(step)
    name = _text(step.get("step"))
    told = (_text(step.get(each)) for each in parts.OPTIONS.get(name, ()))
    return StepRow(name, " ".join(filter(None, told)))


def _follow(rule: Mapping[str, Any]) -> FollowRow:
    return FollowRow(parts.shown_place(rule), _text(rule.get("pattern")), _text(rule.get("most")))


def _values(recipe: Recipe) -> dict[str, str]:
    arguments, part = recipe.arguments, parts.fielded(recipe)
    values = {"keys": ", ".join(recipe.key_fields)}
    if recipe.spider == "feed":
        return values | {"names": ", ".join(part.get("fields") or [])}
    values["most_pages"] = _text(arguments.get("most_pages"))
    if recipe.spider == "api":
        return values | _values_of_api(arguments)
    if recipe.spider == "sitemap":
        values["pattern"] = _text(arguments.get("pattern"))
    else:
        values["next_page"] = parts.shown_place(arguments.get("next_page"))
    if parts.is_placed(recipe):
        return values | {"items": parts.shown_place(part.get("items"))}
    return values | {"types": ", ".join(part.get("types") or [])}


def _values_of_api(arguments: Mapping[str, Any]) -> dict[str, str]:
    following = arguments.get("next_page") or {}
    names = ("path", "parameter", "from", "by")
    counted = {f"next-{name}": _text(following.get(name)) for name in names}
    return {"list": _text(arguments.get("list"))} | counted


def _text(value: Any) -> str:
    return "" if value is None else str(value)
