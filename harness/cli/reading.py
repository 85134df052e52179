"""Options of the commands that read histories of any format, and the reading itself."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from harness import formats

STDIN: Final = "-"

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option(
        "--from", "source", type=click.Choice(formats.NAMES), help="Format of the files.  [default: by content]"
    ),
    click.option("--nil-reads", type=click.Choice(["unknown", "initial"]), help="What an ok read of nil saw."),
    click.option("--failed-cas", metavar="observed|ignored|ERROR", help="Which failed cas saw another value."),
    click.option(
        "--keys", type=click.Choice(["auto", "pairs", "tagged", "none"]), help="Whether values are pairs [key value]."
    ),
)


def reading(command: F) -> F:
    """Add the options that say how files are to be read; ``options`` understands them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def options(given: dict[str, Any]) -> formats.Options:
    """What was said of the files."""
    return formats.Options(given["source"], given["nil_reads"], given["failed_cas"], given["keys"])


def read(path: Path, said: formats.Options) -> formats.Recorded:
    """The history in a file, or on standard input.

    Raises:
        UsageError: There is none, its format is unknown, or an option does not fit it.
    """
    return formats.read(sys.stdin.buffer.read() if str(path) == STDIN else path, said)
