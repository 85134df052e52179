"""``quorate convert FILE --to FORMAT``: a history as another program reads it."""

import sys
from pathlib import Path
from typing import Any

import click

from harness.cli.reading import STDIN, options, read, reading
from harness.errors import UsageError
from harness.formats.write import WRITERS


@click.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--to", "target", required=True, type=click.Choice(list(WRITERS)), help="Format to write.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where to.  [default: standard output]"
)
@reading
def convert(path: Path, target: str, output: Path | None, **given: Any) -> int:
    """Write a history (`-` is standard input) in another format; what that cannot hold is said in one line.

    The history of a run is in `runs/latest/history.jsonl`.
    """
    recorded = read(path / "history.jsonl" if path.is_dir() else path, options(given))
    damage = recorded.history.damage
    if damage is not None:
        raise UsageError(
            f"{path} is damaged at line {damage.line} ({damage.reason}), so nothing was written: mend it, or cut it "
            "off there"
        )
    written = WRITERS[target](recorded.history)
    content = b"".join(written.lines)
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        output.write_bytes(content)
    if written.losses:
        whose = "standard input" if str(path) == STDIN else str(path)
        click.echo(f"quorate: {target} cannot hold all of {whose}: {'; '.join(written.losses)}", err=True)
    return 0
