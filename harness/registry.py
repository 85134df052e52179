"""Finds targets, workloads, nemeses, checkers and models by name, through entry points, the built-in ones included."""

from importlib.metadata import entry_points
from typing import Any, Literal

from harness.errors import EnvironmentFailed, unknown_name

Kind = Literal["target", "workload", "nemesis", "checker", "model"]

_GROUPS = {
    "target": "quorate.targets",
    "workload": "quorate.workloads",
    "nemesis": "quorate.nemeses",
    "checker": "quorate.checkers",
    "model": "quorate.models",
}


def names(kind: Kind) -> list[str]:
    """All names of that kind that are installed, sorted."""
    return sorted({point.name for point in entry_points(group=_GROUPS[kind])})


def load(kind: Kind, name: str) -> Any:
    """The class that is registered under ``name``.

    Raises:
        UsageError: Nothing has that name; the message lists the nearest and all valid ones.
        EnvironmentFailed: The package that registered it cannot be imported.
    """
    for point in entry_points(group=_GROUPS[kind]):
        if point.name == name:
            try:
                return point.load()
            except (ImportError, AttributeError) as error:
                raise EnvironmentFailed(
                    f"the {kind} {name!r} cannot be loaded from {point.value}: {error}. Reinstall its package"
                ) from error
    raise unknown_name(kind, name, names(kind))
