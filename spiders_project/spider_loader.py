"""Finds the spiders, and lets a module that does not import take only its own spiders down.

Scrapy's loader gives up the rest of a package at its first broken module, and ends the process
when the module breaks with anything but an ImportError or a SyntaxError.
"""

import traceback
import warnings
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from scrapy.spiderloader import SpiderLoader


class ForgivingSpiderLoader(SpiderLoader):
    """Imports each module on its own; `broken` names those that failed, and why.

    Reads SPIDER_MODULES: packages are searched to their last module.
    """

    broken: dict[str, str]

    def _load_all_spiders(self) -> None:
        self.broken = {}
        for name in self.spider_modules:
            for module in self._walk(name):
                self._load_spiders(module)
        self._check_name_duplicates()

    def _walk(self, name: str) -> Iterator[ModuleType]:
        module = self._import(name)
        if module is None:
            return
        yield module
        for _, inner, _ in iter_modules(getattr(module, "__path__", [])):
            yield from self._walk(f"{name}.{inner}")

    def _import(self, name: str) -> ModuleType | None:
        try:
            return import_module(name)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it is people's own code
            self.broken[name] = what_broke(error)
        warnings.warn(f"{name} does not load: {self.broken[name]}", RuntimeWarning, stacklevel=2)
        return None


def what_broke(error: BaseException) -> str:
    """The error and the place it came from, in one line."""
    said = traceback.format_exception_only(error)[-1].strip()
    if isinstance(error, SyntaxError):
        return f"{said} ({error.filename}, line {error.lineno})"
    # The import system's own frames tell nobody anything.
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and frame.filename != __file__
    ]
    return f"{said} ({frames[-1].filename}, line {frames[-1].lineno})" if frames else said
