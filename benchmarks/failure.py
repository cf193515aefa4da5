"""What ends a benchmark without a figure."""

import click


class BenchmarkFailed(click.ClickException):
    """A contender did not do the work it was measured with, so there is no figure."""
