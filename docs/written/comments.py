"""What the `#:` lines of the code say: they are the reference already."""

from collections.abc import Mapping
from functools import cache

from sphinx.pycode import ModuleAnalyzer


def of(owner: type, attribute: str) -> str:
    """What the class, or the one it has the attribute from, says of it; may be nothing."""
    for kind in owner.__mro__:
        if said := _of_module(kind.__module__).get((kind.__qualname__, attribute)):
            return " ".join(" ".join(said).split())
    return ""


def first(owner: type) -> str:
    """The first paragraph of what a class says of itself."""
    return " ".join((owner.__doc__ or "").partition("\n\n")[0].split())


@cache
def _of_module(name: str) -> Mapping[tuple[str, str], list[str]]:
    if name == "builtins":
        return {}
    return ModuleAnalyzer.for_module(name).find_attr_docs()
