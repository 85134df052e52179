"""``quorate images build TARGET``: an image from distribution packages, where no registry can be reached."""

from collections.abc import Sequence

import click

from harness import registry
from harness.errors import UsageError
from harness.options import parse_options
from harness.target import ContainerTarget


@click.group()
def images() -> None:
    """Make images of targets without a registry."""


@images.command()
@click.argument("target")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="Option of the target: version=3.5.21.")
def build(target: str, options: Sequence[str]) -> None:
    """Build the image of TARGET from distribution packages."""
    owner = registry.load("target", target)
    if not issubclass(owner, ContainerTarget):
        raise UsageError(f"target {target} needs no image: its cluster is {owner.cluster_kind}")
    for reference in owner.build_image(parse_options(target, owner.options, options)):
        click.echo(f"built {reference}")
