"""Transactions as the literature writes them: ``ax1`` appends 1 to x, ``rx12`` reads [1, 2], ``rx`` reads nothing."""

import re

from harness.history import History
from harness.op import FAIL, INFO, Op

_MICRO = re.compile(r"([arw])([a-z])(\d*)")


def micros(text: str, *, lists: bool) -> list[list[object]]:
    """The micro-operations of one transaction; values have one digit."""
    found: list[list[object]] = []
    for f, key, digits in _MICRO.findall(text):
        numbers = [int(digit) for digit in digits]
        if f == "r":
            found.append(["r", key, numbers if lists else (numbers[0] if numbers else None)])
        else:
            found.append(["append" if lists else "w", key, numbers[0]])
    return found


def history(text: str, *, lists: bool) -> History:
    """One transaction after the other, separated by ``|``; ``fail`` or ``info`` before one is its outcome."""
    ops = []
    for process, words in enumerate(text.split("|")):
        *outcome, body = words.split()
        done = micros(body, lists=lists)
        asked = [[f, key, None if f == "r" else value] for f, key, value in done]
        start = Op(0, 2 * process * 10**6, process, "invoke", "txn", value=asked, node=f"n{process % 3 + 1}")
        ended = start.ok(done)
        if outcome:
            ended = {FAIL: start.fail, INFO: start.info}[outcome[0]]("aborted: by the test")
        ops += [start, Op(0, ended.time + 10**6, process, ended.type, "txn", value=ended.value, node=ended.node)]
    return History(ops)
