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
    found = [group[name] for group in groups().values() if name in group]
    if len(found) != 1:
        raise LookupError(f"There are {len(found)} mechanisms of the name {name!r}.")
    after_import(*found[0])
