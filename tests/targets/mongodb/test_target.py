"""Members and the replica set as data, and the settings that are refused."""

from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import UsageError
from harness.options import parse_options
from targets.mongodb import MongoDB

ADDRESSES = {"n1": "10.213.0.11", "n2": "10.213.0.12", "n3": "10.213.0.13"}


def target(*words: str) -> MongoDB:
    return MongoDB(parse_options("mongodb", MongoDB.options, words))


def test_a_member_as_data() -> None:
    spec = target("version=5.0.4", "storage-cache=512").node_spec("n2", ADDRESSES)
    assert spec.image == "mongo:5.0.4"
    assert spec.fallbacks == ("quorate/mongodb:5.0.4",)
    assert spec.entrypoint == ("mongod",)
    assert spec.command == (
        "--bind_ip_all",
        "--dbpath=/data/db",
        "--replSet=quorate",
        "--oplogSize=256",
        "--wiredTigerCacheSizeGB=0.5",
        "--setParameter=diagnosticDataCollectionEnabled=false",
        "--setParameter=transactionLifetimeLimitSeconds=5",
    )


@pytest.mark.parametrize(("election", "heartbeat"), [(2000, 400), (10_000, 2000), (60_000, 2000)])
def test_the_replica_set_as_data(election: int, heartbeat: int) -> None:
    nodes = [SimpleNamespace(name=name, address=address) for name, address in ADDRESSES.items()]
    cluster: Any = SimpleNamespace(nodes=nodes)
    assert target(f"election-timeout={election}").replica_set(cluster) == {
        "_id": "quorate",
        "members": [
            {"_id": 0, "host": "10.213.0.11:27017", "tags": {"node": "n1"}},
            {"_id": 1, "host": "10.213.0.12:27017", "tags": {"node": "n2"}},
            {"_id": 2, "host": "10.213.0.13:27017", "tags": {"node": "n3"}},
        ],
        "settings": {"electionTimeoutMillis": election, "heartbeatIntervalMillis": heartbeat},
    }


def test_eight_members_are_too_many() -> None:
    names = {f"n{number}": f"10.213.0.{10 + number}" for number in range(1, 9)}
    with pytest.raises(UsageError, match="1 to 7 members here, not 8"):
        target().node_spec("n1", names)


def test_a_write_concern_that_no_write_could_meet() -> None:
    with pytest.raises(UsageError, match="w=4 needs 4 members: use --nodes 4, not 3"):
        target("w=4").node_spec("n1", ADDRESSES)
    assert target("w=3").node_spec("n1", ADDRESSES)


def test_interfaces() -> None:
    served = ["bank", "counter", "list-append", "lock", "register", "rw-register", "session", "set"]
    assert sorted(target().clients) == served
    for interface in served:
        assert target().client(interface)


@pytest.mark.parametrize("interface", ["bank", "list-append", "rw-register"])
def test_transactions_are_always_acknowledged(interface: str) -> None:
    assert target("w=0").client("register")
    with pytest.raises(UsageError, match="a transaction is always acknowledged"):
        target("w=0").client(interface)


def test_a_session_that_could_go_nowhere() -> None:
    with pytest.raises(UsageError, match="with discovery=false a client knows only one"):
        target("discovery=false").client("session")
