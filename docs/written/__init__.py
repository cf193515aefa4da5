"""The parts of pages that the code writes: what is repeated by hand is wrong within a month.

A page says `<!-- written: tables -->` where such a part belongs. In the repository one does not see
it; on the site it is there.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sphinx.application import Sphinx

from docs.written import (
    commands,
    configuration,
    interface,
    manifests,
    metrics,
    settings,
    tables,
    words,
)

#: Each part by the name that pages call it by.
PARTS: Mapping[str, Callable[[], str]] = {
    "commands": commands.written,
    "configuration": configuration.written,
    "interface": interface.written,
    "metrics": metrics.written,
    "recipes": manifests.recipes_written,
    "settings": settings.written,
    "tables": tables.written,
    "target": manifests.target_written,
    "words": words.written,
}
MARK = re.compile(r"^<!-- written: (\w+) -->$", re.MULTILINE)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _fill(_app: Sphinx, _page: str, source: list[str]) -> None:
    source[0] = filled(source[0])


def filled(text: str) -> str:
    """The text of a page with its parts in their places. Raises KeyError for one nobody writes."""
    return MARK.sub(lambda mark: PARTS[mark[1]](), text)
