"""What a node reads when it starts."""

import itertools
import json
from typing import Any

import pytest

from targets.cassandra import Cassandra
from targets.cassandra.config import ARGUMENTS, LOG, SETTINGS, files, java_arguments, token

ADDRESSES = {"n1": "10.213.0.11", "n2": "10.213.0.12", "n3": "10.213.0.13"}
DEFAULTS = Cassandra({}).settings


def settings(node: str = "n2", **options: Any) -> Any:
    changed = {name.replace("_", "-"): value for name, value in options.items()}
    return json.loads(files(node, ADDRESSES, {**DEFAULTS, **changed}, "/lib")[SETTINGS])


@pytest.mark.parametrize("nodes", [3, 4, 5])
def test_tokens_part_the_ring_evenly(nodes: int) -> None:
    tokens = [token(position, nodes) for position in range(nodes)]
    assert tokens[0] == -(2**63)
    assert {later - earlier for earlier, later in itertools.pairwise(tokens)} <= {
        2**64 // nodes,
        2**64 // nodes + 1,
    }
    assert tokens[-1] < 2**63 - 2**64 // nodes + nodes


def test_a_node_listens_at_its_address_and_knows_all() -> None:
    made = settings("n2")
    assert (made["listen_address"], made["rpc_address"]) == ("10.213.0.12", "10.213.0.12")
    assert made["seed_provider"][0]["parameters"] == [{"seeds": "10.213.0.11,10.213.0.12,10.213.0.13"}]
    assert (made["num_tokens"], made["initial_token"], made["auto_bootstrap"]) == (1, str(token(1, 3)), False)


def test_options_of_the_server() -> None:
    assert settings()["commitlog_sync"] == "batch"
    assert "commitlog_sync_period" not in settings()
    periodic = settings(commitlog_sync="periodic")
    assert (periodic["commitlog_sync"], periodic["commitlog_sync_period"]) == ("periodic", "10000ms")
    other = settings(hinted_handoff=False, paxos_variant="v2", server_timeout=700)
    assert (other["hinted_handoff_enabled"], other["paxos_variant"]) == (False, "v2")
    assert {value for name, value in other.items() if name.endswith("_timeout")} == {"700ms"}


def test_java_finds_the_other_files_and_the_jars() -> None:
    made = files("n1", ADDRESSES, DEFAULTS, "/opt/lib")
    arguments = made[ARGUMENTS].decode().splitlines()
    assert set(made) == {SETTINGS, LOG, ARGUMENTS}
    assert f"-Dcassandra.config=file://{SETTINGS}" in arguments
    assert f"-Dlogback.configurationFile={LOG}" in arguments
    assert arguments[-2:] == ['-cp "/opt/lib/*"', "org.apache.cassandra.service.CassandraDaemon"]


def test_the_heap_has_one_size() -> None:
    assert java_arguments(333, "/lib").decode().splitlines()[:2] == ["-Xms333m", "-Xmx333m"]
