"""Changing a module of the product right after its import, in whatever process imports it.

The product knows nothing of this: it looks for its modules as ever, and the one that is asked for
is changed before its importer sees it, so that names imported from it are the changed ones.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

Patch = Callable[[ModuleType], None]

_patches: dict[str, list[Patch]] = defaultdict(list)


def after_import(module_name: str, patch: Patch) -> None:
    """Calls `patch` with the module once it has been imported; at once if it has been already."""
    if module_name in sys.modules:
        patch(sys.modules[module_name])
    else:
        _patches[module_name].append(patch)


def replace(module_or_class: object, name: str, value: object) -> None:
    """Puts `value` in the place of what is there; a name that is not there would change nothing."""
    if not hasattr(module_or_class, name):
        raise LookupError(f"{module_or_class!r} has no {name} to be replaced")
    setattr(module_or_class, name, value)


class _Finder(MetaPathFinder):
    """Finds what the others find, and has it patched once it is loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _patches:
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(fullname, path, target)):
                if spec.loader:
                    _patch_after(spec.loader, _patches[fullname])
                return spec
        return None


def _patch_after(loader: Loader, patches: list[Patch]) -> None:
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        for patch in patches:
            patch(module)

    loader.exec_module = exec_module  # type: ignore[method-assign]


sys.meta_path.insert(0, _Finder())
