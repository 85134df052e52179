"""The cluster: the nodes and how to reach them, whatever they are made of.

Three kinds exist: ``docker`` (containers of this machine), ``ssh`` (real hosts) and ``simulated`` (in this process, on
virtual time). The contract below is what targets, faults and the run life cycle rely on; it names no datastore.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


class NodeState(StrEnum):
    """What a node's main process is doing."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Completed:
    """A finished command: exit code and what it wrote."""

    code: int
    stdout: bytes
    stderr: bytes


class Node(ABC):
    """One member of the cluster.

    Attributes:
        name: ``n1``, ``n2``, …
        address: Where the other nodes and the clients reach it: an IP address, or the name of a simulated machine.
    """

    name: str
    address: str

    @abstractmethod
    async def state(self) -> NodeState:
        """What the node's main process is doing now, asked afresh."""

    @abstractmethod
    async def start(self) -> None:
        """Start the main process; nothing happens when it runs.

        Raises:
            NodeFailed: It did not start.
        """

    @abstractmethod
    async def kill(self) -> None:
        """End the main process with SIGKILL; its files stay. Nothing happens when it does not run."""

    @abstractmethod
    async def pause(self) -> str:
        """Stop the node's processes where they are; returns how: ``freezer``, ``sigstop`` or ``simulated``."""

    @abstractmethod
    async def resume(self) -> None:
        """Let a paused node go on; nothing happens when it is not paused."""

    @abstractmethod
    async def run(self, argv: Sequence[str], *, timeout: float = 30.0) -> Completed:
        """Run a command inside the node. Unmodified images may hold no tool at all: only optional things may use it.

        Raises:
            NodeFailed: It could not be started, or took longer than ``timeout`` seconds.
        """

    @abstractmethod
    async def put(self, path: str, data: bytes) -> None:
        """Write a file inside the node."""

    @abstractmethod
    async def get(self, path: str) -> bytes:
        """Read a file inside the node.

        Raises:
            NodeFailed: There is no such file.
        """

    async def files(self, folder: str) -> dict[str, bytes]:
        """All files below a folder inside the node, by their path below it; none where there is no such folder."""
        del folder
        return {}

    @abstractmethod
    async def log(self) -> bytes:
        """All that the main process has written to its standard output and error, also after it has died."""


class Cluster(ABC):
    """The nodes of one run.

    Attributes:
        kind: ``docker``, ``ssh`` or ``simulated``.
        nodes: In the order n1, n2, …; fixed for the whole run.
    """

    kind: ClassVar[str]
    nodes: tuple[Node, ...]

    @abstractmethod
    async def up(self) -> None:
        """Make network and nodes and start all of them, in parallel.

        Raises:
            EnvironmentFailed: Something that it needs is not there; nothing is left behind.
            NodeFailed: A node did not start; nothing is left behind.
        """

    @abstractmethod
    async def down(self) -> None:
        """Remove everything that ``up`` made, whatever state it is in; may be called at any time, also twice."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """What the run record keeps: kind, addresses, image digests, versions."""

    def __getitem__(self, name: str) -> Node:
        """The node of that name."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)
