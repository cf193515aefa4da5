"""Dates as pages write them, as ISO 8601."""

import unicodedata
from datetime import datetime
from functools import cache

from dateparser.date import DateDataParser

#: Dates stand near the beginning of a text, and the library takes long over long ones.
_LOOKED_AT = 200
#: Tried where neither recipe nor page names a language. With all 205 that the library knows, the
#: first word that is no date took four seconds.
_LIKELY = ("en", "ja", "de", "fr", "es", "it", "pt", "nl", "zh", "ko", "ru")


def date_in(text: str, *, locale: str | None, order: str | None, language: str) -> str | None:
    """`language` is the page's own, tried first where the recipe names none."""
    text = unicodedata.normalize("NFKC", text).strip()[:_LOOKED_AT]
    try:
        return _written(datetime.fromisoformat(text), text)
    except ValueError:
        pass
    named, _, region = (locale or "").replace("_", "-").partition("-")
    languages = (named.lower(),) if named else tuple(dict.fromkeys((language, *_LIKELY)))
    found = _parser(languages, region.upper() or None, order).get_date_data(text).date_obj
    return _written(found, text) if found else None


@cache
def _parser(languages: tuple[str, ...], region: str | None, order: str | None) -> DateDataParser:
    settings = {"DATE_ORDER": order} if order else None
    return DateDataParser(languages=list(languages), region=region, settings=settings)


def _written(moment: datetime, text: str) -> str:
    """Without a time of day where the page has none."""
    midnight = not (moment.hour or moment.minute or moment.second)
    return moment.date().isoformat() if midnight and ":" not in text else moment.isoformat()
