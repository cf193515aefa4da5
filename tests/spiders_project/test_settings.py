from pathlib import Path

import pytest
from scrapy.settings import Settings
from scrapy.utils.misc import load_object
from scrapy.utils.project import get_project_settings

from spiders_project.addresses import PublicAddresses
from spiders_project.robots import BoundedRobots


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(Path(__file__).parents[2])
    return get_project_settings()


def test_without_a_contact_kumo_says_its_name_alone(settings: Settings) -> None:
    assert settings["USER_AGENT"] == "Kumo/0.1"


@pytest.mark.parametrize("agent", ["Kumo/0.1", "Kumo/0.1 (+https://example.org/a-site: crawls)"])
def test_a_robots_txt_may_name_kumo(agent: str) -> None:
    robots = BoundedRobots(b"User-agent: *\nDisallow:\nUser-agent: kumo\nDisallow: /no", None)
    assert robots.allowed("http://example.org/yes", agent)
    assert not robots.allowed("http://example.org/no", agent)


def test_no_handler_is_there_for_anything_but_the_web(settings: Settings) -> None:
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS").copy_to_dict()
    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}
    for scheme in ("http", "https"):
        assert issubclass(load_object(handlers[scheme]), PublicAddresses)
