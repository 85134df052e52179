"""Members as data, and the settings that are refused."""

import pytest

from harness.errors import UsageError
from harness.options import parse_options
from targets.etcd import Etcd

ADDRESSES = {"n1": "10.213.0.11", "n2": "10.213.0.12"}


def test_a_member_as_data() -> None:
    spec = Etcd({"version": "3.5.35", "snapshot-count": 100}).node_spec("n2", ADDRESSES)
    assert spec.image == "quay.io/coreos/etcd:v3.5.35"
    assert spec.fallbacks == ("quorate/etcd:3.5.35",)
    assert spec.entrypoint == ("etcd",)
    assert spec.command == (
        "--name=n2",
        "--data-dir=/etcd-data",
        "--listen-peer-urls=http://0.0.0.0:2380",
        "--listen-client-urls=http://0.0.0.0:2379",
        "--initial-advertise-peer-urls=http://10.213.0.12:2380",
        "--advertise-client-urls=http://10.213.0.12:2379",
        "--initial-cluster=n1=http://10.213.0.11:2380,n2=http://10.213.0.12:2380",
        "--initial-cluster-state=new",
        "--initial-cluster-token=quorate",
        "--logger=zap",
        "--snapshot-count=100",
        "--heartbeat-interval=100",
        "--election-timeout=1000",
    )


def test_fsync_is_left_out_only_when_asked() -> None:
    assert "--unsafe-no-fsync" in Etcd({"unsafe-no-fsync": True}).node_spec("n1", ADDRESSES).command


def test_eight_members_are_too_many() -> None:
    names = {f"n{number}": f"10.213.0.{10 + number}" for number in range(1, 9)}
    with pytest.raises(UsageError, match="1 to 7 members here, not 8"):
        Etcd({}).node_spec("n1", names)


def test_time_outs_that_etcd_refuses() -> None:
    words = ["heartbeat-interval=300", "election-timeout=1499"]
    with pytest.raises(UsageError, match="at least 5 times as long"):
        Etcd(parse_options("etcd", Etcd.options, words))


def test_interfaces() -> None:
    assert sorted(Etcd({}).clients) == ["counter", "lock", "locked-set", "register", "set"]
    with pytest.raises(UsageError, match="It serves: counter, lock, locked-set, register, set"):
        Etcd({}).client("queue")
