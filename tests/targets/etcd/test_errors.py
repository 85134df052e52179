"""The error table, row by row."""

from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode

from targets.etcd.errors import RULES, rule_for, words

UNAVAILABLE = StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("code", "details", "outcome", "name"),
    [
        (UNAVAILABLE, "failed to connect to all addresses; last error: refused", "fail", "not-connected"),
        (UNAVAILABLE, "etcdserver: no leader", "fail", "no-leader"),
        (UNAVAILABLE, "etcdserver: not capable", "fail", "not-capable"),
        (UNAVAILABLE, "etcdserver: leader changed", "info", "leader-changed"),
        (UNAVAILABLE, "etcdserver: request timed out", "info", "server-timeout"),
        (
            UNAVAILABLE,
            "etcdserver: request timed out, possibly due to previous leader failure",
            "info",
            "server-timeout",
        ),
        (UNAVAILABLE, "etcdserver: server stopped", "info", "server-stopped"),
        (UNAVAILABLE, "Socket closed", "info", "unavailable"),
        (UNAVAILABLE, "recvmsg:Connection reset by peer", "info", "unavailable"),
        (UNAVAILABLE, "etcdserver: something new", "info", "unavailable"),
        (StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded", "info", "deadline"),
        (StatusCode.CANCELLED, "", "info", "cancelled"),
        (StatusCode.RESOURCE_EXHAUSTED, "etcdserver: too many requests", "fail", "too-many-requests"),
        (StatusCode.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded", "fail", "no-space"),
        (StatusCode.RESOURCE_EXHAUSTED, "Received message larger than max", "info", "grpc-error"),
        (StatusCode.INVALID_ARGUMENT, "etcdserver: key is not provided", "fail", "invalid-argument"),
        (StatusCode.PERMISSION_DENIED, "etcdserver: permission denied", "fail", "permission-denied"),
        (StatusCode.UNAUTHENTICATED, "etcdserver: invalid auth token", "fail", "unauthenticated"),
        (StatusCode.INTERNAL, "whatever", "info", "grpc-error"),
        (StatusCode.UNKNOWN, "", "info", "grpc-error"),
    ],
)
def test_the_table(code: Any, details: str, outcome: str, name: str) -> None:
    rule = rule_for(code, details)
    assert (rule.outcome, rule.name) == (outcome, name)


def test_what_no_rule_names_is_open() -> None:
    assert RULES[-1].outcome == "info"
    assert all(RULES[-1].fits(code, "anything") for code in StatusCode)


def test_every_rule_can_be_reached() -> None:
    for rule in RULES:
        code = rule.code or StatusCode.ABORTED
        assert rule_for(code, rule.details) is rule


def test_words_are_one_line() -> None:
    assert words(UNAVAILABLE, "Socket\n closed ") == "unavailable: UNAVAILABLE Socket closed"
    assert words(StatusCode.CANCELLED, "") == "cancelled: CANCELLED"


def test_the_guide_shows_this_very_table() -> None:
    guide = Path(__file__).parents[3] / "docs" / "targets" / "etcd.md"
    section = guide.read_text(encoding="utf-8").split("## Errors")[1]
    rows = [
        tuple(cell.strip().strip("`").strip() for cell in line.split("|")[1:-1])
        for line in section.splitlines()
        if line.startswith("|")
    ][2:]
    assert rows == [
        (rule.code.name if rule.code else "", rule.details.strip(), rule.outcome, rule.name, rule.why) for rule in RULES
    ]
