"""What lets jobs outlive a Redis that restarts, forgets, is full or hangs."""

from types import ModuleType

from patching import replace

from mechanisms import Off


def _trips_dropped(module: ModuleType) -> None:
    wait = module.Frontier._wait_for_redis

    def drop(self: object, now: float, error: Exception) -> None:
        wait(self, now, error)
        self._pushes, self._done = [], []  # type: ignore[attr-defined]

    replace(module.Frontier, "_wait_for_redis", drop)


def _number_not_compared(module: ModuleType) -> None:
    travel = module.LeaseBook.travel

    def forgetful(self: object, *args: object, **options: object) -> object:
        self._tick = -1  # type: ignore[attr-defined]
        return travel(self, *args, **options)

    replace(module.LeaseBook, "travel", forgetful)


def _mark_not_asked_for(module: ModuleType) -> None:
    _number_not_compared(module)
    begin = module.LeaseBook.__init__

    def without_mark(self: object, *args: object) -> None:
        begin(self, *args)
        book: object = self
        text = (module._LUA / "step.lua").read_text()
        checks = ("mark[1] ~= ARGV[1]", "tonumber(mark[2]) ~= tonumber(ARGV[2])", "not mark[3]")
        for check in checks:
            assert check in text
            text = text.replace(check, "false")
        book._step = book._redis.register_script(text)  # type: ignore[attr-defined]

    replace(module.LeaseBook, "__init__", without_mark)


def _channel_errors_deadly(module: ModuleType) -> None:
    module.app.add_defaults(lambda: {"broker_channel_error_retry": False})


def _without_timeouts(module: ModuleType) -> None:
    settings = module._settings

    def patient() -> dict[str, object]:
        known = settings()
        for name in ("socket_timeout", "socket_connect_timeout"):
            del known["broker_transport_options"][name]
        return dict(known)

    module.app.add_defaults(patient)


OFF: Off = {
    "trips_made_again": ("spiders_project.frontier", _trips_dropped),
    "rising_number": ("spiders_project.leases", _number_not_compared),
    "frontier_mark": ("spiders_project.leases", _mark_not_asked_for),
    "bells_rung_again": (
        "orchestrator.sweep",
        lambda module: replace(module, "_ring", lambda: 0),
    ),
    "full_channel_endured": ("orchestrator.celery", _channel_errors_deadly),
    "full_redis_named": (
        "orchestrator.frontiers",
        lambda module: replace(module, "trouble", lambda error: "Redis does not answer"),
    ),
    "bells_left_to_the_sweep": (
        "orchestrator.triggers",
        lambda module: replace(module, "_STORAGE_AWAY", frozenset()),
    ),
    "redis_timeouts": ("orchestrator.celery", _without_timeouts),
    "connections_for_all": (
        "orchestrator.celery",
        lambda module: module.app.add_defaults(lambda: {"broker_pool_limit": 10}),
    ),
}
