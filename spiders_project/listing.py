"""`python -m spiders_project.listing`: which spiders exist and which modules do not load, as JSON.

The orchestrator asks it in a process of its own, because importing people's modules may print,
hang or end the process. So each module is named before it is imported, one JSON object a line, and
what the modules print goes elsewhere; the last line is the answer.
"""

import json
import os
import sys
import warnings
from types import ModuleType
from typing import Any, TextIO

from scrapy import Spider
from scrapy.settings import Settings

from spiders_project.spider_loader import ForgivingSpiderLoader


def main() -> None:
    channel = _keep_stdout()
    # What does not load is part of the answer.
    warnings.simplefilter("ignore")
    settings = Settings()
    settings.setmodule("spiders_project.settings", priority="project")
    _say(channel, listing(settings, channel))
    channel.flush()
    # A module may have left a thread behind that never ends.
    os._exit(0)


def listing(settings: Settings, channel: TextIO) -> dict[str, Any]:
    """The spiders by name and the broken modules; names each module on `channel` first."""

    class Announcing(ForgivingSpiderLoader):
        """Says what it imports, so that whoever waits knows what never came back."""

        def _import(self, name: str) -> ModuleType | None:
            _say(channel, {"importing": name})
            return super()._import(name)

    loader = Announcing(settings)
    spiders = {name: _described(loader.load(name)) for name in sorted(loader.list())}
    return {"spiders": spiders, "broken": loader.broken}


def _described(spider: type[Spider]) -> dict[str, str]:
    doc = (spider.__doc__ or "").strip().partition("\n")[0]
    return {"module": spider.__module__, "doc": doc}


def _keep_stdout() -> TextIO:
    """Standard output for us alone; what others print goes to standard error."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return channel


def _say(channel: TextIO, what: dict[str, Any]) -> None:
    channel.write(json.dumps(what) + "\n")
    channel.flush()


if __name__ == "__main__":
    main()
