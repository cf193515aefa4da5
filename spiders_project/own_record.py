"""`scrapy crawl -s KUMO_RECORD=1`: a crawl that records itself as a job of one attempt."""

import logging
from uuid import UUID

from scrapy import signals
from scrapy.crawler import Crawler

from orchestrator import config, database, frontiers
from orchestrator.exceptions import OrchestratorError, TransitionRefused
from orchestrator.ledger import absences, endings, jobs, requests, targets
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import End, Ending
from orchestrator.ledger.requests import Terms
from orchestrator.ledger.words import Trigger
from spiders_project.proof import Proof

logger = logging.getLogger(__name__)


def begin(crawler: Crawler) -> Claim:
    """A job that begins as running: the target is the one named, else named as the spider."""
    spider = crawler.spider
    assert spider is not None
    claim = _claimed(getattr(spider, "target", None) or spider.name)
    crawler.signals.connect(lambda: _finish(crawler, claim), signals.engine_stopped, weak=False)
    # A line for each of its commands would drown the spider's own in the terminal.
    logging.getLogger("redis").setLevel(logging.INFO)
    logger.info("Recorded as job %s", claim.job_id)
    return claim


def _claimed(reference: str) -> Claim:
    with database.transaction() as session:
        target = targets.find(session, reference)
        terms = Terms(Trigger.CLI, one_attempt=True)
        answer = requests.request(session, target.id, terms)
        if not answer.started:
            raise TransitionRefused(f"Not recorded: {answer.why_not}.")
        absences.settle(target.id)
        lease = config.get().lease_seconds
        claim = jobs.claim(session, answer.job_id, worker="scrapy", lease_seconds=lease)
    assert claim is not None
    return claim


def _finish(crawler: Crawler, claim: Claim) -> None:
    """Writes how it ended; Ctrl-C counts as a cancel."""
    proof = crawler.get_extension(Proof)
    assert proof is not None
    end = proof.end or End(Ending.BROKEN, "crawler_error", "The crawl ended without a word.")
    job_id = UUID(claim.job_id)
    with database.transaction() as session:
        if end.ending is Ending.HANDED_BACK and end.reason == "stopped":
            jobs.cancel(session, job_id)
        endings.finish(session, job_id, claim.attempt, end, retry_seconds=0)
    try:
        frontiers.delete(claim.job_id)
    except OrchestratorError as error:
        logger.warning("The frontier of job %s stays for now: %s", claim.job_id, error)
