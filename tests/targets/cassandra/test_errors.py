"""The error table, row by row, with the errors as the driver makes them."""

from pathlib import Path
from typing import Any

import pytest
from cassandra import (
    ConsistencyLevel,
    InvalidRequest,
    OperationTimedOut,
    ReadFailure,
    ReadTimeout,
    Unauthorized,
    Unavailable,
    WriteFailure,
    WriteTimeout,
    WriteType,
)
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionBusy, ConnectionException, ConnectionShutdown
from cassandra.pool import NoConnectionsAvailable
from cassandra.protocol import (
    ErrorMessage,
    IsBootstrappingErrorMessage,
    OverloadedErrorMessage,
    ServerError,
    SyntaxException,
    TruncateError,
)

from targets.cassandra.errors import RULES, failed, kind_of, rule_for

REQUESTS = ("write", "conditional", "counter", "logged", "unlogged")


def unavailable(level: str) -> Any:
    return Unavailable("too few", ConsistencyLevel.name_to_value[level], 2, 1)


def write_timeout(kind: str) -> Any:
    return WriteTimeout("late", WriteType.name_to_value[kind], consistency=ConsistencyLevel.QUORUM)


def nobody(*errors: Exception) -> Any:
    return NoHostAvailable("nobody", {f"10.0.0.{number}": error for number, error in enumerate(errors)})


def server(kind: Any = ErrorMessage, code: int = 0) -> Any:
    return kind(code=code, message="words", info=None)


@pytest.mark.parametrize(
    ("error", "outcomes", "name"),
    [
        (nobody(ConnectionException("Host has been marked down or removed")), "fail", "not-connected"),
        (nobody(ConnectionShutdown("Connection is defunct")), "fail", "not-connected"),
        (nobody(ConnectionBusy("all streams are in use")), "fail", "not-connected"),
        (nobody(NoConnectionsAvailable()), "fail", "not-connected"),
        (nobody(OSError("broken while it was sent")), "info", "cassandra-error"),
        (nobody(NoConnectionsAvailable(), server(ServerError)), "info", "cassandra-error"),
        (unavailable("SERIAL"), {"unlogged": "info", "": "fail"}, None),
        (unavailable("QUORUM"), {"unlogged": "info", "conditional": "info", "": "fail"}, None),
        (write_timeout("SIMPLE"), "info", "write-timeout"),
        (write_timeout("BATCH"), "info", "write-timeout"),
        (write_timeout("UNLOGGED_BATCH"), "info", "write-timeout"),
        (write_timeout("COUNTER"), "info", "write-timeout"),
        (write_timeout("BATCH_LOG"), "info", "batchlog-timeout"),
        (write_timeout("CAS"), "info", "cas-timeout"),
        (WriteFailure("refused", WriteType.SIMPLE), "info", "write-failure"),
        (server(code=0x1700), "info", "cas-unknown"),
        (server(code=0x1701), "info", "cassandra-error"),
        (ReadTimeout("late"), "info", "read-timeout"),
        (ReadFailure("refused"), "info", "read-failure"),
        (OperationTimedOut(), "info", "client-timeout"),
        (ConnectionShutdown("closed by the other side"), "info", "connection-lost"),
        (ConnectionException("strange message"), "info", "connection-lost"),
        (server(OverloadedErrorMessage), "info", "overloaded"),
        (server(IsBootstrappingErrorMessage), "info", "cassandra-error"),
        (server(ServerError), "info", "cassandra-error"),
        (server(TruncateError), "info", "cassandra-error"),
        (InvalidRequest("unconfigured table"), "fail", "invalid-request"),
        (server(SyntaxException), "fail", "invalid-request"),
        (Unauthorized("no"), "fail", "unauthorized"),
        (RuntimeError("a bug"), "info", "cassandra-error"),
    ],
)
def test_the_table(error: Any, outcomes: Any, name: str | None) -> None:
    for request in REQUESTS:
        expected = outcomes if isinstance(outcomes, str) else outcomes.get(request, outcomes[""])
        done = failed(error, request)
        assert done.outcome == expected, request
        assert name is None or str(done).startswith(f"{name}: ")


@pytest.mark.parametrize("error", [unavailable("ALL"), write_timeout("CAS"), OperationTimedOut(), RuntimeError("bug")])
def test_a_read_without_an_answer_had_no_effect(error: Any) -> None:
    assert failed(error, "read").outcome == "fail"


def test_too_few_replicas_for_paxos_and_too_few_for_the_commit_are_told_apart() -> None:
    assert str(failed(unavailable("LOCAL_SERIAL"), "conditional")).startswith("unavailable: Unavailable (LOCAL_SERIAL)")
    assert str(failed(unavailable("ALL"), "conditional")).startswith("commit-unavailable: Unavailable (ALL)")


def test_what_no_rule_names_is_open() -> None:
    assert RULES[-1].outcome == "info"
    assert all(RULES[-1].fits("anything", "", request) for request in REQUESTS)


def test_every_rule_can_be_reached() -> None:
    for rule in RULES:
        assert rule_for(rule.error or "Unheard", rule.detail, rule.request or "write") is rule


def test_every_name_is_one_that_the_driver_gives() -> None:
    """A name that is misspelt would let an error fall through to the last row."""
    made = [
        nobody(),
        unavailable("ONE"),
        write_timeout("CAS"),
        WriteFailure("", WriteType.SIMPLE),
        server(code=0x1700),
        ReadTimeout(""),
        ReadFailure(""),
        OperationTimedOut(),
        ConnectionShutdown(""),
        ConnectionException(""),
        server(OverloadedErrorMessage),
        InvalidRequest(""),
        server(SyntaxException),
        Unauthorized(""),
    ]
    assert {rule.error for rule in RULES} == {kind_of(error)[0] for error in made} | {""}


def test_words_are_one_line() -> None:
    assert str(failed(RuntimeError("two\n lines "), "write")) == "cassandra-error: RuntimeError two lines"
    assert str(failed(RuntimeError(), "write")) == "cassandra-error: RuntimeError"


def test_the_guide_shows_this_very_table() -> None:
    guide = Path(__file__).parents[3] / "docs" / "targets" / "cassandra.md"
    section = guide.read_text(encoding="utf-8").split("## Errors")[1]
    rows = [
        tuple(cell.strip().strip("`").strip() for cell in line.split("|")[1:-1])
        for line in section.splitlines()
        if line.startswith("|")
    ][2:]
    assert rows == [(rule.error, rule.detail, rule.request, rule.outcome, rule.name, rule.why) for rule in RULES]
