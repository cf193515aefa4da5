"""What was typed into the form of a recipe, as a recipe has it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dashboard.recipe_form import parts
from orchestrator.ledger.drafts import Recipe
from orchestrator.ledger.items import clean_text

#: One more than a recipe may have, so that its check says so.
_MOST_FIELDS, _MOST_FOLLOWS, _MOST_STEPS = 101, 21, 11
_ORDERS = frozenset({"DMY", "MDY", "YMD"})

Typed = Mapping[str, str]


def typed(recipe: Recipe, form: Typed) -> Recipe:
    """The recipe as the form has it; what the form does not show is as it was."""
    said = {name: clean_text(text).strip() for name, text in form.items()}
    rows = list(_rows(said))
    part = dict(parts.fielded(recipe))
    _set(part, "fields", _fields(recipe, said, rows))
    if "items" in said:
        _set(part, "items", parts.typed_place(said["items"]))
    if "types" in said:
        _set(part, "types", _listed(said["types"]))
    arguments = parts.with_fielded(recipe, part)
    _say_the_rest(arguments, said)
    return Recipe(recipe.spider, arguments, _keys(said, rows))


def _rows(said: Typed) -> Iterator[Typed]:
    """What was typed of each field, by name without its number.

    One that was emptied stays: only its button removes it, and numbers stay those of the page.
    """
    for number in range(_MOST_FIELDS):
        start = f"field-{number}-"
        if row := {name.removeprefix(start): said[name] for name in said if name.startswith(start)}:
            yield row


def _fields(recipe: Recipe, said: Typed, rows: Sequence[Typed]) -> list[Any]:
    if parts.is_named(recipe):
        return _listed(said.get("names", ""))
    is_placed = parts.is_placed(recipe)
    return [_field(row, is_placed=is_placed) for row in rows]


def _field(row: Typed, *, is_placed: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"name": row.get("name", "")}
    place = row.get("place", "")
    made |= parts.typed_place(place) if is_placed else {"path": place}
    if is_placed:
        _set(made, "attribute", row.get("attribute"))
        _set(made, "take", "" if row.get("take") == "first" else row.get("take"))
    _set(made, "clean", list(_steps(row)))
    _set(made, "required", "required" in row)
    return made


def _steps(row: Typed) -> Iterator[Any]:
    for number in range(_MOST_STEPS):
        if name := row.get(f"step-{number}"):
            told = _told(name, row.get(f"option-{number}", ""))
            yield {"step": name, **told} if told else name


def _told(step: str, option: str) -> dict[str, str]:
    """What a step is told; one that takes nothing is told nothing."""
    names = parts.OPTIONS.get(step)
    if not names or not option:
        return {}
    if step != "date":
        return {names[0]: option}
    words = option.split()
    order = next((word.upper() for word in words if word.upper() in _ORDERS), "")
    locale = next((word for word in words if word.upper() not in _ORDERS), "")
    return {name: word for name, word in (("locale", locale), ("order", order)) if word}


def _keys(said: Typed, rows: Sequence[Typed]) -> list[str]:
    if rows:
        return [row["name"] for row in rows if "key" in row and row.get("name")]
    return _listed(said.get("keys", ""))


def _say_the_rest(arguments: dict[str, Any], said: Typed) -> None:
    if "most_pages" in said:
        _set(arguments, "most_pages", _number(said["most_pages"]))
    if "next_page" in said:
        _set(arguments, "next_page", parts.typed_place(said["next_page"]))
    if "pattern" in said:
        _set(arguments, "pattern", said["pattern"])
    if "follow-0-place" in said:
        _set(arguments, "follow", list(_follows(said)))
    if "list" in said:
        _set(arguments, "list", said["list"])
        _set(arguments, "next_page", _next_answer(said))


def _follows(said: Typed) -> Iterator[dict[str, Any]]:
    for number in range(_MOST_FOLLOWS):
        rule = parts.typed_place(said.get(f"follow-{number}-place", ""))
        _set(rule, "pattern", said.get(f"follow-{number}-pattern"))
        _set(rule, "most", _number(said.get(f"follow-{number}-most", "")))
        if rule:
            yield rule


def _next_answer(said: Typed) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in ("path", "parameter"):
        _set(made, name, said.get(f"next-{name}"))
    for name in ("from", "by"):
        # 0 is a number to begin from.
        if (number := _number(said.get(f"next-{name}", ""))) is not None:
            made[name] = number
    return made


def _number(text: str) -> int | str | None:
    """What is no number stays as it was typed, for the recipe's check to say so."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.replace("、", ",").split(",") if each.strip()]


def _set(part: dict[str, Any], name: str, value: Any) -> None:
    """Puts a value there, or takes the name out when there is none: absent is the default."""
    if value in (None, "", [], {}, False):
        part.pop(name, None)
    else:
        part[name] = value
