"""`kumo cleanup`: what beat asks for each week, by hand, or only looked at."""

import click

from orchestrator.cli import printing


@click.command()
@click.option("--days", type=int, help="Keep so many days of everything but who did what.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and leave it.")
@printing.json_option
def cleanup(*, days: int | None, dry_run: bool, as_json: bool) -> None:
    """Remove what is older than it is kept (KUMO_KEEP_…_DAYS), and what deleted targets had.

    Crawls and pages go on meanwhile.
    """
    from orchestrator.ledger import cleanup as ledger

    kept = ledger.Retention.configured() if days is None else ledger.Retention.of(days)
    counts = ledger.would_go(kept) if dry_run else ledger.old_data(kept)
    if as_json:
        printing.as_json(counts)
        return
    gone = sorted((noun.replace("_", " "), n) for noun, n in counts.items() if n)
    click.echo(("Would go:" if dry_run else "Gone:") if gone else "Nothing is old enough to go.")
    if gone:
        printing.table(("KIND", "ROWS"), gone)
