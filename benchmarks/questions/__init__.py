"""The questions, each in a file of its own, in the order they are asked."""

from benchmarks.question import Question
from benchmarks.questions import (
    checkpoint_cost,
    first_request,
    frontier_cost,
    growth,
    items_stored,
    job_list,
    jobs_per_minute,
    many_items,
    memory,
    million_requests,
    more_workers,
    pages,
    recorded_changes,
    request_many,
    shared_crawl,
    storage_cost,
    storage_size,
    sweep_cost,
    turn_cost,
    unchanged_pages,
    whole_crawl,
)

QUESTIONS: tuple[Question, ...] = (
    # While no other worker is there to share files with.
    memory.QUESTION,
    # While no other one asks Postgres and Redis now and then.
    storage_cost.QUESTION,
    storage_size.QUESTION,
    first_request.QUESTION,
    jobs_per_minute.QUESTION,
    whole_crawl.QUESTION,
    many_items.QUESTION,
    items_stored.QUESTION,
    request_many.QUESTION,
    sweep_cost.QUESTION,
    growth.QUESTION,
    million_requests.QUESTION,
    unchanged_pages.QUESTION,
    recorded_changes.QUESTION,
    frontier_cost.QUESTION,
    shared_crawl.QUESTION,
    turn_cost.QUESTION,
    checkpoint_cost.QUESTION,
    more_workers.QUESTION,
    job_list.QUESTION,
    pages.QUESTION,
)
