"""The glossary: the words of the README, which a test holds to the code."""

import re
from pathlib import Path

_README = Path(__file__).parents[2] / "README.md"


def written() -> str:
    rows = re.findall(r"^\| ([\w -]+) \| (.+) \| `([\w.]+)` \|$", _README.read_text(), re.MULTILINE)
    terms = "\n\n".join(f"{word}\n  {means}. In the code: `{name}`." for word, means, name in rows)
    return f":::{{glossary}}\n{terms}\n:::\n"
