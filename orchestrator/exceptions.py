"""Every error that is raised on purpose.

    OrchestratorError
    ├── ConfigError                the environment is wrong
    ├── DatabaseAway               Postgres does not answer
    ├── DatabaseNotMigrated        Postgres answers, without our tables
    ├── BellAway                   Redis does not answer
    ├── NotFound
    │   ├── TargetNotFound
    │   ├── JobNotFound
    │   ├── ItemNotFound
    │   ├── ExportNotFound
    │   ├── DraftNotFound
    │   ├── ChannelNotFound
    │   ├── FilterNotFound
    │   ├── FeedNotFound
    │   ├── UserNotFound
    │   └── TokenNotFound
    ├── Invalid                    what a person or a message asked for is wrong
    │   ├── TargetInvalid          … field by field
    │   ├── ManifestInvalid        … line by line
    │   ├── ScheduleInvalid
    │   ├── SiteInvalid
    │   ├── ChannelInvalid
    │   ├── FilterInvalid
    │   ├── UserInvalid
    │   └── TokenInvalid
    ├── TargetChanged              somebody else changed a target meanwhile
    ├── TransitionRefused          a job cannot go there from where it stands
    ├── LastAdmin                  nobody could let the others in
    ├── SignInRefused
    ├── AnswerRefused              a process that read strangers' pages said what it must not
    ├── BrowserMissing             pages cannot be rendered here
    ├── CatalogueUnreadable        which spiders there are cannot be found out
    ├── NotDelivered               a message did not reach its receiver
    ├── BackupFailed               a database cannot be saved, or brought back
    ├── LeaseLost                  another attempt owns the job
    └── EmbeddedFailed             an embedded server cannot be started

A view, a command or a task lets them pass; one place in each package answers for all.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self


class Sentence(str):
    """An English sentence that still knows its pattern and values.

    Here nobody knows who will read it; the dashboard says it again in the reader's language.
    """

    pattern: str
    values: Mapping[str, Any]

    def __new__(cls, pattern: str, **values: Any) -> Self:
        self = super().__new__(cls, pattern % values)
        self.pattern, self.values = pattern, values
        return self


class OrchestratorError(Exception):
    """Something that can be said in one sentence to the person who asked."""


class ConfigError(OrchestratorError):
    """The environment is incomplete or wrong."""


class DatabaseAway(OrchestratorError):
    """Postgres cannot be reached right now; what was asked has not happened."""


class DatabaseNotMigrated(OrchestratorError):
    """Postgres answers but lacks our tables, or has older ones: run `kumo migrate`."""


class BellAway(OrchestratorError):
    """Redis cannot be reached right now; jobs wait in Postgres until it can."""


class NotFound(OrchestratorError):
    """What was named does not exist."""


class TargetNotFound(NotFound):
    """There is no living target of that name or id."""


class JobNotFound(NotFound):
    """There is no job of that id."""


class ItemNotFound(NotFound):
    """There is no item of that id."""


class ExportNotFound(NotFound):
    """There is no export of that id."""


class DraftNotFound(NotFound):
    """There is no draft of that id any more."""


class ChannelNotFound(NotFound):
    """There is no channel of that id."""


class FilterNotFound(NotFound):
    """There is no saved filter of that id, or it is somebody else's."""


class FeedNotFound(NotFound):
    """There is no feed of that address, or it was withdrawn."""


class UserNotFound(NotFound):
    """There is no user of that name."""


class TokenNotFound(NotFound):
    """There is no API token of that id, or it is somebody else's."""


class Invalid(OrchestratorError):
    """What was asked for is wrong; nothing of it was written."""


class TargetInvalid(Invalid):
    """A target's definition is wrong; `faults` says what, by field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {fault}" for field, fault in faults.items()))
        self.faults = dict(faults)


class ManifestInvalid(Invalid):
    """A file of targets is wrong; `faults` says where, by line, and what."""

    def __init__(self, faults: Sequence[tuple[int, str]], *, file: str = "") -> None:
        place = f"{file}:" if file else "line "
        super().__init__("\n".join(f"{place}{line}: {fault}" for line, fault in faults))
        self.faults = list(faults)


class ScheduleInvalid(Invalid):
    """A schedule is no cron line, or never comes."""


class UserInvalid(Invalid):
    """A user's name or password is not acceptable; `field` says which."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


class SiteInvalid(Invalid):
    """A site's name or budget is not acceptable; `field` says which."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


class ChannelInvalid(Invalid):
    """A channel or a rule of one is not acceptable; `field` says which."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


class FilterInvalid(Invalid):
    """A filter of changes cannot be meant or saved so; `field` says which part of it."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


class TokenInvalid(Invalid):
    """A token may not be made like that; `field` says for whose sake, if for one field's."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class TargetChanged(OrchestratorError):
    """A target is not any more as it was when somebody began to edit it."""


class TransitionRefused(OrchestratorError):
    """The job stands where it cannot be cancelled, paused, resumed or retried."""


class LastAdmin(OrchestratorError):
    """The only admin cannot be removed or demoted."""


class SignInRefused(OrchestratorError):
    """Name and password do not belong together."""


class AnswerRefused(OrchestratorError):
    """A process that has read strangers' pages said what nobody asked it; none of it is kept."""


class BrowserMissing(OrchestratorError):
    """Pages cannot be rendered on this machine; what is missing, and how to get it."""


class CatalogueUnreadable(OrchestratorError):
    """Which spiders there are cannot be found out, mostly for one module's sake."""


class NotDelivered(OrchestratorError):
    """A message did not reach its receiver, or nobody can tell; it is tried again."""


class BackupFailed(OrchestratorError):
    """A database cannot be saved to a file or brought back from one; what stands in the way."""


class LeaseLost(OrchestratorError):
    """Another attempt owns this job now, so this crawl may write nothing more.

    The usual cause is a machine that slept past its lease. The crawl ends at
    once and quietly: what it had committed stays, the rest is fetched again.
    """


class EmbeddedFailed(OrchestratorError):
    """An embedded server cannot be prepared or started."""
