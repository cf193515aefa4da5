import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from scrapy.settings import Settings

from spiders_project.spider_loader import ForgivingSpiderLoader, OneSpiderLoader

Write = Callable[[str, str], None]


def spider(name: str) -> str:
    return f"import scrapy\nclass Found(scrapy.Spider):\n    name = {name!r}\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """`write("mine/shop.py", text)`; names are this test's own, for modules stay imported."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(path: str, text: str) -> None:
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.write_text(text)

    yield put
    for name in [name for name in sys.modules if name.split(".")[0] in ("mine", "more")]:
        del sys.modules[name]


def settings(*packages: str, wanted: str = "") -> Settings:
    claim = SimpleNamespace(definition={"spider": wanted})
    return Settings({"SPIDER_MODULES": list(packages), "KUMO_CLAIM": claim})


def test_scrapy_lists_what_loads_beside_what_does_not(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
):
    write("mine/a_broken.py", "undefined\n")
    write("mine/b_whole.py", spider("whole"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("KUMO_SPIDER_MODULES", "mine")
    command = [sys.executable, "-m", "scrapy", "list"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {"whole", "demo_shop"} <= set(said.stdout.split())
    assert "mine.a_broken does not load: NameError: name 'undefined' is not defined" in said.stderr


def test_a_crawl_imports_the_module_of_its_spiders_name_alone(write: Write):
    write("mine/shop.py", spider("shop"))
    write("mine/z_hangs.py", "while True: pass\n")
    loader = OneSpiderLoader.from_settings(settings("mine", wanted="shop"))
    assert loader.load("shop").__module__ == "mine.shop"
    assert loader.list() == ["shop"]


@pytest.mark.parametrize("wanted", ["other", "shop.example"])
def test_a_spider_of_another_name_than_its_module_is_found(write: Write, wanted: str):
    write("mine/other.py", "undefined\n")
    write("mine/shop.py", spider(wanted))
    with pytest.warns(RuntimeWarning, match=r"mine\.other does not load"):
        loader = OneSpiderLoader.from_settings(settings("mine", wanted=wanted))
    assert loader.load(wanted).__module__ == "mine.shop"


@pytest.mark.filterwarnings("ignore:There are several spiders")
@pytest.mark.parametrize(
    ("modules", "meant"),
    [
        (("mine.shop", "mine.z_copy"), "mine.shop"),
        (("mine.shop", "more.shop"), "more.shop"),
        (("mine.shop", "more.z_copy"), "mine.shop"),
        (("mine.a_copy", "mine.z_copy"), "mine.z_copy"),
    ],
)
def test_of_two_with_one_name_a_crawl_and_scrapy_mean_the_same(
    write: Write, modules: tuple[str, str], meant: str
):
    for module in modules:
        write(module.replace(".", "/") + ".py", spider("shop"))
    packages = settings(
        *dict.fromkeys(module.partition(".")[0] for module in modules), wanted="shop"
    )
    for kind in (ForgivingSpiderLoader, OneSpiderLoader):
        assert kind.from_settings(packages).load("shop").__module__ == meant


def test_what_is_not_there_is_not_found(write: Write):
    write("mine/shop.py", "raise SystemExit(3)\n")
    with pytest.warns(RuntimeWarning, match="does not load"):
        loader = OneSpiderLoader.from_settings(settings("mine", "absent", wanted="shop"))
    assert loader.list() == []
    assert set(loader.broken) == {"mine.shop", "absent"}
