"""The commands of the documents, as a reader types them: each page from its top to its end.

A block `sh` is typed as it stands; a block `console` has commands after `$ ` and below each what it
says, with … for what nobody can know. A comment right before a block marks it:

    <!-- not run: needs Docker -->    it cannot be run here, for that reason
    <!-- file: ~/shop/spiders.py -->  it is a file, which the reader writes
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]

_MARK = r"<!-- *(?P<mark>not run|file)\b:? *(?P<said>.*?) *-->"
_BLOCK = re.compile(
    rf"^(?:(?P<outer> *){_MARK}\n)?(?P<indent> *)```(?P<kind>\w+)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_TYPED = ("sh", "console")


@dataclass(frozen=True)
class Block:
    """A block of a page, and what its mark says."""

    line: int
    kind: str
    text: str
    mark: str
    said: str

    @property
    def runs(self) -> bool:
        return self.mark == "file" or (self.kind in _TYPED and self.mark != "not run")


@dataclass(frozen=True)
class Step:
    """Something to type, and what it says then; None = whatever it says."""

    line: int
    typed: str
    says: str | None


def blocks(page: Path) -> list[Block]:
    """What a reader types, and the files a reader writes, in their order."""
    text = page.read_text()
    found = [
        Block(
            text.count("\n", 0, each.start("kind")) + 1,
            each["kind"],
            textwrap.dedent(each["text"]),
            each["mark"] or "",
            each["said"] or "",
        )
        for each in _BLOCK.finditer(text)
    ]
    return [block for block in found if block.mark or block.kind in _TYPED]


def marks(page: Path) -> int:
    """How many there are, in front of a block or not."""
    return len(re.findall(rf"^ *{_MARK}", page.read_text(), re.MULTILINE))


def steps(page: Path) -> list[Step]:
    return [step for block in blocks(page) if block.runs for step in _steps(block)]


def fits(expected: str, said: str) -> bool:
    """Whether something was said as a page has it; a line of … is any number of lines."""
    pattern = "".join(map(_line, expected.strip().splitlines()))
    return re.fullmatch(pattern, _plain(said)) is not None


def _steps(block: Block) -> Iterable[Step]:
    if block.mark == "file":
        return [Step(block.line, _writes(block), None)]
    if block.kind == "sh":
        return [Step(block.line, block.text, None)]
    return dialogue(block)


def _writes(block: Block) -> str:
    # The reader's home is not known to a quoted path.
    path = block.said.replace("~", "$HOME", 1)
    body = f"<<'END_OF_FILE'\n{block.text}END_OF_FILE\n"
    return f'mkdir -p "$(dirname "{path}")"\ncat > "{path}" {body}'


def dialogue(block: Block) -> Iterator[Step]:
    """The commands of a console block, each with what it says."""
    parts = re.split(r"^\$ (.*(?:\\\n.*)*)\n", block.text, flags=re.MULTILINE)
    assert not parts[0].strip(), f"line {block.line}: a console block begins with a command"
    for typed, says in zip(parts[1::2], parts[2::2], strict=True):
        yield Step(block.line, f"{typed}\n", says)


def _line(line: str) -> str:
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    return (
        ".*".join(re.escape(" ".join(part.split(" "))) for part in _plain(line)[:-1].split("…"))
        + "\n"
    )


def _plain(text: str) -> str:
    """Lines without the spaces that only make columns."""
    return "".join(" ".join(line.split()) + "\n" for line in text.strip().splitlines())
