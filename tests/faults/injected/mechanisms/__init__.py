"""The mechanisms of the product that can be switched off, to see a test fail without them.

Each module here has a table `OFF`: the mechanism's name, the module of the product it lives in, and
the function that changes this module so that the mechanism is missing.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

from patching import after_import

Off = dict[str, tuple[str, Callable[[ModuleType], None]]]


def groups() -> dict[str, Off]:
    """The tables, by the name of the module that holds each."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    return {name: import_module(f"{__name__}.{name}").OFF for name in names}


def switch_off(name: str) -> None:
    """This process, and all that it starts, does without this mechanism. Raises LookupError."""
    known = {mechanism: off for group in groups().values() for mechanism, off in group.items()}
    if name not in known:
        raise LookupError(f"There is no mechanism {name!r}; known are {', '.join(sorted(known))}.")
    after_import(*known[name])
