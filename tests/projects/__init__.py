"""People's projects, a folder each, named after what is wrong with it (`peoples_own`: nothing)."""

from pathlib import Path

#: For KUMO_SPIDER_MODULES: all of them at once, since none may harm another.
MODULES = ",".join(
    f"tests.projects.{folder.name}.spiders"
    for folder in sorted(Path(__file__).parent.iterdir())
    if (folder / "spiders.py").exists()
)
