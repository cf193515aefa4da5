"""What a run was made on: a figure without its machine and versions says nothing."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from orchestrator.embedded import postgres

_RIVALS = Path(__file__).parent / "rivals" / "requirements.lock"
_PACKAGES = ("scrapy", "celery", "twisted", "uvloop", "psycopg2-binary", "redis", "scrapy-redis")


def sentence() -> str:
    """The machine and the versions, as the documentation names them."""
    said = described()
    versions = ", ".join(f"{name} {said[name]}" for name in ("python", "postgres", *_PACKAGES))
    return (
        f"On {datetime.now(UTC):%-d %B %Y}: {said['cores']} cores ({said['processor']}), "
        f"{said['memory_gb']} GB, Linux {said['kernel']}; {versions}, scrapyd {said['scrapyd']}."
    )


def described() -> dict[str, Any]:
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": psutil.cpu_count(),
        "processor": _processor(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgres": postgres.MAJOR,
        **{name: version(name) for name in _PACKAGES},
        "scrapyd": _locked("scrapyd"),
    }


def load() -> float:
    """How many processes wanted a core in the last minute, ours included."""
    return os.getloadavg()[0]


def _locked(package: str) -> str:
    """The version of what lives in the rivals' own environment."""
    found = re.search(rf"^{package}==(\S+)", _RIVALS.read_text(), re.MULTILINE)
    assert found
    return found[1]


def _processor() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()
