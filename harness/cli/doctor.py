"""``quorate doctor``: can this machine run it? Each back-end, with the reason why not."""

import asyncio
import platform
import shutil
import sys
from collections.abc import Iterable

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from checkers.linearizability import kernel
from harness import compiled, registry
from harness.cli.main import Exit
from harness.doctor import Check

RECIPE_TOOLS = {
    "mmdebstrap": "images from Debian packages",
    "go": "images of etcd 3.5 and 3.6",
}


@click.command()
@click.argument("target", required=False)
def doctor(target: str | None) -> int:
    """Say what this machine can run; with TARGET, exit 3 when it cannot run that one."""
    checks = [*_machine(), *_docker(), *asyncio.run(_faults())]
    table = Table.grid(padding=(0, 2))
    for check in checks:
        mark = Text("yes", style="green") if check.ok else Text("no", style="red")
        table.add_row(mark, check.name, Text(check.detail))
    Console(soft_wrap=True).print(table)
    if target is None:
        return Exit.VALID
    kind = registry.load("target", target).cluster_kind
    needed = [check for check in checks if not check.ok and check.name.startswith(f"{kind}:")]
    click.echo(
        f"{target} {'can' if not needed else 'cannot'} run here" + "".join(f"\n  {one.detail}" for one in needed)
    )
    return Exit.FAILED if needed else Exit.VALID


def _machine() -> Iterable[Check]:
    yield Check("python", True, f"{platform.python_version()} at {sys.executable}")
    yield _compiled("kernel: linearizability", kernel.WHY_NOT, "NumPy decides, as well but slower")
    yield _compiled("kernel: history files", compiled.WHY_NOT, "they are read in Python, as well but slower")
    yield Check("simulated: cluster", True, "in this process, on virtual time; needs nothing")
    for tool, use in RECIPE_TOOLS.items():
        path = shutil.which(tool)
        yield Check(f"images: {tool}", path is not None, path or f"not installed; it is needed for {use}")


def _compiled(name: str, why_not: str, instead: str) -> Check:
    if not why_not:
        return Check(name, True, "compiled")
    repair = (
        "" if "QUORATE_KERNEL" in why_not else ". Install a C++20 compiler (apt-get install g++), then quorate again"
    )
    return Check(name, False, f"not compiled ({why_not}): {instead}{repair}")


def _docker() -> Iterable[Check]:
    from harness.docker.probe import probe

    return probe()


async def _faults() -> Iterable[Check]:
    checks: list[Check] = []
    for name in registry.names("nemesis"):
        backends = await registry.load("nemesis", name).backends()
        checks += (Check(f"fault {name}: {one.backend}", one.available, one.reason or "works") for one in backends)
    return checks
