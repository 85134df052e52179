"""The error table, row by row, and what several attempts at one operation prove."""

from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from targets.mongodb.errors import LONGEST, RULES, Attempt, Rule, did_not_happen, rule_for, words


def error(code: int) -> dict[str, Any]:
    return {"ok": 0.0, "code": code}


def in_vain(code: int) -> dict[str, Any]:
    """Accepted by the server as a request; the write in it was not."""
    return {"ok": 1.0, "n": 0, "writeErrors": [{"index": 0, "code": code}]}


def unacknowledged(code: int) -> dict[str, Any]:
    return {"ok": 1.0, "n": 1, "writeConcernError": {"code": code}}


DONE = {"ok": 1.0, "n": 1}
NOT_PRIMARY, STEPPED_DOWN, NO_TRANSACTION = 10107, 189, 251


@pytest.mark.parametrize(
    ("answer", "outcome", "name"),
    [
        (None, "info", "no-answer"),
        (error(10107), "fail", "not-primary"),
        (error(13435), "fail", "not-primary"),
        (error(13436), "fail", "recovering"),
        (in_vain(11000), "fail", "duplicate-key"),
        (error(11000), "fail", "duplicate-key"),
        (error(112), "fail", "write-conflict"),
        (error(251), "fail", "aborted"),
        (error(290), "fail", "aborted"),
        (error(24), "fail", "lock-timeout"),
        (error(246), "fail", "no-snapshot"),
        (error(239), "fail", "no-snapshot"),
        (error(2), "fail", "refused"),
        (error(9), "fail", "refused"),
        (error(14), "fail", "refused"),
        (error(72), "fail", "refused"),
        (error(189), "info", "stepped-down"),
        (error(11602), "info", "stepped-down"),
        (error(11600), "info", "shut-down"),
        (error(91), "info", "shut-down"),
        (error(50), "info", "deadline"),
        (unacknowledged(64), "info", "write-concern"),
        (unacknowledged(100), "info", "write-concern"),
        (unacknowledged(10107), "info", "write-concern"),
        (error(999_999), "info", "server-error"),
        ({"ok": 0.0}, "info", "server-error"),
        (DONE, "info", "answered"),
    ],
)
def test_the_table(answer: Any, outcome: str, name: str) -> None:
    rule = rule_for(answer)
    assert (rule.outcome, rule.name) == (outcome, name)


def sample(rule: Rule) -> Any:
    """An answer that the rule is about."""
    code = 999_999 if rule.code is None else rule.code
    return {
        "no answer": None,
        "error": error(code),
        "write concern": unacknowledged(code),
        "no error": DONE,
    }[rule.where]


@pytest.mark.parametrize("rule", RULES[1:], ids=lambda rule: f"{rule.where}-{rule.says}")
def test_every_rule_can_be_reached(rule: Rule) -> None:
    assert rule_for(sample(rule)) is rule


def sent(*answers: Any, command: str = "update", in_transaction: bool = False) -> list[Attempt]:
    return [Attempt(command, in_transaction, "10.0.0.1", answer) for answer in answers]


@pytest.mark.parametrize(
    ("attempts", "certain"),
    [
        ([], True),
        (sent(error(NOT_PRIMARY)), True),
        (sent(error(NOT_PRIMARY), error(NOT_PRIMARY)), True),
        (sent(None), False),
        (sent(None, error(NOT_PRIMARY)), False),
        (sent(error(NOT_PRIMARY), None), False),
        (sent(unacknowledged(STEPPED_DOWN), error(NOT_PRIMARY)), False),
        (sent(DONE), False),
    ],
)
def test_an_operation_did_not_happen_when_no_attempt_at_it_can_have(attempts: list[Attempt], certain: bool) -> None:
    assert did_not_happen(attempts) is certain


@pytest.mark.parametrize(
    ("commit", "certain"),
    [([], True), ([error(NO_TRANSACTION)], True), ([None], False), ([None, error(NO_TRANSACTION)], False)],
)
def test_a_transaction_happens_through_its_commit_alone(commit: list[Any], certain: bool) -> None:
    inside = sent(DONE, None, in_transaction=True)
    assert did_not_happen([*inside, *sent(*commit, command="commitTransaction", in_transaction=True)]) is certain


def test_words_are_one_line_of_a_bearable_length() -> None:
    assert words(AutoReconnect("closed\n by peer"), sent(None)) == "no-answer: AutoReconnect closed by peer"
    assert words(AutoReconnect("nobody"), []) == "not-sent: AutoReconnect nobody"
    begun = sent(DONE, in_transaction=True)
    assert words(AutoReconnect("closed"), begun) == "not-sent: AutoReconnect closed"
    assert len(words(AutoReconnect("x" * 2000), [])) < LONGEST + 50


def test_the_guide_shows_this_very_table() -> None:
    guide = Path(__file__).parents[3] / "docs" / "targets" / "mongodb.md"
    section = guide.read_text(encoding="utf-8").split("## Errors")[1]
    rows = [
        tuple(cell.strip().strip("`").strip() for cell in line.split("|")[1:-1])
        for line in section.splitlines()
        if line.startswith("|")
    ][2:]
    assert rows == [(rule.where, str(rule.code or ""), rule.says, rule.outcome, rule.name, rule.why) for rule in RULES]
