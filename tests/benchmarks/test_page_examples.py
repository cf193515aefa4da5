"""Every page has an example, and every example is of a page."""

import pytest
from flask import Flask

from benchmarks import page_examples
from benchmarks.failure import BenchmarkFailed
from benchmarks.page_examples import EXAMPLES, ApiExample
from dashboard import create_app


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setenv("KUMO_SECRET_KEY", "a secret that only tests know")
    return create_app()


def test_every_page_has_an_example(app: Flask) -> None:
    page_examples.check(app)


def test_every_example_is_of_a_page(app: Flask) -> None:
    for each in EXAMPLES:
        of = app.extensions["kumo_api"] if isinstance(each, ApiExample) else app
        assert each.endpoint in of.view_functions, each.name


def test_a_page_without_an_example_is_named(app: Flask) -> None:
    app.add_url_rule("/new", "news.index", lambda: "")
    with pytest.raises(BenchmarkFailed, match=r"news\.index"):
        page_examples.check(app)


def test_no_two_examples_have_one_name() -> None:
    names = [each.name for each in EXAMPLES]
    assert len(set(names)) == len(names)
