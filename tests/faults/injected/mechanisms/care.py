"""What lets clean-up and migrations work beside crawls."""

from patching import replace

from mechanisms import Off

OFF: Off = {
    "clean_up_in_batches": (
        "orchestrator.ledger.cleanup.batches",
        lambda module: replace(module, "MOST_ROWS", 1_000_000),
    ),
    "brief_lock_waits": (
        "orchestrator.migrations.locks",
        lambda module: replace(module, "WAIT_SECONDS", 600),
    ),
    "migration_tried_again": (
        "orchestrator.migrations",
        lambda module: replace(module, "_PAUSES_SECONDS", ()),
    ),
    "holder_named": (
        "orchestrator.migrations.locks",
        lambda module: replace(module, "holder", lambda: "somebody"),
    ),
}
