"""The environment of a process under test: with `injected/` on its path, and what it asks for."""

import os
from pathlib import Path

INJECTED = Path(__file__).parent / "injected"


def injecting(**asked: str) -> dict[str, str]:
    """Variables that make a process, and all that it starts, see what is injected."""
    paths = [str(INJECTED), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths)} | asked


def without(mechanism: str) -> dict[str, str]:
    """Variables that switch a mechanism of the product off."""
    return injecting(KUMO_TEST_OFF=mechanism)


def with_kill_points(folder: Path) -> dict[str, str]:
    """Variables under which kill points may be armed in the folder."""
    return injecting(KUMO_TEST_KILL_POINTS=str(folder))
