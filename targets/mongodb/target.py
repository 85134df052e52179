"""MongoDB as a target: how a member is run, made part of a replica set, asked and led."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from pymongo.errors import PyMongoError

from harness.client import Client
from harness.cluster import Cluster, Node
from harness.errors import NodeFailed, UsageError
from harness.options import Option
from harness.ready import until_all
from harness.target import ContainerTarget, Defaults, NodeSpec
from targets.mongodb import client, consistency, image, rollback, transactions
from targets.mongodb.client import MongoClient, SessionClient
from targets.mongodb.connection import PORT, REPLICA_SET, ask, make_collections
from targets.mongodb.consistency import MAJORITY

MOST_MEMBERS: Final = 7
"""More members of a replica set cannot vote."""

PROGRAM: Final = "mongod"
"""Found on the PATH of the image: the official one and the ones made here hold it in different folders."""

DATA: Final = "/data/db"
MEBI_PER_GIBI: Final = 1024
OPLOG: Final = 256
"""MiB of operations that a member keeps for those that were away."""

HEARTBEATS: Final = 5
"""How many heartbeats fit into an election time-out, at least."""

LONGEST_HEARTBEAT: Final = 2000
"""Milliseconds; the server's own default."""

TRANSACTION_LIFETIME: Final = 5
"""Seconds after which the server aborts a transaction: that of a dead client must not block its documents for long."""

INITIATE_TIMEOUT: Final = 20.0
ALREADY_INITIALIZED: Final = 23


CLIENTS: Final[Mapping[str, type[MongoClient]]] = {
    "register": client.RegisterClient,
    "set": client.SetClient,
    "counter": client.CounterClient,
    "lock": client.LockClient,
    "list-append": transactions.ListAppendClient,
    "rw-register": transactions.RwRegisterClient,
    "bank": transactions.BankClient,
}
"""The client of each interface but the session."""


class MongoDB(ContainerTarget):
    """A replica set of one to seven members.

    Args:
        settings: A value for each of ``options``.

    Raises:
        UsageError: They contradict each other.
    """

    name = "mongodb"
    summary = "MongoDB 5.0 or 6.0: a replica set of documents, as consistent as its many settings say."
    options: ClassVar[Sequence[Option]] = (
        Option("version", "6.0.27", "Version of the server: 6.0.27, 5.0.4, or any whose official image is there."),
        *consistency.OPTIONS,
        Option("election-timeout", 2000, "Silence after which a secondary wants to lead.", unit="ms", minimum=500),
        Option("storage-cache", 256, "Memory for the storage engine's cache, per member.", unit="MiB", minimum=256),
    )
    defaults = Defaults(nemesis=("partition", "kill", "pause"), rate=200.0)

    def __init__(self, settings: Mapping[str, Any]) -> None:
        known = {option.name: option.default for option in self.options}
        super().__init__({**known, **settings})
        self._how = consistency.of(self.settings)
        self._names: dict[str, str] = {}

    @property
    def clients(self) -> Mapping[str, Callable[[], Client]]:
        """Single documents, sessions, and transactions."""
        made = {name: partial(self._client, kind) for name, kind in CLIENTS.items()}
        return {**made, "session": self._session}

    def node_spec(self, node: str, addresses: Mapping[str, str]) -> NodeSpec:
        """One member, which knows nothing of the others until ``assemble``.

        Raises:
            UsageError: There are too many, or fewer than writes have to reach.
        """
        del node
        if len(addresses) > MOST_MEMBERS:
            raise UsageError(f"MongoDB runs with 1 to {MOST_MEMBERS} members here, not {len(addresses)}")
        if (wanted := self._how.write_concern.document["w"]) != MAJORITY and wanted > len(addresses):
            raise UsageError(f"w={wanted} needs {wanted} members: use --nodes {wanted}, not {len(addresses)}")
        official, built = image.candidates(self.settings["version"])
        command = (
            "--bind_ip_all",
            f"--dbpath={DATA}",
            f"--replSet={REPLICA_SET}",
            f"--oplogSize={OPLOG}",
            f"--wiredTigerCacheSizeGB={self.settings['storage-cache'] / MEBI_PER_GIBI:g}",
            "--setParameter=diagnosticDataCollectionEnabled=false",
            f"--setParameter=transactionLifetimeLimitSeconds={TRANSACTION_LIFETIME}",
        )
        return NodeSpec(image=official, fallbacks=(built,), entrypoint=(PROGRAM,), command=command)

    async def assemble(self, cluster: Cluster) -> None:
        """Initiate the replica set on the first member: its members are known by address, and tagged with their nodes.

        Raises:
            NodeFailed: A member ended, or refuses.
        """
        await until_all(cluster, _answers)
        first, *_ = cluster.nodes
        asked = {"replSetInitiate": self.replica_set(cluster)}
        answer = await ask(first.address, asked, timeout=INITIATE_TIMEOUT)
        if not answer.get("ok") and answer.get("code") != ALREADY_INITIALIZED:
            raise NodeFailed(f"{first.name} did not initiate the replica set: {answer.get('errmsg', 'no answer')}")

    def replica_set(self, cluster: Cluster) -> dict[str, Any]:
        """The configuration of the replica set, as the server takes it."""
        election = self.settings["election-timeout"]
        return {
            "_id": REPLICA_SET,
            "members": [
                {"_id": number, "host": f"{node.address}:{PORT}", "tags": {consistency.NODE_TAG: node.name}}
                for number, node in enumerate(cluster.nodes)
            ],
            "settings": {
                "electionTimeoutMillis": election,
                "heartbeatIntervalMillis": min(election // HEARTBEATS, LONGEST_HEARTBEAT),
            },
        }

    async def setup(self, cluster: Cluster) -> None:
        """Make the collections of all interfaces.

        Raises:
            NodeFailed: The primary refuses.
        """
        self._names.update({node.address: node.name for node in cluster.nodes})
        try:
            names = [SessionClient.collection, *(kind.collection for kind in CLIENTS.values())]
            await make_collections(cluster.nodes[0].address, names)
        except PyMongoError as error:
            raise NodeFailed(f"the collections could not be made: {error}") from error

    async def ready(self, cluster: Cluster, node: Node) -> bool:
        """Whether the member leads, or follows somebody who does."""
        del cluster
        said = await ask(node.address, "hello")
        return bool(said.get("isWritablePrimary") or (said.get("secondary") and said.get("primary")))

    async def primaries(self, cluster: Cluster) -> list[str]:
        """The members that say of themselves that they lead; a deposed one that has not noticed may be among them."""
        said = await asyncio.gather(*(ask(node.address, "hello") for node in cluster.nodes))
        return [node.name for node, one in zip(cluster.nodes, said, strict=True) if one.get("isWritablePrimary")]

    async def artifacts(self, node: Node) -> Mapping[str, bytes]:
        """The files of what the member rolled back, and ``rollback.log`` with each document of them in words."""
        found = await node.files(f"{DATA}/{rollback.FOLDER}")
        kept = {f"{rollback.FOLDER}/{name}": data for name, data in found.items()}
        return {**kept, "rollback.log": rollback.told(found)} if found else {}

    @classmethod
    def build_image(cls, settings: Mapping[str, Any]) -> Sequence[str]:
        """Make the image of that version from a wheel of PyPI and Debian's libraries."""
        return image.build(settings["version"])

    def _client(self, kind: type[MongoClient]) -> Client:
        if kind.transactions and not self._how.write_concern.acknowledged:
            raise UsageError("a transaction is always acknowledged: use w=1 or more for this workload, not w=0")
        return kind(self._how)

    def _session(self) -> Client:
        if not self._how.discovery:
            raise UsageError("a session moves between nodes, and with discovery=false a client knows only one")
        return SessionClient(self._how, self._names)


async def _answers(node: Node) -> bool:
    return bool(await ask(node.address, "ping"))
