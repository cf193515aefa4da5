import subprocess
import sys
from pathlib import Path

import pytest


def test_scrapy_lists_what_loads_beside_what_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "a_broken.py").write_text("undefined\n")
    (package / "b_whole.py").write_text(
        "import scrapy\nclass Whole(scrapy.Spider):\n    name = 'whole'\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("KUMO_SPIDER_MODULES", "mine")
    command = [sys.executable, "-m", "scrapy", "list"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {"whole", "demo_shop"} <= set(said.stdout.split())
    assert "mine.a_broken does not load: NameError: name 'undefined' is not defined" in said.stderr
