"""The rivals' own environment: what they run is what Kumo runs."""

import re

from benchmarks.processes import PROJECT

_SHARED = ("scrapy", "twisted", "parsel", "lxml", "psycopg2-binary", "itemadapter")


def _versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (PROJECT / lock).read_text(), re.MULTILINE))


def test_scrapyd_runs_the_same_scrapy_as_kumo() -> None:
    ours = _versions("requirements-dev.lock")
    theirs = _versions("benchmarks/rivals/requirements.lock")
    assert {name: theirs[name] for name in _SHARED} == {name: ours[name] for name in _SHARED}
