"""What Kumo is measured against: small, honest set-ups as a person would write them."""

#: As tables and charts call them; Scrapyd's names are in `benchmarks.scrapyd`.
CELERY = "Celery + subprocess scrapy crawl"
BARE = "bare Scrapy, in memory"
COPY = "COPY from one client"
INSERT = "one INSERT by psql"
