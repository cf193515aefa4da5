"""The options that say what a target is, for `kumo targets add` and `edit`.

An option that is not given leaves its field alone; an empty value clears it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import click

from orchestrator.ledger.models import Overlap

Command = Callable[..., Any]

#: Options that may be given several times, and the field each fills.
_LISTS = {"start_url": "start_urls", "key_field": "key_fields", "tag": "tags"}
_OBJECTS = {"argument": "arguments", "setting": "settings"}


def _named(option: str, what: str) -> Callable[[Command], Command]:
    how = "JSON is understood, anything else is text; null takes it out. Repeatable."
    return click.option(option, multiple=True, metavar="NAME=VALUE", help=f"{what} {how}")


_OPTIONS = (
    click.option("--start-url", multiple=True, help="Where to begin. Repeatable; replaces all."),
    _named("--argument", "An argument of the spider."),
    _named("--setting", "A Scrapy setting."),
    click.option(
        "--key-field",
        multiple=True,
        help="A field that tells items apart. Repeatable; replaces all.",
    ),
    click.option("--tag", multiple=True, help="A word to group it by. Repeatable; replaces all."),
    click.option("--schedule", help="A cron line, such as '30 3 * * *'; empty = nightly."),
    click.option("--timezone", help="The zone of the schedule, such as Asia/Tokyo."),
    click.option(
        "--window",
        "crawl_window",
        help="When it may be crawled, such as 22:00-06:00 in its zone; empty = all day.",
    ),
    click.option(
        "--overlap",
        type=click.Choice([each.value for each in Overlap]),
        help="What becomes of a scheduled crawl that finds it busy.",
    ),
    click.option(
        "--spread",
        "spread_seconds",
        metavar="SECONDS",
        help="Over how long scheduled starts are spread; 0 = not, empty = the installation's.",
    ),
    click.option("--priority", type=int, help="0 is served first, 9 last."),
    click.option(
        "--render/--no-render",
        default=None,
        help="Open its pages in a browser, and read them once their scripts have run.",
    ),
    click.option(
        "--crawlers", type=int, help="So many crawlers, of any workers, share each of its jobs."
    ),
    click.option(
        "--worker-tag",
        metavar="TAG",
        help="Only workers started for this tag crawl it, as with -Q crawls.TAG; empty = others.",
    ),
    click.option("--max-attempts", type=int, help="Give up after so many failures in a row."),
)

unchecked_option: Callable[[Command], Command] = click.option(
    "--unchecked", is_flag=True, help="Take a spider that is not there yet."
)


def definition_options(*, spider_required: bool) -> Callable[[Command], Command]:
    """Gives a command all of them, in this order."""

    def decorate(command: Command) -> Command:
        spider = click.option("--spider", required=spider_required, help="The spider's name.")
        for option in reversed((spider, *_OPTIONS)):
            command = option(command)
        return command

    return decorate


def fields_from(given: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the given options change; `now` is what single names are changed in.

    Raises click.UsageError for what is no NAME=VALUE.
    """
    fields: dict[str, Any] = {}
    for option, value in given.items():
        if value is None or value == ():
            continue
        if option in _LISTS:
            fields[_LISTS[option]] = [one for one in value if one]
        elif option in _OBJECTS:
            field = _OBJECTS[option]
            fields[field] = _merged(now.get(field, {}), value)
        elif option == "spread_seconds":
            fields[option] = _value(value) if value.strip() else None
        else:
            fields[option] = value
    return fields


def _merged(now: Mapping[str, Any], given: tuple[str, ...]) -> dict[str, Any]:
    merged = dict(now)
    for pair in given:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"{pair!r} is no NAME=VALUE.")
        merged[name.strip()] = _value(text)
    return {name: value for name, value in merged.items() if value is not None}


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text


def _no_number(word: str) -> float:
    # JSON has no NaN and no Infinity; Python's reader would let them in.
    raise ValueError(word)
