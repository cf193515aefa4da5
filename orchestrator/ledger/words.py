"""The words in which a job is spoken of: where it stands, who asked for it, what became of it."""

from enum import StrEnum


class JobStatus(StrEnum):
    """Where a job stands."""

    PENDING = "pending"  #: Accepted; no crawl has begun, or the last one stopped early.
    RUNNING = "running"  #: A worker holds the lease.
    PAUSED = "paused"  #: A person stopped it for now; its frontier waits.
    COMPLETED = "completed"  #: Proven: nothing left to fetch, everything recorded.
    FAILED = "failed"  #: It ended any other way; error_message says how.
    CANCELLED = "cancelled"  #: A person stopped it for good; items before that are kept.
    SKIPPED = "skipped"  #: Asked for while another job of the target was active.

    @property
    def is_final(self) -> bool:
        return self not in ACTIVE


#: A target has at most one job that stands here.
ACTIVE = (JobStatus.PENDING, JobStatus.RUNNING, JobStatus.PAUSED)


class Trigger(StrEnum):
    """Who asked for a job."""

    DASHBOARD = "dashboard"  #: A button.
    BEAT = "beat"  #: A schedule.
    CELERY = "celery"  #: A Celery message without a job row.
    CLI = "cli"  #: The `kumo` or `scrapy` command.
    API = "api"  #: A program.


class Requested(StrEnum):
    """What a person asked of a running crawl; it is told at its next checkpoint."""

    CANCEL = "cancel"
    PAUSE = "pause"


class Verdict(StrEnum):
    """Whether what a completed job found can be believed."""

    GOOD = "good"  #: As its target's earlier jobs, as far as there are any.
    SUSPICIOUS = "suspicious"  #: It differs from them more than they do from each other.
    BAD = "bad"  #: What a person said to expect does not hold.


class Publication(StrEnum):
    """What became of changes that were held back."""

    HELD = "held"  #: They are set aside until a person decides.
    ACCEPTED = "accepted"  #: They are the current data.
    DISCARDED = "discarded"  #: They stay aside.
