"""``quorate targets | workloads | faults | checkers``: what there is, with options, defaults and units."""

from collections.abc import Callable, Iterator
from typing import Any

import click

from checkers.linearizability.model import Model
from harness import registry
from harness.errors import HarnessError
from harness.options import Option, parse_options
from harness.target import Target


def _describe(option: Option) -> str:
    """The option in one line: name, default with unit, choices, help."""
    default = str(option.default).lower() if isinstance(option.default, bool) else option.default
    unit = f" {option.unit}" if option.unit else ""
    choices = f" [{' | '.join(option.choices)}]" if option.choices else ""
    shown = "" if default in (None, "") else f"={default}{unit}"
    return f"    {option.name}{shown}{choices}  {option.help}"


def _lines(kind: registry.Kind, about: Callable[[Any], str] = lambda _: "") -> Iterator[str]:
    """Name and summary of each, what ``about`` says of it, and its options."""
    for name in registry.names(kind):
        owner: Any = registry.load(kind, name)
        yield f"{name}  {owner.summary}"
        if said := about(owner):
            yield f"    {said}"
        yield from map(_describe, getattr(owner, "options", ()))


def _target(owner: type[Target]) -> str:
    """What a target runs on, and what a run of it is when nothing more is said."""
    usual = owner(parse_options(owner.name, owner.options, [])).defaults
    return (
        f"{owner.cluster_kind} cluster of {usual.nodes} nodes; by default workload {usual.workload}, faults "
        f"{','.join(usual.nemesis)} every {usual.interval:g} s, {usual.rate:g} ops/s for {usual.time_limit:g} s"
    )


@click.command()
def targets() -> None:
    """List the systems that can be tested, and their options (--option NAME=VALUE)."""
    click.echo("\n".join(_lines("target", _target)))


@click.command()
def workloads() -> None:
    """List what the clients can do, and its options (--option WORKLOAD.NAME=VALUE)."""
    click.echo("\n".join(_lines("workload", lambda owner: f"needs the interface {owner.interface}")))


@click.command()
def faults() -> None:
    """List what can be broken, and its options (--option FAULT.NAME=VALUE)."""
    click.echo("\n".join(_lines("nemesis")))


@click.command()
def checkers() -> None:
    """List what can be decided about a history, and the models of `quorate check --model`."""
    decides = _lines("checker", lambda owner: f"decides {', '.join(owner.models)}" if owner.models else "")
    click.echo("\n".join([*decides, "", "models of `quorate check FILE --model NAME`:", *_models()]))


def _models() -> Iterator[str]:
    """Each model with its operations; one that cannot be imported says so, and nothing of the others."""
    for name in registry.names("model"):
        try:
            model: type[Model] = registry.load("model", name)
        except HarnessError as error:
            yield f"{name}  is not there: {error}"
            continue
        yield f"{name}  {model.summary}"
        width = max(map(len, model.vocabulary), default=0)
        yield from (f"    {f:<{width}}  {value}" for f, value in model.vocabulary.items())
