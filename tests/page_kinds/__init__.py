"""Pages of twelve kinds, a folder each, with the rows and columns that somebody would want of them.

`expected.json` beside a page says where one begins and which rows there are, in the order of the
pages; `{site}` stands for the address that the site has today. A column is wanted under any name.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class PageKind:
    """What a folder holds; `most_pages` are enough where the pages never end."""

    name: str
    start: str
    rows: list[dict[str, Any]]
    most_pages: int = 20


def kinds() -> list[PageKind]:
    """All of them, by name."""
    return [
        PageKind(path.parent.name, **json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*/expected.json"))
    ]
