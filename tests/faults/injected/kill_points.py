"""Places in the product at which a process dies, once for each time that the place is armed.

A point is armed by a file of its name in the folder; it holds how many passes are let go before.
Whoever renames that file dies by it, so of many processes exactly one.
"""


def lie_in_wait(folder: str) -> None:
    """Has the points watched in this process."""
