from scrapy.settings import BaseSettings

from spiders_project.project_settings import ProjectSettings


def test_a_copy_says_the_same_and_is_changed_by_itself():
    settings = ProjectSettings({"NAMES": ["a"], "PARTS": BaseSettings({"x": 1}, "spider")})
    twin = settings.copy()
    assert twin.copy_to_dict() == settings.copy_to_dict()
    assert twin.getpriority("PARTS") == settings.getpriority("PARTS")
    twin["NAMES"].append("b")
    twin["PARTS"].set("x", 2, "cmdline")
    twin.set("DOWNLOAD_DELAY", 9, "cmdline")
    assert (settings["NAMES"], settings["PARTS"]["x"]) == (["a"], 1)
    assert settings["DOWNLOAD_DELAY"] != 9


def test_a_frozen_copy_leaves_the_settings_as_they_are():
    settings = ProjectSettings()
    assert settings.frozencopy().frozen
    settings.set("DOWNLOAD_DELAY", 9, "cmdline")
    assert not settings.copy().frozen
