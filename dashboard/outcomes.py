"""How jobs and attempts end, in words.

The orchestrator and the crawler write one word each (`finish_reason`, `outcome`); a word that is
not known here, as a spider of one's own may give, is shown as it is.
"""

import re
from collections.abc import Callable
from typing import Any

from flask_babel import gettext, lazy_gettext

from dashboard.words import plain

_SIGNAL = re.compile(r"signal_([0-9]{1,3})")
_LONGEST = 200

_WORDS = {
    "finished": lazy_gettext("every page was read"),
    "cancelled": lazy_gettext("somebody cancelled it"),
    "cancel_requested": lazy_gettext("somebody cancelled it"),
    "pause_requested": lazy_gettext("somebody paused it"),
    "target_busy": lazy_gettext("another job of the target was active"),
    "stopped": lazy_gettext("its worker was told to stop"),
    "shutdown": lazy_gettext("its worker was told to stop"),
    "window_closed": lazy_gettext("its window closed"),
    "worker_lost": lazy_gettext("its worker was lost"),
    "forkserver_lost": lazy_gettext("the process that starts crawlers was lost"),
    "launch_failed": lazy_gettext("no crawler process could be started"),
    "lease_lost": lazy_gettext("another attempt had taken its place"),
    "lease_over": lazy_gettext("it was stuck or asleep for too long"),
    "stuck": lazy_gettext("a callback did not return"),
    "crawler_error": lazy_gettext("the crawler ended with an error"),
    "one_crawler_only": lazy_gettext("its spider has one crawler at a time"),
    "out_of_memory": lazy_gettext("it held too much memory"),
    "time_limit": lazy_gettext("it took longer than a job may"),
    "site_unreachable": lazy_gettext("no start page could be read"),
    "browser_failed": lazy_gettext("its browser could not be started"),
    "browser_missing": lazy_gettext("its worker has no browser"),
    "address_refused": lazy_gettext("its address is not one that may be fetched"),
    "site_pause": lazy_gettext("its site asked for a pause"),
    "site_silent": lazy_gettext("the site answered nothing any more"),
    "start_error": lazy_gettext("the spider could not begin"),
    "start_page_given_up": lazy_gettext("its start page was given up"),
    "unproven": lazy_gettext("pages were left unread"),
    "spider_unknown": lazy_gettext("there is no spider of that name"),
    "wrong_arguments": lazy_gettext("the spider does not take its arguments"),
    "settings_refused": lazy_gettext("its settings are not allowed"),
    "secret_missing": lazy_gettext("a secret that it names is not known"),
    "most_pages": lazy_gettext("it read as many pages as its recipe allows"),
    "database_away": lazy_gettext("the database did not answer"),
    "redis_away": lazy_gettext("Redis did not answer"),
    "storage_away": lazy_gettext("the database or Redis did not answer"),
    "frontier_lost": lazy_gettext("its frontier was lost"),
    "frontier_full": lazy_gettext("too many pages waited in its frontier"),
    "checkpoint_refused": lazy_gettext("the database refused what it found"),
    "closespider_timeout": lazy_gettext("it reached its limit of time"),
    "closespider_pagecount": lazy_gettext("it reached its limit of pages"),
    "closespider_itemcount": lazy_gettext("it reached its limit of items"),
    "closespider_errorcount": lazy_gettext("it reached its limit of errors"),
    "closespider_timeout_no_item": lazy_gettext("it found no item for too long"),
    "closespider_pagecount_no_item": lazy_gettext("it found no item on too many pages"),
}


def outcome(word: str) -> str:
    """That word as a part of a sentence."""
    if word in _WORDS:
        return str(_WORDS[word])
    if signal := _SIGNAL.fullmatch(word):
        return str(gettext("its crawler was killed by signal %(number)s", number=signal[1]))
    return plain(word)[:_LONGEST]


FILTERS: dict[str, Callable[..., Any]] = {"outcome": outcome}
