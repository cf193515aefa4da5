from orchestrator.shelf import Shelf


def test_what_was_put_there_is_found_again() -> None:
    shelf: Shelf[str, int] = Shelf(room=2)
    assert shelf.get("a") is None
    assert shelf.put("a", 1) == 1
    assert shelf.get("a") == 1


def test_what_was_not_asked_for_longest_makes_room() -> None:
    shelf: Shelf[str, int] = Shelf(room=2)
    for number, key in enumerate("ab"):
        shelf.put(key, number)
    shelf.get("a")
    shelf.put("c", 3)
    assert (shelf.get("a"), shelf.get("b"), shelf.get("c")) == (0, None, 3)


def test_there_is_never_more_than_there_is_room_for() -> None:
    shelf: Shelf[int, str] = Shelf(room=10, weigh=len)
    for number in range(1_000):
        shelf.put(number, "x" * (number % 7))
        kept = [value for each in range(number + 1) if (value := shelf.get(each)) is not None]
        assert sum(map(len, kept)) <= 10
        if number > 20:
            break
    shelf.put(1_001, "too large to keep" * 10)
    assert (len(shelf), shelf.get(1_001)) == (0, None)
    shelf.put(1_002, "0123456789")
    assert len(shelf) == 1
