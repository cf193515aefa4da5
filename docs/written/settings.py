"""The Scrapy settings that a target may have, with their bounds and Kumo's defaults."""

from scrapy.settings import Settings

from docs.written import markdown
from orchestrator.ledger.allowed_settings import ALLOWED, Bounds


def written() -> str:
    defaults = Settings()
    defaults.setmodule("spiders_project.settings")
    rows = [
        (markdown.code(name), _kind(bounds), markdown.code(str(defaults.get(name, ""))))
        for name, bounds in ALLOWED.items()
    ]
    return markdown.table(("setting", "value", "default"), rows)


def _kind(bounds: Bounds) -> str:
    if bounds.kind is bool:
        return "true or false"
    if bounds.words:
        return " or ".join(map(markdown.code, bounds.words))
    if bounds.kind is str:
        return f"text of {bounds.length} characters at most"
    span = f"from {bounds.least:,} to {bounds.greatest:,}"
    if bounds.kind is list:
        return f"a list of {bounds.length} whole numbers at most, {span}"
    return f"{'a whole number' if bounds.kind is int else 'a number'} {span}"
