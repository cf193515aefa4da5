"""The metrics."""


def written() -> str:
    return ""
