import sys
import time
from pathlib import Path

import pytest

from orchestrator import catalogue
from orchestrator.catalogue import Catalogue, KnownSpider
from orchestrator.exceptions import CatalogueUnreadable

SPIDER = '''
import scrapy
class {name}Spider(scrapy.Spider):
    """Collects {name}.

    And more.
    """
    name = "{name}"
'''


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of people's own spiders in the working folder."""
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUMO_SPIDER_MODULES", "mine")
    return package


def test_the_shipped_spiders_are_known():
    known = catalogue.read()
    assert known.broken == {}
    assert {"demo_shop", "books_toscrape", "quotes_toscrape"} <= set(known.spiders)
    assert known.spiders["demo_shop"].module == "spiders_project.spiders.demo_shop"
    assert known.spiders["demo_shop"].doc


def test_reading_it_imports_no_scrapy_here():
    assert not {"scrapy", "twisted"} & set(vars(catalogue))
    assert "spiders_project.listing" not in sys.modules


def test_a_broken_module_takes_only_its_own_spiders_down(mine: Path):
    (mine / "a_zero.py").write_text(SPIDER.format(name="zero") + "\n1 / 0\n")
    (mine / "b_syntax.py").write_text("def spider(:\n")
    (mine / "c_missing.py").write_text("import no_such_module\n")
    (mine / "d_exit.py").write_text("raise SystemExit(3)\n")
    (mine / "e_noisy.py").write_text('print("{}")\n' + SPIDER.format(name="noisy"))
    (mine / "f_broken").mkdir()
    (mine / "f_broken" / "__init__.py").write_text("undefined\n")
    (mine / "g_deep").mkdir()
    (mine / "g_deep" / "__init__.py").touch()
    (mine / "g_deep" / "deep.py").write_text(SPIDER.format(name="deep"))
    known = catalogue.read()
    assert {"demo_shop", "noisy", "deep"} <= set(known.spiders)
    assert "zero" not in known.spiders
    assert known.spiders["deep"] == KnownSpider("deep", "mine.g_deep.deep", "Collects deep.")
    reasons = {name.removeprefix("mine."): reason for name, reason in known.broken.items()}
    assert set(reasons) == {"a_zero", "b_syntax", "c_missing", "d_exit", "f_broken"}
    assert reasons["a_zero"].startswith("ZeroDivisionError: division by zero (")
    assert reasons["a_zero"].endswith("a_zero.py, line 10)")
    assert "b_syntax.py, line 1" in reasons["b_syntax"]
    assert "No module named 'no_such_module'" in reasons["c_missing"]


def test_a_module_that_is_not_there_is_named(mine: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUMO_SPIDER_MODULES", "yours")
    assert "No module named 'yours'" in catalogue.read().broken["yours"]


def test_a_module_that_ends_the_process_is_named(mine: Path):
    (mine / "kills.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n")
    with pytest.raises(CatalogueUnreadable, match=r"importing mine\.kills, .* signal 9"):
        catalogue.read()


def test_a_module_that_hangs_is_named_in_time(mine: Path):
    child = "import subprocess; subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
    (mine / "hangs.py").write_text(child + "import time; time.sleep(60)\n")
    began = time.monotonic()
    with pytest.raises(CatalogueUnreadable, match=r"importing mine\.hangs, it did not end within"):
        catalogue.read(seconds=15)
    assert time.monotonic() - began < 25


def test_a_wrong_environment_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUMO_TIMEZONE", "Mars/Base")
    with pytest.raises(CatalogueUnreadable, match="KUMO_TIMEZONE"):
        catalogue.read()


def test_near_names_come_likeliest_first():
    spiders = {name: KnownSpider(name, "m", "") for name in ("demo_shop", "demo_shops", "books")}
    assert Catalogue(spiders, {}).near("demo_shp")[0] == "demo_shop"
    assert Catalogue(spiders, {}).near("zzz") == []
