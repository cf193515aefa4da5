"""What the forkserver imports once, so that each crawl finds it there.

All but the reactor: it opens its files when it is imported, and two crawls must not share them.
Nor people's spiders: a module that hangs or exits would take the forkserver with it.
"""

import atexit
import gc
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module

# Modules are no garbage: to look for some among them takes a tenth of the whole start.
gc.disable()

import psutil  # noqa: E402  # while the collector is off, as all below
from scrapy.utils.misc import load_object  # noqa: E402

from orchestrator import reports  # noqa: E402
from spiders_project import project_settings  # noqa: E402

#: What Scrapy, Twisted or a driver would import on first use.
_ON_FIRST_USE = (
    "encodings.idna",
    "psycopg2.extras",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.linkextractors",
    "scrapy.resolver",
    "scrapy.robotstxt",
    "spiders_project.addresses",
    "spiders_project.crawl",
    "spiders_project.diagnose",
    "spiders_project.downloads",
    "spiders_project.heads",
    "spiders_project.http_cache",
    "spiders_project.in_line",
    "spiders_project.look",
    "spiders_project.middlewares",
    "spiders_project.pipelines",
    "spiders_project.recipe_spider",
    "spiders_project.recording",
    "spiders_project.robots",
    "spiders_project.spider_loader",
    "twisted.internet.asyncioreactor",
    "uvloop",
)
#: Crawlers that can end by themselves have done so by then.
_LAST_WORDS_SECONDS = 3
_COMPONENTS = ("LOG_FORMATTER", "REQUEST_FINGERPRINTER_CLASS", "STATS_CLASS")
_COMPONENT_LISTS = ("DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES", "EXTENSIONS", "ITEM_PIPELINES")


def _end_crawlers(forkserver: int) -> None:
    """The forkserver ends with its worker; crawlers that hold the interpreter do not notice."""
    if os.getpid() != forkserver:
        return
    crawlers = psutil.Process().children()
    for crawler in psutil.wait_procs(crawlers, timeout=_LAST_WORDS_SECONDS)[1]:
        # With whatever its spider has started; a browser leaves the group.
        with suppress(psutil.Error):
            for process in crawler.children(recursive=True):
                process.kill()
        os.killpg(crawler.pid, signal.SIGKILL)


for _module in _ON_FIRST_USE:
    import_module(_module)
reports.prepare()
_settings = project_settings.read()
for _name in _COMPONENTS:
    load_object(_settings[_name])
for _name in _COMPONENT_LISTS:
    # Scrapy imports every component that is named, also those that are switched off.
    for _component in _settings.getwithbase(_name):
        load_object(_component)

assert "twisted.internet.reactor" not in sys.modules, "the reactor must be made after the fork"

atexit.register(_end_crawlers, os.getpid())

# What is there now stays shared with every crawl: the collector would touch, so copy, each page.
gc.freeze()
gc.enable()
