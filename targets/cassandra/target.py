"""Cassandra as a target: how a node is run and asked, and what is made of the options."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from harness.client import Client
from harness.cluster import Cluster, Node
from harness.errors import NodeFailed, UsageError
from harness.options import Option
from harness.target import ContainerTarget, Defaults, NodeSpec
from targets.cassandra import config, image
from targets.cassandra.client import KEYSPACE, SERIAL_LEVELS, Manner
from targets.cassandra.collections import CellClient, CounterClient, RowsClient
from targets.cassandra.connection import Sessions, Statement
from targets.cassandra.errors import Failed
from targets.cassandra.lock import LockClient
from targets.cassandra.pairs import BatchClient, WriteIsolationClient
from targets.cassandra.register import RegisterClient, SessionClient

REPLICAS: Final = 3
MOST_NODES: Final = 5

BESIDE_HEAP: Final = 352
"""MiB that a node needs besides its heap: for Java itself, what is kept off the heap, and the threads."""

ASK_TIMEOUT: Final = 1.0
"""Seconds that a question about readiness may take."""

PEERS: Final = Statement("SELECT peer FROM system.peers_v2", "read", "ONE")
EVERYBODY: Final = Statement("SELECT session_id FROM system_traces.sessions LIMIT 1", "read", "ALL")
"""An empty table of which every node holds a part: read at ALL, the node must see every other one alive."""

LEVELS: Final = ("ONE", "TWO", "QUORUM", "ALL", "LOCAL_QUORUM")


class Cassandra(ContainerTarget):
    """A cluster of three to five nodes in one data centre; everything has three replicas.

    Args:
        settings: A value for each of ``options``.

    Raises:
        UsageError: Two of them exclude each other.
    """

    name = "cassandra"
    summary = "Cassandra 5.0: a partitioned row store with tunable consistency and lightweight transactions on Paxos."
    options: ClassVar[Sequence[Option]] = (
        Option("version", "5.0.4", "Version of the server."),
        Option(
            "read-cl",
            "SERIAL",
            "How many replicas a read asks; SERIAL also completes lightweight transactions that are under way.",
            choices=(*LEVELS, *SERIAL_LEVELS),
        ),
        Option("write-cl", "QUORUM", "How many replicas acknowledge a write.", choices=LEVELS),
        Option("serial-cl", "SERIAL", "Whom the Paxos rounds of a lightweight transaction ask.", choices=SERIAL_LEVELS),
        Option("lwt", True, "Write registers by lightweight transactions; false: a cas reads, compares and writes."),
        Option(
            "timestamps",
            "server",
            "Who says when a plain write was made, which decides what survives: the coordinator or the client.",
            choices=("server", "client"),
        ),
        Option("clock-skew", 0, "How far clients' clocks are off at most (timestamps=client).", unit="ms", minimum=0),
        Option(
            "clock-resolution",
            0,
            "Tick of the clients' clocks (timestamps=client); 0: a clock of microseconds that never stands still.",
            unit="ms",
            minimum=0,
        ),
        Option(
            "set-as",
            "rows",
            "What a set is: rows of one partition, or a collection in one cell.",
            choices=("rows", "cell"),
        ),
        Option(
            "batch", "logged", "How two partitions are written by the interface batch.", choices=("logged", "unlogged")
        ),
        Option("lock-ttl", 0, "Time after which a lock is free by itself; 0: never.", unit="s", minimum=0),
        Option("retries", 0, "How often a client sends again what has an unknown outcome.", unit="times", minimum=0),
        Option("hinted-handoff", True, "Keep writes for replicas that are down, and deliver them later."),
        Option("read-repair", "blocking", "Whether a read writes what a replica lacks.", choices=("blocking", "none")),
        Option("paxos-variant", "v1", "The protocol of lightweight transactions.", choices=("v1", "v2")),
        Option(
            "commitlog-sync",
            "batch",
            "When a write is synced to the disk: before its acknowledgement, or every 10 s (the server's own default).",
            choices=("batch", "periodic"),
        ),
        Option("server-timeout", 2000, "Time after which a coordinator gives up.", unit="ms", minimum=10),
        Option("client-timeout", 4000, "Time after which a client gives up.", unit="ms", minimum=10),
        Option("heap", 256, "Heap of Java in each node.", unit="MiB", minimum=192),
    )
    defaults = Defaults(workload="register", nemesis=("partition", "kill"), time_limit=60.0, rate=200.0)

    def __init__(self, settings: Mapping[str, Any]) -> None:
        known = {option.name: option.default for option in self.options}
        super().__init__({**known, **settings})
        if self.settings["timestamps"] == "server":
            for name in ("clock-skew", "clock-resolution"):
                if self.settings[name]:
                    raise UsageError(
                        f"{name} is about the clocks of clients, but coordinators give the timestamps: "
                        "add timestamps=client, or leave it out"
                    )
        self._sessions = Sessions(self.settings["client-timeout"] / 1000)
        self._addresses: dict[str, str] = {}

    @property
    def clients(self) -> Mapping[str, Callable[[], Client]]:
        """Register, session, set, counter, two cells of a row, two partitions of a batch, and lock."""
        manner, sessions = self._manner(), self._sessions
        sets = CellClient if self.settings["set-as"] == "cell" else RowsClient
        return {
            "register": self._registers(partial(RegisterClient, manner, sessions)),
            "session": self._registers(partial(SessionClient, manner, sessions, self._addresses)),
            "set": partial(sets, manner, sessions),
            "counter": self._unstamped(partial(CounterClient, manner, sessions), "a counter has no timestamps"),
            "write-isolation": partial(WriteIsolationClient, manner, sessions),
            "batch": self._batches(partial(BatchClient, manner, sessions)),
            "lock": self._unstamped(
                partial(LockClient, manner, sessions, self.settings["lock-ttl"]),
                "a lock is a lightweight transaction, which takes its timestamp from Paxos",
            ),
        }

    def node_spec(self, node: str, addresses: Mapping[str, str]) -> NodeSpec:
        """One node; all are seeds, and each has one token of its own.

        Raises:
            UsageError: There are fewer than three nodes, or more than five.
        """
        if not REPLICAS <= len(addresses) <= MOST_NODES:
            raise UsageError(f"Cassandra runs with {REPLICAS} to {MOST_NODES} nodes here, not {len(addresses)}")
        official, built = image.candidates(self.settings["version"])
        return NodeSpec(
            image=official,
            fallbacks=(built,),
            entrypoint=("java",),
            command=(f"@{config.ARGUMENTS}",),
            files=config.files(node, addresses, self.settings, image.LIBRARY),
            memory=self.settings["heap"] + BESIDE_HEAP,
        )

    async def ready(self, cluster: Cluster, node: Node) -> bool:
        """Whether the node serves, knows all others and sees them alive."""
        try:
            session = await self._sessions.acquire(node.address)
        except ConnectionError:
            return False
        try:
            async with asyncio.timeout(ASK_TIMEOUT):
                others = await session.execute(PEERS, {})
                await session.execute(EVERYBODY, {})
        except (Failed, TimeoutError):
            return False
        else:
            return len(others) == len(cluster.nodes) - 1
        finally:
            await self._sessions.release(node.address)

    async def setup(self, cluster: Cluster) -> None:
        """Make the keyspace; each client makes the table of its interface.

        Raises:
            NodeFailed: Cassandra refuses.
        """
        self._addresses.update({node.name: node.address for node in cluster.nodes})
        first = cluster.nodes[0]
        try:
            session = await self._sessions.acquire(first.address)
        except ConnectionError as error:
            raise NodeFailed(f"{first.name} was ready, and now there is {error}") from error
        try:
            await session.define(
                f"CREATE KEYSPACE IF NOT EXISTS {KEYSPACE} WITH replication = "
                f"{{'class': 'NetworkTopologyStrategy', 'datacenter1': {REPLICAS}}}"
            )
        finally:
            await self._sessions.release(first.address)

    @classmethod
    def build_image(cls, settings: Mapping[str, Any]) -> Sequence[str]:
        """Make the image of that version from Debian's Java and Maven Central's jars."""
        return image.build(settings["version"])

    def _manner(self) -> Manner:
        said = self.settings
        return Manner(
            read=said["read-cl"],
            write=said["write-cl"],
            serial=said["serial-cl"],
            conditional=said["lwt"],
            timestamps=said["timestamps"],
            skew=said["clock-skew"],
            resolution=said["clock-resolution"],
            batch=said["batch"],
            retries=said["retries"],
            repair=said["read-repair"],
        )

    def _registers(self, make: Callable[[], Client]) -> Callable[[], Client]:
        """Refuses a setting that lightweight transactions leave no room for."""
        why = "a lightweight transaction takes its timestamp from Paxos"
        return self._unstamped(make, why, "add lwt=false") if self.settings["lwt"] else make

    def _unstamped(self, make: Callable[[], Client], why: str, instead: str = "leave it out") -> Callable[[], Client]:
        """Refuses clients' timestamps where nothing takes them."""

        def checked() -> Client:
            if self.settings["timestamps"] == "client":
                raise UsageError(f"{why}, so timestamps=client has no effect on this workload: {instead}")
            return make()

        return checked

    def _batches(self, make: Callable[[], Client]) -> Callable[[], Client]:
        """Refuses a level that a read of two partitions cannot have."""

        def checked() -> Client:
            if self.settings["read-cl"] in SERIAL_LEVELS:
                raise UsageError(
                    f"Cassandra reads one partition at a time at {self.settings['read-cl']}, and a batch has two: "
                    "add read-cl=QUORUM"
                )
            return make()

        return checked
