"""etcd as a target: how a member is run, asked and led."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from grpc.aio import AioRpcError

from harness.client import Client
from harness.cluster import Cluster, Node
from harness.errors import UsageError
from harness.options import Option
from harness.target import ContainerTarget, Defaults, NodeSpec
from targets.etcd import image
from targets.etcd.client import CounterClient, RegisterClient, SetClient
from targets.etcd.connection import PORT, Connection
from targets.etcd.lock import LockClient, LockedSetClient

PEER_PORT: Final = 2380
MOST_MEMBERS: Final = 7
TICKS: Final = 5
"""etcd refuses an election time-out below this many heartbeats, and advises ten."""

ASK_TIMEOUT: Final = 1.0
"""Seconds that a question about readiness or leadership may take."""

PROGRAM: Final = "etcd"
"""Found on the PATH of the image: the official one and the ones made here hold it in different folders."""

DATA: Final = "/etcd-data"


class Etcd(ContainerTarget):
    """A cluster of one to seven members.

    Args:
        settings: A value for each of ``options``.

    Raises:
        UsageError: The time-outs do not fit together.
    """

    name = "etcd"
    summary = "etcd 3.4, 3.5 or 3.6: a strongly consistent key-value store on Raft."
    options: ClassVar[Sequence[Option]] = (
        Option("version", "3.6.16", "Version of the server: 3.4.23, or any 3.5 or 3.6."),
        Option(
            "reads",
            "linearizable",
            "Whom a read asks: the quorum, or only the member that the client talks to (it may be stale).",
            choices=("linearizable", "serializable"),
        ),
        Option("snapshot-count", 10_000, "Committed entries between two snapshots.", unit="entries", minimum=1),
        Option("heartbeat-interval", 100, "Time between two heartbeats of the leader.", unit="ms", minimum=1),
        Option("election-timeout", 1000, "Silence after which a follower wants to lead.", unit="ms", minimum=10),
        Option("lock-ttl", 2, "How long a lock's lease lasts when it is not kept alive.", unit="s", minimum=1),
        Option("fencing", False, "Whether a set under a lock refuses writes with an older fencing token."),
        Option("unsafe-no-fsync", False, "Never sync the log to the disk: loses data when the machine fails."),
    )
    defaults = Defaults(workload="register", nemesis=("partition", "kill", "pause"), time_limit=60.0)

    def __init__(self, settings: Mapping[str, Any]) -> None:
        known = {option.name: option.default for option in self.options}
        super().__init__({**known, **settings})
        heartbeat, election = self.settings["heartbeat-interval"], self.settings["election-timeout"]
        if election < TICKS * heartbeat:
            raise UsageError(
                f"etcd refuses election-timeout={election} ms with heartbeat-interval={heartbeat} ms: "
                f"it must be at least {TICKS} times as long"
            )

    @property
    def clients(self) -> Mapping[str, Callable[[], Client]]:
        """One factory per interface."""
        reads, ttl = self.settings["reads"], self.settings["lock-ttl"]
        return {
            "register": partial(RegisterClient, reads),
            "set": partial(SetClient, reads),
            "counter": partial(CounterClient, reads),
            "lock": partial(LockClient, ttl),
            "locked-set": partial(LockedSetClient, ttl, fencing=self.settings["fencing"]),
        }

    def node_spec(self, node: str, addresses: Mapping[str, str]) -> NodeSpec:
        """One member, with the addresses of all as the initial cluster.

        Raises:
            UsageError: There are more than seven.
        """
        if len(addresses) > MOST_MEMBERS:
            raise UsageError(f"etcd runs with 1 to {MOST_MEMBERS} members here, not {len(addresses)}")
        official, built = image.candidates(self.settings["version"])
        members = ",".join(f"{name}=http://{address}:{PEER_PORT}" for name, address in addresses.items())
        command = [
            f"--name={node}",
            f"--data-dir={DATA}",
            f"--listen-peer-urls=http://0.0.0.0:{PEER_PORT}",
            f"--listen-client-urls=http://0.0.0.0:{PORT}",
            f"--initial-advertise-peer-urls=http://{addresses[node]}:{PEER_PORT}",
            f"--advertise-client-urls=http://{addresses[node]}:{PORT}",
            f"--initial-cluster={members}",
            "--initial-cluster-state=new",
            "--initial-cluster-token=quorate",
            "--logger=zap",
            f"--snapshot-count={self.settings['snapshot-count']}",
            f"--heartbeat-interval={self.settings['heartbeat-interval']}",
            f"--election-timeout={self.settings['election-timeout']}",
        ]
        if self.settings["unsafe-no-fsync"]:
            command.append("--unsafe-no-fsync")
        return NodeSpec(image=official, fallbacks=(built,), entrypoint=(PROGRAM,), command=tuple(command))

    async def ready(self, cluster: Cluster, node: Node) -> bool:
        """Whether the member answers a linearizable read: then it has a leader and has caught up with it."""
        del cluster
        connection = Connection(node.address)
        try:
            await connection.range(b"/quorate", timeout=ASK_TIMEOUT)
        except AioRpcError:
            return False
        else:
            return True
        finally:
            await connection.close()

    async def primaries(self, cluster: Cluster) -> list[str]:
        """The members that say of themselves that they lead; an isolated old leader may be among them."""
        leads = await asyncio.gather(*(_leads(node) for node in cluster.nodes))
        return [node.name for node, leading in zip(cluster.nodes, leads, strict=True) if leading]

    @classmethod
    def build_image(cls, settings: Mapping[str, Any]) -> Sequence[str]:
        """Make the image of that version from Debian's package or Go modules."""
        return image.build(settings["version"])


async def _leads(node: Node) -> bool:
    connection = Connection(node.address)
    try:
        status = await connection.status(ASK_TIMEOUT)
    except AioRpcError:
        return False
    else:
        return bool(status.leader) and status.leader == status.header.member_id
    finally:
        await connection.close()
