"""What bounds the cost of a site."""

from types import ModuleType

from patching import replace

from mechanisms import Off


def _scrapys_own_limits(module: ModuleType) -> None:
    replace(module, "DOWNLOAD_MAXSIZE", 1024 * 1024 * 1024)


def _half_an_hour_a_page(module: ModuleType) -> None:
    replace(module, "DOWNLOAD_TIMEOUT", 1_800)
    module.DOWNLOADER_MIDDLEWARES = module.DOWNLOADER_MIDDLEWARES | {
        "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": None
    }


def _scrapys_own_handler(module: ModuleType) -> None:
    module.DOWNLOAD_HANDLERS = {"file": None, "ftp": None, "s3": None, "data": None}


def _scrapys_own_unpacking(module: ModuleType) -> None:
    module.DOWNLOADER_MIDDLEWARES = {
        name: place
        for name, place in module.DOWNLOADER_MIDDLEWARES.items()
        if "ompression" not in name and "Unpacking" not in name
    }


def _forgotten_redirections(module: ModuleType) -> None:
    del module._Following._redirect


OFF: Off = {
    "site_limits": ("spiders_project.settings", _scrapys_own_limits),
    "time_for_a_page": ("spiders_project.settings", _half_an_hour_a_page),
    "bounded_heads": ("spiders_project.settings", _scrapys_own_handler),
    "tracebacks_let_go": ("spiders_project.settings", _scrapys_own_unpacking),
    "shallow_pages_first": (
        "spiders_project.settings",
        lambda module: replace(module, "DEPTH_PRIORITY", 0),
    ),
    "given_up_pages": (
        "spiders_project.middlewares",
        lambda module: replace(module.GiveUpPages, "give_up", lambda *_: None),
    ),
    "large_pages_in_turn": (
        "spiders_project.responses",
        lambda module: replace(module, "_LARGE_BYTES", 2**40),
    ),
    "guards_kept": (
        "spiders_project.recording",
        lambda module: replace(module, "_GUARDS", {}),
    ),
    "redirections_told": ("spiders_project.responses", _forgotten_redirections),
    "bounded_robots": (
        "spiders_project.robots",
        lambda module: replace(module, "_MOST_BYTES", 2**40),
    ),
    "silence_heard": (
        "spiders_project.silence",
        lambda module: replace(module.Silence, "request_left_downloader", lambda *_: None),
    ),
    "left_out_is_told": (
        "spiders_project.silence",
        lambda module: replace(module, "_left_out", lambda _: []),
    ),
}
