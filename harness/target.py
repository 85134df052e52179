"""Targets: a system under test together with how to deploy it and talk to it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from harness.client import Client
from harness.cluster import Cluster, Node
from harness.errors import UsageError
from harness.options import Option


@dataclass(frozen=True, slots=True)
class Defaults:
    """What ``quorate test TARGET`` runs when nothing more is said, chosen so that it shows what the target is.

    Args:
        workload: Name of the workload.
        nemesis: Names of the faults.
        time_limit: Seconds of load.
        rate: Invocations per second over all clients.
        nodes: How many.
        concurrency: How many clients.
        interval: Seconds between fault events, on average.
    """

    workload: str = "register"
    nemesis: tuple[str, ...] = ("partition",)
    time_limit: float = 60.0
    rate: float = 500.0
    nodes: int = 3
    concurrency: int = 12
    interval: float = 10.0


class Target(ABC):
    """A system under test.

    Subclass ``ContainerTarget`` (Docker) or ``harness.simulated.SimulatedTarget``.

    Attributes:
        name: As the user writes it.
        summary: One sentence.
        options: What can be set; read from ``self.settings``.
        defaults: What is run when nothing more is said; an instance may have its own, which depend on its settings.
        clients: One factory per data interface (``register``, ``set``, ``counter``, …).
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    cluster_kind: ClassVar[str]
    options: ClassVar[Sequence[Option]] = ()
    defaults: Defaults = Defaults()

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = dict(settings)

    @property
    @abstractmethod
    def clients(self) -> Mapping[str, Callable[[], Client]]:
        """One client factory per data interface; each call makes a client that is not open yet."""

    def client(self, interface: str) -> Client:
        """A new client for that interface.

        Raises:
            UsageError: The target does not serve it; the message lists what it serves.
        """
        factory = self.clients.get(interface)
        if factory is None:
            raise UsageError(
                f"target {self.name} has no {interface!r} interface. It serves: {', '.join(sorted(self.clients))}"
            )
        return factory()

    @abstractmethod
    async def ready(self, cluster: Cluster, node: Node) -> bool:
        """Whether this node serves requests now; asks the datastore itself, quickly, and never raises for "not yet"."""

    async def primaries(self, cluster: Cluster) -> list[str]:
        """Names of the nodes that think they lead now; empty when there are none, or no such thing."""
        del cluster
        return []

    async def assemble(self, cluster: Cluster) -> None:
        """Whatever must be done once, before any node can be ready, to make one system of nodes that have just started.

        Their processes run, but may not answer yet (``harness.ready.until_all`` waits for them).

        Raises:
            NodeFailed: A node ended or refused.
        """

    async def setup(self, cluster: Cluster) -> None:
        """Whatever must be done once when all nodes are ready (create a keyspace)."""

    async def artifacts(self, node: Node) -> Mapping[str, bytes]:
        """What is worth keeping of a node at the end besides its log: relative path → content.

        A file whose name ends with ``.log`` is shown in the report, as the node's own log is.
        """
        del node
        return {}


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """How to run one node as a container: pure data, shown by ``--dry-run``.

    Args:
        image: Reference of the image.
        command: Arguments after the image's entry point, or the whole command where it has none.
        entrypoint: Replaces the image's own when not empty.
        environment: Variables.
        memory: Limit in MiB; None for no limit.
        files: Path inside the node → content, put there before the start.
        fallbacks: Other references of the same software, looked for in this order where ``image`` is absent.
    """

    image: str
    command: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    memory: int | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    fallbacks: tuple[str, ...] = ()


class ContainerTarget(Target):
    """A target whose nodes are containers of unmodified images."""

    cluster_kind = "docker"

    @abstractmethod
    def node_spec(self, node: str, addresses: Mapping[str, str]) -> NodeSpec:
        """How to run ``node``, given the address of every node of the cluster (name → IP)."""

    @classmethod
    def build_image(cls, settings: Mapping[str, Any]) -> Sequence[str]:
        """Make the image for these settings from distribution packages; returns the references made.

        Raises:
            UsageError: This target has no recipe.
            EnvironmentFailed: A tool is missing or a download failed.
        """
        del settings
        raise UsageError(f"target {cls.name} has no recipe for an image: pull its image instead")
