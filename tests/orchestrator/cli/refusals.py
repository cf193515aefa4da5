"""What every refusal looks like."""

from click.testing import Result


def sentence(result: Result) -> str:
    """The one line that a refused command says, and says to standard error."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert result.stderr.startswith("Error: ")
    return result.stderr.removeprefix("Error: ").strip()
