"""The project's settings, read once before the fork and copied cheaply: each crawl begins so."""

from functools import cache
from typing import Any, Self

from scrapy.settings import BaseSettings, Settings, SettingsAttribute
from scrapy.utils.project import get_project_settings


class ProjectSettings(Settings):
    """Scrapy's, but for a copy that is as deep as settings are.

    Scrapy copies them twice before a crawl begins, each time 2 ms of looking into every value.
    """

    def copy(self) -> Self:
        twin = type(self).__new__(type(self))
        twin.frozen = False
        twin.attributes = _copied(self)
        return twin


@cache
def read() -> ProjectSettings:
    """One in a process: who changes them does so for the one crawl that it runs."""
    return ProjectSettings(get_project_settings())


def _copied(settings: BaseSettings) -> dict[str, SettingsAttribute]:
    return {
        name: SettingsAttribute(_value(held.value), held.priority)
        for name, held in settings.attributes.items()
    }


def _value(value: Any) -> Any:
    if isinstance(value, BaseSettings):
        twin = BaseSettings()
        twin.attributes = _copied(value)
        return twin
    return value.copy() if isinstance(value, (dict, list, set)) else value
