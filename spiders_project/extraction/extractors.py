"""extruct's readers of JSON-LD, microdata and OpenGraph, without the rest of it.

Its package imports rdflib for RDFa, which is not read here: half a second and 20 MB in each worker.
So its modules are imported under a package that is empty meanwhile; whoever imports extruct
afterwards, as people's own spiders may, gets the real one.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType

_NAME = "extruct"


@contextmanager
def _bare_package() -> Iterator[None]:
    if _NAME in sys.modules:
        yield
        return
    spec = find_spec(_NAME)
    bare = ModuleType(_NAME)
    bare.__path__ = list((spec and spec.submodule_search_locations) or [])
    sys.modules[_NAME] = bare
    try:
        yield
    finally:
        del sys.modules[_NAME]


with _bare_package():
    from extruct.jsonld import JsonLdExtractor
    from extruct.opengraph import OpenGraphExtractor
    from extruct.w3cmicrodata import MicrodataExtractor

__all__ = ["JsonLdExtractor", "MicrodataExtractor", "OpenGraphExtractor"]
