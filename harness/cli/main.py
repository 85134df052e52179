"""``quorate``: the commands, and what every way of failing means to the shell."""

import sys
import traceback
from collections.abc import Sequence
from enum import IntEnum
from importlib import import_module

import click

from harness.errors import QuorateError, UsageError


class Exit(IntEnum):
    """Exit codes; part of the API."""

    VALID = 0
    INVALID = 1
    UNKNOWN = 2
    FAILED = 3
    USAGE = 64


_COMMANDS = {
    "test": ("harness.cli.test:test", "Start a cluster, load it, break it, and say which guarantees held."),
    "check": ("harness.cli.check:check", "Judge recorded runs or history files again; nothing is started."),
    "convert": ("harness.cli.convert:convert", "Write a history in the format of another program."),
    "targets": ("harness.cli.listing:targets", "List the systems that can be tested, and their options."),
    "workloads": ("harness.cli.listing:workloads", "List what the clients can do, and its options."),
    "faults": ("harness.cli.listing:faults", "List what can be broken, and its options."),
    "checkers": ("harness.cli.listing:checkers", "List what can be decided about a history."),
    "doctor": ("harness.cli.doctor:doctor", "Say what this machine can run, and why not the rest."),
    "images": ("harness.cli.images:images", "Make images of targets without a registry."),
    "cleanup": ("harness.cli.cleanup:cleanup", "Undo and remove what killed runs left behind."),
}


class _Commands(click.Group):
    """Loads a command when it is used: ``quorate --help`` must not import a plotting library."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="quorate")
def cli() -> None:
    """Find out what a replicated datastore really promises.

    quorate starts a cluster, runs clients against it while faults are injected, records every operation and decides
    which consistency guarantees held. Exit codes: 0 valid, 1 invalid, 2 unknown, 3 the harness or the environment
    failed, 64 usage.
    """


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    sys.exit(run(argv))


def run(argv: Sequence[str] | None = None) -> int:
    """The exit code of the command line ``argv``; a failure is one line on standard error, never a traceback."""
    try:
        code = cli.main(args=None if argv is None else list(argv), prog_name="quorate", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return Exit.USAGE
    except (click.ClickException, click.Abort, QuorateError, OSError, MemoryError, KeyboardInterrupt) as error:
        message, code = explain(error)
        click.echo(f"quorate: {' '.join(message.split())}", err=True)
    except Exception as bug:  # noqa: BLE001 - a traceback ends with 1, which here says "invalid"
        where = traceback.extract_tb(bug.__traceback__)[-1]
        text = f"{type(bug).__name__}: {bug} ({where.filename}, line {where.lineno})"
        click.echo(
            f"quorate: quorate itself failed: {' '.join(text.split())}. This is a bug: please report it", err=True
        )
        return Exit.FAILED
    except SystemExit:
        # click's way of ending when the reader of its output has left: with 1, which here says "invalid".
        click.echo("quorate: nobody reads the output any more, so it was not completed", err=True)
        return Exit.FAILED
    return int(code) if isinstance(code, int) else Exit.VALID


def explain(error: BaseException) -> tuple[str, Exit]:
    """What happened, why and what to do, in one line, and the exit code that it means."""
    match error:
        case click.ClickException():
            command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "quorate"
            return f"{error.format_message()} See `{command} --help`", Exit.USAGE
        case UsageError():
            return str(error), Exit.USAGE
        case QuorateError():
            return str(error), Exit.FAILED
        case OSError():
            return f"{error.filename or 'the system says'}: {error.strerror or error}", Exit.FAILED
        case MemoryError():
            return "out of memory: end other programs, or ask for less at once", Exit.FAILED
        case _:
            return "interrupted", Exit.FAILED
