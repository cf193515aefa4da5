"""The browser that pages are rendered in: what has to be there, and how to get it.

Found by looking, so that nobody who does not render imports a browser's driver or starts anything.
"""

import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from orchestrator import config
from orchestrator.exceptions import BrowserMissing

#: What the extra brings.
_PACKAGES = ("scrapy_playwright", "playwright")
#: What distributions call it.
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def require() -> Path:
    """The browser's program. Raises BrowserMissing, which says what to install."""
    if any(find_spec(package) is None for package in _PACKAGES):
        raise BrowserMissing("scrapy-playwright is not installed: pip install 'kumo[browser]'.")
    chosen = config.get().chromium
    if chosen is not None:
        if shutil.which(chosen) is None:
            raise BrowserMissing(f"KUMO_CHROMIUM names {chosen}, which is no program.")
        return chosen
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    raise BrowserMissing(
        "there is no Chromium: install it (apt install chromium), or say where it is with "
        "KUMO_CHROMIUM."
    )


@cache
def is_there() -> bool:
    """Whether pages can be rendered on this machine."""
    try:
        require()
    except BrowserMissing:
        return False
    return True
