"""What Postgres holds, and the rules that change it; knows no Celery, no Redis and no Scrapy."""
