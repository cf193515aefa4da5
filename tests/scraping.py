"""`scrapy` as people type it, in the project's root."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def scrapy(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """The command, begun; `environment` empties a variable with an empty text."""
    return subprocess.Popen(
        [sys.executable, "-m", "scrapy", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
    )


def ended(process: "subprocess.Popen[str]", *, seconds: float = 60) -> tuple[int, str, str]:
    """Exit status, what it printed and what it logged."""
    with process:
        said, logged = process.communicate(timeout=seconds)
    return process.returncode, said, logged


def items_of(said: str) -> list[dict[str, Any]]:
    """The items that `-O -:jsonlines` printed."""
    return [json.loads(line) for line in said.splitlines()]
