"""``quorate targets | workloads | faults | checkers``: what there is, with options, defaults and units."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from harness import registry
from harness.options import Option


def _describe(option: Option) -> str:
    """The option in one line: name, default with unit, choices, help."""
    default = str(option.default).lower() if isinstance(option.default, bool) else option.default
    unit = f" {option.unit}" if option.unit else ""
    choices = f" [{' | '.join(option.choices)}]" if option.choices else ""
    shown = "" if default in (None, "") else f"={default}{unit}"
    return f"    {option.name}{shown}{choices}  {option.help}"


def _lines(kind: registry.Kind, extra: str = "") -> Iterator[str]:
    for name in registry.names(kind):
        owner: Any = registry.load(kind, name)
        yield f"{name}  {owner.summary}"
        if extra:
            yield f"    {extra}: {_joined(getattr(owner, extra))}"
        yield from map(_describe, getattr(owner, "options", ()))


def _joined(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value) or "none"


@click.command()
def targets() -> None:
    """List the systems that can be tested, and their options (--option NAME=VALUE)."""
    click.echo("\n".join(_lines("target", "cluster_kind")))


@click.command()
def workloads() -> None:
    """List what the clients can do, and its options (--option WORKLOAD.NAME=VALUE)."""
    click.echo("\n".join(_lines("workload", "interface")))


@click.command()
def faults() -> None:
    """List what can be broken, and its options (--option FAULT.NAME=VALUE)."""
    click.echo("\n".join(_lines("nemesis")))


@click.command()
def checkers() -> None:
    """List what can be decided about a history."""
    click.echo("\n".join(_lines("checker", "models")))
