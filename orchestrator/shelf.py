"""A shelf: what was made once and stays true, as much of it as there is room for.

What is final never changes, so whatever is reckoned or drawn from it need not be made again. A
shelf is asked by a key that holds all that its value was made of: then it cannot be wrong, and
nobody has to take down what has changed. What was not asked for longest makes room.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Shelf(Generic[Key, Value]):
    """Values by key, for all threads; `room` is the sum of what they weigh, one each if unsaid."""

    def __init__(self, room: int, weigh: Callable[[Value], int] = lambda _: 1) -> None:
        self._room, self._weigh = room, weigh
        self._taken = 0
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        with self._lock:
            # A key may be long to reckon with: it is not looked for twice.
            if (value := self._values.get(key)) is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> Value:
        """The value, which another thread may have put here meanwhile."""
        with self._lock:
            if key not in self._values:
                self._values[key] = value
                self._taken += self._weigh(value)
                while self._taken > self._room and self._values:
                    self._taken -= self._weigh(self._values.popitem(last=False)[1])
        return value

    def __len__(self) -> int:
        return len(self._values)
