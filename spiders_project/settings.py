"""Scrapy settings. Each changed default says what it was and why.

What records a crawl as a job is not here: the add-on puts it on top of these settings and of the
spider's own, so that `scrapy crawl` works with no database and nobody's spider can lose it.
"""

from orchestrator import config

BOT_NAME = "kumo"
SPIDER_MODULES = ["spiders_project.spiders", *config.get().spider_modules]
NEWSPIDER_MODULE = "spiders_project.spiders"

# Was Scrapy's own: one module that does not import took others down with it.
SPIDER_LOADER_CLASS = "spiders_project.spider_loader.ForgivingSpiderLoader"

ADDONS = {"spiders_project.recording.Recording": 0}
ITEM_PIPELINES = {"spiders_project.pipelines.CleanItem": 100}

# Was asyncio's own loop; uvloop does the same with less CPU.
ASYNCIO_EVENT_LOOP = "uvloop.Loop"

# Were on: a console and a server that run Python inside the crawler for whoever connects.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# Were on: a link to file:///etc/hostname was followed. The web is http and https.
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}

# Was False: a site that asks not to be crawled is not.
ROBOTSTXT_OBEY = True
USER_AGENT = "Kumo/0.1"

# Was 1 GiB: one compressed page of 300 MB took 677 MB of memory.
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
# Was 32 MiB, which is now the limit itself.
DOWNLOAD_WARNSIZE = 8 * 1024 * 1024
# Was 180 s: three tries of a page that hangs took nine minutes.
DOWNLOAD_TIMEOUT = 30

# Was a list of ten: the versions are in the lock file.
LOG_VERSIONS: list[str] = []

# Was off: a site that makes a new link on every page never ended.
CLOSESPIDER_PAGECOUNT = 1_000_000

# A job whose frontier grows beyond this fails and says so; nothing is dropped in silence.
KUMO_FRONTIER_MOST = 5_000_000

# A callback that keeps the event loop for so long is stopped, and the job names file and line:
# before the lease of 60 s is over, since one that holds the interpreter stops the heartbeat too.
KUMO_STUCK_SECONDS = 45
