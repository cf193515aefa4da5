"""Which spiders exist, and which modules do not load: asked of a process of its own, by name.

Nothing here imports a spider. People's modules are imported over there, where they may print, hang
or crash without taking the asker along.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from tempfile import TemporaryFile
from typing import IO, Any

from orchestrator.exceptions import CatalogueUnreadable

_LISTING = "spiders_project.listing"


@dataclass(frozen=True, slots=True)
class KnownSpider:
    """A spider that a target can name."""

    name: str
    module: str
    #: The first line of what it says of itself; may be empty.
    doc: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The spiders by name, and the modules that do not load with the reason."""

    spiders: Mapping[str, KnownSpider]
    broken: Mapping[str, str]

    def near(self, name: str) -> list[str]:
        """The names most like `name`, the likeliest first."""
        return get_close_matches(name, self.spiders, n=3, cutoff=0.5)


def read(*, seconds: float = 60) -> Catalogue:
    """Asks anew each time. Raises CatalogueUnreadable, which names the module at fault if one is.

    Modules of KUMO_SPIDER_MODULES are found from the working folder too.
    """
    # Files, not pipes: a process that a module started and left behind would keep a pipe open.
    with TemporaryFile("w+") as said, TemporaryFile("w+", errors="replace") as complained:
        command = [sys.executable, "-m", _LISTING]
        try:
            ended = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complained,
                timeout=seconds,
                check=False,
            )
            trouble = _how_it_ended(ended.returncode, _last_line(complained))
        except subprocess.TimeoutExpired:
            trouble = f"it did not end within {seconds:g} s"
        answer = json.loads(_last_line(said) or "{}")
    if "spiders" not in answer:
        raise CatalogueUnreadable(_sentence(answer.get("importing"), trouble))
    return _catalogue(answer)


def _catalogue(answer: Mapping[str, Any]) -> Catalogue:
    spiders = {
        name: KnownSpider(name, about["module"], about["doc"])
        for name, about in answer["spiders"].items()
    }
    return Catalogue(spiders, answer["broken"])


def _last_line(file: IO[str]) -> str:
    file.seek(0)
    lines = [line for line in file.read().splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _how_it_ended(status: int, complaint: str) -> str:
    if status < 0:
        return f"it was killed by signal {-status}"
    return complaint.strip() or f"it ended with exit status {status}"


def _sentence(module: str | None, trouble: str) -> str:
    if module:
        return (
            f"The spiders cannot be listed: while importing {module}, {trouble}; "
            f"mend that module, or take it out of KUMO_SPIDER_MODULES."
        )
    return f"The spiders cannot be listed: {trouble} (from `python -m {_LISTING}`)."
