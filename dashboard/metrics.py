"""The names under which monitoring knows the numbers of the ledger.

Everything is made anew for each scrape, from rows: nothing is kept in this process, so it does not
matter which of several dashboards is asked, nor when it was started.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from orchestrator.inspection import Inspection
from orchestrator.ledger import latencies, ticks
from orchestrator.ledger.metrics import Metrics
from orchestrator.ledger.models import JobStatus, Verdict

_ENDED = tuple(status for status in JobStatus if status.is_final)
#: Of jobs that nobody has judged.
_NO_VERDICT = "none"

#: By their names in the tallies.
_COUNTERS = {
    "pages": ("kumo_pages", "Responses that reached a callback."),
    "pages_given_up": ("kumo_pages_given_up", "Pages that jobs went on without."),
    "errors": ("kumo_errors", "Log lines of crawls of level ERROR and above."),
    "bytes_received": ("kumo_received_bytes", "What sites have sent."),
    "items_scraped": ("kumo_items", "Items that jobs have seen, each once a job."),
    "items_new": ("kumo_items_new", "Items that a job was the first to see."),
    "items_changed": ("kumo_items_changed", "Items that a job found changed."),
    "items_gone": ("kumo_items_gone", "Items that a job should have seen and did not."),
    "items_back": ("kumo_items_back", "Items that were gone and seen again."),
    "items_rejected": ("kumo_items_rejected", "Items that could not be stored."),
}
_LATENCIES = {
    latencies.CHECKPOINT: ("kumo_checkpoint_seconds", "How long commits of a crawl took."),
    latencies.FRONTIER: ("kumo_frontier_seconds", "How long trips of a crawl to Redis took."),
    latencies.SWEEP: ("kumo_sweep_seconds", "How long repair passes took."),
}
_AGES = {
    ticks.BEAT: ("kumo_beat_age_seconds", "How long ago beat was heard of."),
    ticks.SWEEP: ("kumo_sweep_age_seconds", "How long ago a repair pass began."),
    ticks.SEARCH: ("kumo_search_age_seconds", "Until how long ago search knows all items."),
}


def registry(read: Metrics, found: Inspection, *, version: str) -> CollectorRegistry:
    """All series of one scrape."""
    registered = CollectorRegistry(auto_describe=False)
    registered.register(_Numbers(read, found, version))
    return registered


class _Numbers(Collector):
    """Gives each number its name, its kind and a sentence."""

    def __init__(self, read: Metrics, found: Inspection, version: str) -> None:
        self._read = read
        self._found = found
        self._version = version

    def collect(self) -> Iterator[Metric]:
        yield self._jobs()
        yield self._ended()
        yield from self._counters()
        yield from self._latencies()
        yield from self._ages()
        yield from self._gauges()
        yield from self._workers()
        yield from self._parts()
        yield InfoMetricFamily("kumo", "This dashboard.", value={"version": self._version})

    def _jobs(self) -> Metric:
        family = GaugeMetricFamily(
            "kumo_jobs", "Jobs that stand there now, or ended so up to now.", labels=["status"]
        )
        for status in JobStatus:
            family.add_metric([status], self._stand(status))
        return family

    def _stand(self, status: JobStatus) -> float:
        totals = self._read.totals
        if not status.is_final:
            return totals.get(f"active/{status}", 0)
        return sum(totals.get(f"jobs/{status}/{verdict}", 0) for verdict in _verdicts())

    def _ended(self) -> Metric:
        family = CounterMetricFamily(
            "kumo_jobs_ended",
            "Jobs that have ended, by what they were judged to be.",
            labels=["status", "verdict"],
        )
        for status in _ENDED:
            for verdict in _verdicts() if status is JobStatus.COMPLETED else [_NO_VERDICT]:
                total = self._read.totals.get(f"jobs/{status}/{verdict}", 0)
                family.add_metric([status, verdict], total)
        return family

    def _counters(self) -> Iterator[Metric]:
        for name, (series, says) in _COUNTERS.items():
            yield CounterMetricFamily(series, says, value=self._read.totals.get(name, 0))

    def _latencies(self) -> Iterator[Metric]:
        for what, (series, says) in _LATENCIES.items():
            upto, seconds = latencies.of(what, self._read.totals)
            buckets = [(floatToGoString(name), count) for name, count in upto]
            yield HistogramMetricFamily(series, says, buckets=buckets, sum_value=seconds)

    def _ages(self) -> Iterator[Metric]:
        for name, (series, says) in _AGES.items():
            # Of what was never heard of there is no age.
            if age := self._read.ages.get(name):
                yield GaugeMetricFamily(series, says, value=age.total_seconds())

    def _gauges(self) -> Iterator[Metric]:
        read = self._read
        for series, says, value in (
            ("kumo_jobs_due", "Pending jobs that may start now.", read.due),
            (
                "kumo_queue_age_seconds",
                "How long the oldest job that may start has waited.",
                read.due_seconds,
            ),
            ("kumo_jobs_held", "Jobs whose changes wait for a person.", read.held),
            ("kumo_crawls_running", "Crawler processes with a lease.", read.crawls),
            ("kumo_crawls_expired", "Those whose lease is over.", read.crawls_expired),
            ("kumo_alerts_undelivered", "Alerts not delivered yet.", read.alerts_undelivered),
            (
                "kumo_alert_messages_failing",
                "Messages that are tried again.",
                read.messages_failing,
            ),
            ("kumo_targets_active", "Targets that schedules start.", read.targets_active),
        ):
            yield GaugeMetricFamily(series, says, value=value)
        unserved = GaugeMetricFamily(
            "kumo_jobs_unserved",
            "Jobs that may start now, by queues that no living worker serves.",
            labels=["queue"],
        )
        for queue, count in read.unserved.items():
            unserved.add_metric([queue], count)
        yield unserved
        bells = GaugeMetricFamily(
            "kumo_bells_waiting", "Messages in Redis that no worker took yet.", labels=["queue"]
        )
        for queue, length in self._found.queues.items():
            bells.add_metric([queue], length)
        yield bells

    def _workers(self) -> Iterator[Metric]:
        """Of workers that live; when one has died its series end."""
        for series, says, values in (
            ("kumo_worker_slots", "Tasks it serves at once.", _each(self._read, "slots")),
            ("kumo_worker_slots_taken", "Crawls it is at.", _each(self._read, "taken")),
            (
                "kumo_worker_memory_bytes",
                "Memory of it and its processes.",
                _each(self._read, "memory_bytes"),
            ),
            (
                "kumo_worker_age_seconds",
                "How long ago it was heard of.",
                _each(self._read, "quiet_seconds"),
            ),
        ):
            family = GaugeMetricFamily(series, says, labels=["worker", "queues"])
            for labels, value in values:
                family.add_metric(labels, value)
            yield family

    def _parts(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("kumo_up", "1 = that part answers.", labels=["part"])
        # Without the database there would be no answer at all.
        family.add_metric(["database"], 1)
        family.add_metric(["redis"], 1 if self._found.queues else 0)
        yield family


def _verdicts() -> Iterable[str]:
    return (*Verdict, _NO_VERDICT)


def _each(read: Metrics, field: str) -> Iterator[tuple[list[str], float]]:
    for worker in read.workers:
        yield [worker.name, ",".join(worker.queues)], getattr(worker, field)
