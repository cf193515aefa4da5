import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _python(code: str) -> str:
    """What a fresh interpreter prints, in the project's root."""
    ended = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_it_does_not_load_the_reactor() -> None:
    """The reactor opens its files as it is imported, and two crawls must not share them."""
    said = _python("""
        import sys, spiders_project.preload
        print("twisted.internet.reactor" in sys.modules, "scrapy.crawler" in sys.modules)
    """)
    assert said.split() == ["False", "True"]


def test_it_opens_no_connection_and_starts_no_thread() -> None:
    said = _python("""
        import threading, psutil, spiders_project.preload
        print(len(psutil.Process().net_connections()), threading.active_count())
    """)
    assert said.split() == ["0", "1"]


def test_it_loads_nobodys_spiders() -> None:
    said = _python("""
        import sys, spiders_project.preload
        print([name for name in sys.modules if name.startswith("spiders_project.spiders.")])
    """)
    assert said.strip() == "[]"


def test_what_it_loaded_is_left_alone_by_the_collector_which_is_on_again() -> None:
    said = _python("""
        import gc, spiders_project.preload
        print(gc.get_freeze_count(), gc.isenabled())
    """)
    frozen, enabled = said.split()
    assert (int(frozen) > 100_000, enabled) == (True, "True")


def test_what_a_crawl_has_built_of_its_settings_was_loaded_before() -> None:
    """What is named is imported, also when it is off; each crawl would import it anew."""
    said = _python("""
        import sys, spiders_project.preload
        before = set(sys.modules)
        from scrapy.extension import ExtensionManager
        from scrapy.utils.project import get_project_settings
        ExtensionManager._get_mwlist_from_settings(get_project_settings())
        print(sorted(set(sys.modules) - before), "aiohttp" in sys.modules)
    """)
    assert said.split() == ["[]", "False"]
