"""The disk of a simulated machine: what survives when its process is killed."""

from typing import Any


class Disk:
    """Durable storage of one machine.

    Every change is durable at once, as if it were flushed before the call returns. What is put here must not be changed
    afterwards: a server that was killed must find what it wrote, not what it thought of later.

    Attributes:
        values: Durable values by name.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._journals: dict[str, list[Any]] = {}

    def journal(self, name: str) -> list[Any]:
        """The durable list of that name, empty at first; appending to it and cutting it are durable."""
        return self._journals.setdefault(name, [])
