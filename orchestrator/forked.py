"""Where a process begins that is forked from the forkserver.

By itself, since the process imports whatever its first function is in: not the launcher, which
knows all of the ledger.
"""

from importlib import import_module
from typing import Any


def begin(module: str, arguments: tuple[Any, ...]) -> None:
    """Runs `main` of that module with these arguments, which ends the process."""
    import_module(module).main(*arguments)
