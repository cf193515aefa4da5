"""docker-compose.yml as Compose reads it: its services, with the variables of a test put in."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}

#: A mention of a variable: `$$`, `${NAME}`, `${NAME:-default}`, `${NAME:?complaint}`.
MENTION = re.compile(r"\$(?:(\$)|{(\w+)(?::([-?])([^}]*))?})")
#: Every secret that the file asks for.
GIVEN = {
    name: "a:flowerword"
    if name == "FLOWER_BASIC_AUTH"
    else f"{name.lower()}ofatest".replace("_", "")
    for _, name, kind, _ in MENTION.findall((ROOT / "docker-compose.yml").read_text())
    if kind == "?"
}


def resolved(text: str) -> str:
    """The text as Compose reads it, with GIVEN as its environment."""

    def value(found: "re.Match[str]") -> str:
        dollar, name, kind, rest = found.groups()
        if dollar:
            return "$"
        return GIVEN.get(name, rest if kind == "-" else "")

    return MENTION.sub(value, text)
