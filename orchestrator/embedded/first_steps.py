"""What a new installation finds done: its tables, the demo targets, an account, a first crawl."""

from orchestrator import database, migrations
from orchestrator.ledger import audit, demo_targets, job_lists, people
from orchestrator.ledger.models import Role, Trigger

FIRST_NAME = "admin"


def furnish() -> str | None:
    """Brings the database up to date; gives the first account's password when it makes one."""
    migrations.upgrade()
    with database.transaction() as session:
        demo_targets.register(session)
        if people.count(session):
            return None
        password = people.new_password()
        people.add(session, FIRST_NAME, password, role=Role.ADMIN)
        audit.record(session, "kumo up", "user.add", FIRST_NAME, role=Role.ADMIN)
        return password


def request_first_crawl() -> bool:
    """Has the demo shop crawled if nothing ever was; True when that was asked for."""
    from orchestrator import triggers  # imports Celery, which `kumo up` needs for nothing else

    with database.transaction() as session:
        if job_lists.page(session, job_lists.JobFilter(), size=1).jobs:
            return False
    triggers.request("demo_shop", Trigger.CLI)
    return True
