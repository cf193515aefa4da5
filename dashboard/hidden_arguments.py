"""Arguments of targets that should not be read over a shoulder, and come back unread.

What is shown in their stead stands for what is stored: left alone it changes nothing.
"""

from collections.abc import Mapping
from typing import Any

from orchestrator.ledger.secrecy import is_secret

HIDDEN = "••••••"


def hidden(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: HIDDEN if is_secret(name) else value for name, value in arguments.items()}


def unhidden(given: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """What is meant by arguments that somebody was shown."""
    return {
        name: stored[name] if value == HIDDEN and name in stored else value
        for name, value in given.items()
    }
