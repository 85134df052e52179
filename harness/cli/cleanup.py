"""``quorate cleanup``: undo and remove whatever a killed run left behind."""

import click

from nemesis.cleanup import cleanup as clean


@click.command()
def cleanup() -> None:
    """Undo the faults of killed runs, and remove their containers and networks; running ones are left alone."""
    lines = clean()
    click.echo("\n".join(lines) or "nothing was left behind")
