"""What containers are made with, as data; and what is said when one ends."""

from harness.docker.cluster import container_arguments, host_arguments, object_name
from harness.docker.node import why_ended
from harness.target import NodeSpec

SPEC = NodeSpec(image="x:1", command=("--a", "b"), environment={"E": "1"}, memory=512)


def test_a_container_as_data() -> None:
    assert container_arguments("quorate-r", "n1", SPEC, "sha256:ab", {"quorate": "1"}) == {
        "image": "sha256:ab",
        "name": "quorate-r-n1",
        "hostname": "n1",
        "command": ["--a", "b"],
        "entrypoint": None,
        "environment": {"E": "1"},
        "labels": {"quorate": "1", "quorate.node": "n1"},
    }


def test_it_is_never_restarted_and_its_memory_is_bounded() -> None:
    host = host_arguments("quorate-r", SPEC)
    assert host["restart_policy"] == {"Name": "no"}
    assert host["mem_limit"] == host["memswap_limit"] == 512 * 1024 * 1024
    assert host_arguments("quorate-r", NodeSpec(image="x", command=()))["mem_limit"] is None


def test_names_hold_what_docker_accepts() -> None:
    assert object_name("etcd/20261120T210000Z-7") == "quorate-etcd-20261120T210000Z-7"


def test_why_a_node_ended() -> None:
    dead = {"ExitCode": 1, "OOMKilled": False}
    log = b"1\n2\n3\n4\n5\nlast\xff\n"
    assert why_ended("n1", dead, log) == "node n1 ended with code 1. Its last lines: 2 / 3 / 4 / 5 / last\ufffd"
    assert why_ended("n1", dead, b"").endswith("Its last lines: none")
    assert "ran out of memory" in why_ended("n2", {"ExitCode": 137, "OOMKilled": True}, log)
