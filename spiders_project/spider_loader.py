"""Finds the spiders, and lets a module that does not import take only its own spiders down.

Scrapy's loader gives up the rest of a package at its first broken module, and ends the process
when the module breaks with anything but an ImportError or a SyntaxError.
"""

import traceback
import warnings
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType

from scrapy import Spider
from scrapy.settings import BaseSettings
from scrapy.spiderloader import SpiderLoader
from scrapy.utils.spider import iter_spider_classes


class ForgivingSpiderLoader(SpiderLoader):
    """Imports each module on its own; `broken` names those that failed, and why.

    Reads SPIDER_MODULES: packages are searched to their last module. Of two spiders with one name
    the one in the module of that name is meant, else the later one.
    """

    broken: dict[str, str]

    def _load_all_spiders(self) -> None:
        self.broken = {}
        for name in self.spider_modules:
            for module in self._walk(name):
                self._load_spiders(module)
        self._check_name_duplicates()

    def _load_spiders(self, module: ModuleType) -> None:
        for spider in iter_spider_classes(module):
            self._found[spider.name].append((module.__name__, spider.__name__))
            known = self._spiders.get(spider.name)
            if known is None or self._is_at_home(spider) or not self._is_at_home(known):
                self._spiders[spider.name] = spider

    def _is_at_home(self, spider: type[Spider]) -> bool:
        return spider.__module__ in self._homes(spider.name)

    def _homes(self, name: str) -> list[str]:
        """The modules of that name, whether they are there or not; the last one counts most."""
        return [f"{package}.{name}" for package in self.spider_modules if name.isidentifier()]

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


class OneSpiderLoader(ForgivingSpiderLoader):
    """For a job's crawl: all modules are imported only if its spider is not at home in one.

    So a hundred other spiders cost it nothing, and none of them hangs or breaks it.
    """

    def __init__(self, settings: BaseSettings) -> None:
        self._name: str = settings["KUMO_CLAIM"].definition["spider"]
        super().__init__(settings)

    def _load_all_spiders(self) -> None:
        self.broken = {}
        for home in reversed(self._homes(self._name)):
            module = self._import(home) if _is_there(home) else None
            if module and any(each.name == self._name for each in iter_spider_classes(module)):
                self._load_spiders(module)
                return
        super()._load_all_spiders()


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (Exception, SystemExit):  # noqa: BLE001 - it imports the package, people's own code
        return False


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
