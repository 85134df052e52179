"""Nodes as data, and the settings that exclude each other."""

from typing import Any

import pytest

from harness.errors import UsageError
from harness.options import parse_options
from targets.cassandra import Cassandra

ADDRESSES = {"n1": "10.213.0.11", "n2": "10.213.0.12", "n3": "10.213.0.13"}


def asked(*words: str) -> Any:
    return Cassandra(parse_options("cassandra", Cassandra.options, words))


def test_a_node_as_data() -> None:
    spec = asked("version=5.0.4", "heap=300").node_spec("n2", ADDRESSES)
    assert spec.image == "cassandra:5.0.4"
    assert spec.fallbacks == ("quorate/cassandra:5.0.4",)
    assert (spec.entrypoint, spec.command) == (("java",), ("@/quorate/java.options",))
    assert spec.memory == 652
    assert sorted(spec.files) == ["/quorate/cassandra.yaml", "/quorate/java.options", "/quorate/logback.xml"]


def test_five_nodes_need_three_gibibytes_at_most() -> None:
    names = {f"n{number}": f"10.213.0.{10 + number}" for number in range(1, 6)}
    assert sum(asked().node_spec(name, names).memory for name in names) <= 3 * 1024


@pytest.mark.parametrize("nodes", [1, 2, 6])
def test_too_few_and_too_many_nodes(nodes: int) -> None:
    names = {f"n{number}": f"10.213.0.{10 + number}" for number in range(1, nodes + 1)}
    with pytest.raises(UsageError, match=f"3 to 5 nodes here, not {nodes}"):
        asked().node_spec("n1", names)


def test_interfaces() -> None:
    assert sorted(asked().clients) == ["batch", "counter", "lock", "register", "session", "set", "write-isolation"]
    with pytest.raises(UsageError, match="It serves: batch, counter, lock, register, session, set, write-isolation"):
        asked().client("list-append")


@pytest.mark.parametrize(
    ("words", "interface", "message"),
    [
        (["timestamps=client"], "register", "a lightweight transaction takes its timestamp from Paxos.*lwt=false"),
        (["timestamps=client"], "session", "add lwt=false"),
        (["timestamps=client", "lwt=false"], "counter", "a counter has no timestamps, so timestamps=client has no"),
        (["timestamps=client", "lwt=false"], "lock", "takes its timestamp from Paxos.*leave it out"),
        ([], "batch", "one partition at a time at SERIAL.*read-cl=QUORUM"),
        (["read-cl=LOCAL_SERIAL"], "batch", "one partition at a time at LOCAL_SERIAL"),
    ],
)
def test_settings_that_an_interface_leaves_no_room_for(words: list[str], interface: str, message: str) -> None:
    target = asked(*words)
    with pytest.raises(UsageError, match=message):
        target.client(interface)
    assert target.client("set")


@pytest.mark.parametrize("words", [["timestamps=client", "lwt=false"], ["lwt=false"], []])
def test_settings_that_fit_a_register(words: list[str]) -> None:
    assert asked(*words).client("register")


@pytest.mark.parametrize("word", ["clock-skew=1", "clock-resolution=1000"])
def test_clocks_of_clients_that_nobody_asks(word: str) -> None:
    with pytest.raises(UsageError, match="add timestamps=client"):
        asked(word)
    assert asked(word, "timestamps=client")


def test_a_write_at_a_level_of_reads() -> None:
    with pytest.raises(UsageError, match="write-cl is 'SERIAL', but it takes ONE"):
        asked("write-cl=SERIAL")
