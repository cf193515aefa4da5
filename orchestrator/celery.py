"""The Celery app: queues, limits, beat.

Celery carries bells, not jobs: a message says "look at job X now" and may be lost, repeated or
late without harm, so nothing here asks the broker to be reliable.
"""

import logging
from datetime import timedelta
from typing import Any

from celery import Celery, current_task
from celery.schedules import crontab
from celery.signals import (
    after_setup_logger,
    after_setup_task_logger,
    beat_init,
    celeryd_init,
)
from kombu.entity import Exchange, Queue

from orchestrator import config, log_format, reports, subjects

#: Long crawls and short tasks have a worker each; otherwise a short one waits behind a crawl. A
#: worker tag has queues of its own, as crawls.eu.
CRAWLS, CONTROL = "crawls", "control"
#: The task that is a job's bell, and bears its id.
CRAWL_TASK = log_format.CRAWL_TASK
#: Crawls that need a browser. A worker serves it only when told to by `-Q`, since not every machine
#: has a browser: so it is none of `task_queues`, and Celery makes it when it is named.
BROWSER = "browser"

#: 0 is served first and 9 last, as the Redis transport reads them.
PRIORITIES = range(10)
DEFAULT, LEAST = 5, 9
#: How often search looks for what it does not know yet.
SEARCH_SECONDS = 5
#: How often alerts that are due are looked for.
ALERTS_SECONDS = 5


def _cron(line: str) -> crontab:
    minute, hour, day, month, weekday = line.split()
    return crontab(
        minute=minute, hour=hour, day_of_month=day, month_of_year=month, day_of_week=weekday
    )


def _queue(name: str) -> Queue:
    return Queue(name, Exchange(name), routing_key=name)


def _settings() -> dict[str, Any]:
    settings = config.get()
    return {
        # Without an address Celery would quietly look for another broker.
        "broker_url": settings.require_redis_url(),
        "result_backend": settings.require_redis_url(),
        "timezone": settings.timezone,
        "enable_utc": True,
        # JSON only: whoever can write to Redis must not be able to run code.
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "result_accept_content": ["json"],
        "result_expires": timedelta(days=1),
        "broker_connection_retry_on_startup": True,
        # A full Redis refuses a channel; without this the worker would end, its crawls with it.
        "broker_channel_error_retry": True,
        "broker_transport_options": {
            "priority_steps": list(PRIORITIES),
            "queue_order_strategy": "priority",
            # When Redis hangs a button answers all the same, within three seconds.
            "socket_connect_timeout": 2,
            "socket_timeout": 2,
            "max_retries": 0,
            "health_check_interval": 10,
        },
        # More than a process has threads: nobody waits behind those whom a hanging Redis keeps.
        "broker_pool_limit": 64,
        "task_queues": [_queue(CRAWLS), _queue(CONTROL)],
        "task_default_queue": CONTROL,
        "task_default_priority": DEFAULT,
        "task_routes": {CRAWL_TASK: {"queue": CRAWLS}},
        # One thread waits for one crawler process; prefork forbids its children to have children.
        "worker_pool": "threads",
        "worker_concurrency": settings.slots,
        # A message reserved early is one that a freer worker, or a more urgent job, cannot have.
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        # A crawl's lease is in Postgres; late acknowledgement would make the broker start it twice.
        "task_acks_late": False,
        "task_track_started": True,
        "worker_send_task_events": True,
        "worker_hijack_root_logger": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # In memory: what a late or restarted beat missed, the sweep requests from the targets.
        "beat_scheduler": "celery.beat:Scheduler",
        "beat_max_loop_interval": 5,
        "beat_schedule": {
            "nightly": {
                "task": "orchestrator.tasks.scrape_all_active_targets",
                "schedule": _cron(settings.nightly),
                "kwargs": {"nightly": True},
            },
            "weekly-clean-up": {
                "task": "orchestrator.tasks.cleanup_old_data",
                "schedule": crontab(minute="0", hour="2", day_of_week="1"),
                "options": {"priority": LEAST},
            },
            "sweep": {
                "task": "orchestrator.tasks.sweep",
                "schedule": settings.sweep_seconds,
                "kwargs": {"by_beat": True},
                # A sweep nobody served in time is not worth serving later.
                "options": {"expires": max(settings.sweep_seconds, 1), "ignore_result": True},
            },
            "alerts": {
                "task": "orchestrator.tasks.deliver_alerts",
                "schedule": ALERTS_SECONDS,
                "options": {"expires": ALERTS_SECONDS, "ignore_result": True},
            },
            "search": {
                "task": "orchestrator.tasks.index_items",
                "schedule": SEARCH_SECONDS,
                "options": {
                    "expires": SEARCH_SECONDS,
                    "ignore_result": True,
                    "priority": LEAST,
                },
            },
        },
    }


def queues_served() -> frozenset[str]:
    """Those that this worker serves."""
    return frozenset(app.amqp.queues.consume_from)


def kinds_served() -> frozenset[str]:
    """Likewise, whichever tags they are for."""
    return frozenset(name.partition(".")[0] for name in queues_served())


def tell(
    task: str, *arguments: int | str, priority: int = DEFAULT, expires: float | None = None
) -> None:
    """Sends a short task whose result is a row. Raises ConfigError, or KombuError or OSError."""
    # Without an address Celery would quietly try another broker.
    config.get().require_redis_url()
    with app.producer_pool.acquire(block=True, timeout=0.5) as producer:
        app.send_task(
            task,
            args=arguments,
            queue=CONTROL,
            priority=priority,
            producer=producer,
            retry=False,
            expires=expires,
            ignore_result=True,
        )


@after_setup_logger.connect
@after_setup_task_logger.connect
def _write_as_asked(logger: logging.Logger, **_: Any) -> None:
    log_format.dress(logger)


@celeryd_init.connect
def _begin_as_worker(**_: Any) -> None:
    # Until Celery sets its loggers up; it may have warnings before.
    log_format.begin()
    subjects.are_known_by(_task_at_hand)
    reports.begin(reports.WORKER)


@beat_init.connect
def _begin_as_beat(**_: Any) -> None:
    reports.begin(reports.BEAT)


def _task_at_hand() -> dict[str, int | str]:
    """The job and the target of the crawl that this thread waits for."""
    if not current_task or current_task.name != CRAWL_TASK:
        return {}
    bell = current_task.request
    ids: dict[str, int | str] = {"job_id": bell.id}
    if bell.args and isinstance(bell.args[0], int):
        ids["target_id"] = bell.args[0]
    return ids


app = Celery("orchestrator", include=["orchestrator.tasks", "orchestrator.worker"])
# Read when first used, so that importing needs no environment.
app.add_defaults(_settings)
