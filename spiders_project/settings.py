"""Scrapy settings. Each changed default says what it was and why.

What records a crawl as a job is not here: the add-on puts it on top of these settings and of the
spider's own, so that `scrapy crawl` works with no database and nobody's spider can lose it.
"""

from importlib.metadata import version

from scrapy.settings import default_settings

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

# Was Scrapy's own, which looks at each count for an argument that it wants no more.
STATS_CLASS = "spiders_project.statistics.Statistics"

# Were on: a console and a server that run Python inside the crawler for whoever connects.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# Were on: a link to file:///etc/hostname was followed. The web is http and https; Scrapy's own
# handler of those connects to any address, the own network's too, and takes headers without end, a
# gigabyte of them in four seconds.
DOWNLOAD_HANDLERS = {
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
    "http": "spiders_project.downloads.Downloads",
    "https": "spiders_project.downloads.Downloads",
}

# Were Scrapy's own, which forget a page that bursts as it is unpacked or is sent round in circles;
# and sixteen large pages, read at once, took three gigabytes.
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "spiders_project.responses.LargePagesInTurn": 50,
    "spiders_project.responses.MetaRefreshes": 580,
    "spiders_project.responses.Unpacking": 590,
    "spiders_project.responses.Redirects": 600,
}
EXTENSIONS = {"spiders_project.silence.Silence": 100}
# Was with the remote control and the telnet console. They are off, but what is named is imported,
# and with the first comes a web server of seven megabytes.
EXTENSIONS_BASE = {
    name: place
    for name, place in default_settings.EXTENSIONS_BASE.items()
    if "remote_control" not in name and "telnet" not in name
}

# Was Protego on the whole file: eight megabytes of rules kept the event loop for 20 s.
ROBOTSTXT_PARSER = "spiders_project.robots.BoundedRobots"

# Was False: a site that asks not to be crawled is not.
ROBOTSTXT_OBEY = True
# Was Scrapy's own. A site is told who comes and, where KUMO_CONTACT says it, whom to turn to.
USER_AGENT = f"{BOT_NAME.title()}/{version(BOT_NAME).rpartition('.')[0]}"
if config.get().contact:
    USER_AGENT += f" (+{config.get().contact})"

# What a site may cost. All of it can be set for a target, within bounds; a page that goes beyond is
# given up and listed on its job with the reason, and the rest of the site is crawled.

# Was 1 GiB: one compressed page of 300 MB took 677 MB of memory. Now all 16 requests in flight may
# be as large as this (256 MB), one of them at a time being parsed, which takes up to 25 times its
# size (400 MB): together under the 1,024 MB of KUMO_JOB_MEMORY_MB. The largest honest pages are
# sitemaps; most are far below the 50 MB they may have.
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024
# Was 32 MiB, more than the limit itself.
DOWNLOAD_WARNSIZE = 8 * 1024 * 1024

# Was 180 s: three tries of a page that hangs took nine minutes. It holds for a whole page, so one
# that drips is over by then too, and 16 MB need half a megabyte a second. A page that hangs keeps
# one of its domain's 8 places for 30 s; it is tried again (RETRY_TIMES, still 2) only after the
# others of its depth, so whatever else the site has is fetched meanwhile.
DOWNLOAD_TIMEOUT = 30

# Was off: a site that died in mid-crawl was asked for each of its pages, three times 30 s each,
# for days. The attempt ends when nothing at all was answered for so long, and at least so many
# tries failed meanwhile; what is left is tried again after a pause, as often as max_attempts says.
KUMO_SILENCE_SECONDS = 300
KUMO_SILENCE_TRIES = 20

# Was 0, newest first: a calendar that links to ever more days kept the rest of its site waiting for
# ever. Pages near the start come first.
DEPTH_PRIORITY = 1
# Was off. No list is honestly continued so often; a chain of pages without end is, and each waits
# for the one before. A crawl that left links out says so in its log.
DEPTH_LIMIT = 10_000

# Was a list of ten: the versions are in the lock file.
LOG_VERSIONS: list[str] = []

# Was off: a site that makes a new link on every page never ended.
CLOSESPIDER_PAGECOUNT = 1_000_000

# A job whose frontier grows beyond this fails and says so; nothing is dropped in silence. There is
# no use in more than may be fetched, and with long addresses these take 2 GB of Redis.
KUMO_FRONTIER_MOST = 1_000_000

# Asks a site whether a page has changed before it is sent again. For a target whose site says "not
# modified" of pages that were, it can be switched off. Scrapy's own cache stays off.
KUMO_HTTP_CACHE = True

# How many days an item is kept that no crawl sees any more, for a target whose items are to be kept
# longer or shorter than the installation's variable of that name says; 0 is for ever. Clean-up
# reads it, no crawl does.
KUMO_KEEP_ITEMS_DAYS = None

# Keeps a few pages of each job, to say why a field is empty. For a target whose pages must not be
# kept it can be switched off.
KUMO_PAGE_SAMPLES = True

# Opens each page in a browser and reads it once its scripts have run. A target says it by `render`;
# here it is for `scrapy crawl -s KUMO_RENDER=1`.
KUMO_RENDER = False

# A callback that keeps the event loop for so long is stopped, and the job names file and line:
# before the lease of 60 s is over, since one that holds the interpreter stops the heartbeat too.
KUMO_STUCK_SECONDS = 45
