"""What keeps an item that cannot be stored from its neighbours."""

from types import ModuleType

from patching import replace

from mechanisms import Off


def _as_it_is(module: ModuleType) -> None:
    replace(module, "repaired", lambda value: value)
    replace(module, "_NUL", b"never in a text")


def _nothing_rejected(module: ModuleType) -> None:
    def raised(data: object, reason: str) -> None:
        raise ValueError(reason)

    replace(module, "_rejection", raised)


def _repaired_once(module: ModuleType) -> None:
    replace(module.orjson, "loads", lambda text: None)


OFF: Off = {
    "repair": ("orchestrator.ledger.items", _as_it_is),
    "rejection": ("orchestrator.ledger.items", _nothing_rejected),
    "nul_in_what_json_knows": ("orchestrator.ledger.items", _repaired_once),
}
