"""The usual way to run Scrapy from Celery: a prefork worker whose task starts `scrapy crawl`."""

import os
import subprocess
import sys

from celery import Celery

app = Celery(
    "benchmarks.rivals.celery_subprocess",
    broker=os.environ["RIVAL_REDIS_URL"],
    backend=os.environ["RIVAL_REDIS_URL"],
)
app.conf.broker_connection_retry_on_startup = True


@app.task  # type: ignore[untyped-decorator]  # Celery is not typed
def scrape(target: str, url: str) -> None:
    crawl = [sys.executable, "-m", "scrapy", "crawl", "shop"]
    subprocess.run(
        [*crawl, "-a", f"start_url={url}", "-s", f"TARGET={target}"],
        env=os.environ | {"SCRAPY_SETTINGS_MODULE": "benchmarks.rivals.commit_per_item"},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
