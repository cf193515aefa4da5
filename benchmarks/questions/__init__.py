"""The questions, each in a file of its own, in the order they are asked."""

from benchmarks.question import Question
from benchmarks.questions import (
    checkpoint_cost,
    first_request,
    frontier_cost,
    jobs_per_minute,
    many_items,
    more_workers,
    pages,
    recorded_changes,
    shared_crawl,
    storage_cost,
    storage_size,
    turn_cost,
    unchanged_pages,
    whole_crawl,
)

QUESTIONS: tuple[Question, ...] = (
    first_request.QUESTION,
    jobs_per_minute.QUESTION,
    whole_crawl.QUESTION,
    many_items.QUESTION,
    unchanged_pages.QUESTION,
    recorded_changes.QUESTION,
    frontier_cost.QUESTION,
    shared_crawl.QUESTION,
    turn_cost.QUESTION,
    checkpoint_cost.QUESTION,
    storage_cost.QUESTION,
    storage_size.QUESTION,
    more_workers.QUESTION,
    pages.QUESTION,
)
