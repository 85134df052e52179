"""No column is trusted: whatever is in it, a compiled procedure decides or says ValueError, and twice the same.

The functions and their columns are those that ``_native.pyi`` declares, so that a new one is tried as well. ``make
sanitize`` runs this under the sanitizers.
"""

import ast
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import checkers
from checkers.linearizability import kernel
from checkers.linearizability.decision import NEVER

pytestmark = pytest.mark.kernel

TRIES = int(os.environ.get("QUORATE_FUZZ", "400"))
"""Tables for each function."""

KINDS = {"I8": np.int8, "I32": np.int32, "I64": np.int64, "Flags": np.bool_}
"""The names that ``_native.pyi`` has for the types of columns."""


def declared() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each function of the kernel, with its arguments and what they are."""
    text = (Path(checkers.__file__).parent / "_native.pyi").read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, [(one.arg, ast.unparse(one.annotation)) for one in node.args.args if one.annotation]


FUNCTIONS = {
    name: arguments for name, arguments in declared() if all(words in KINDS or words == "int" for _, words in arguments)
}
"""Those that take columns and numbers, and nothing that calls back."""


def intervals(rng: random.Random, rows: int) -> tuple[list[int], list[int]]:
    """Calls, ascending, and returns: no instant twice."""
    gap = rng.choice((1, 1, 1, 1000, 1 << 20))
    events = [gap * instant for instant in rng.sample(range(3 * rows + 1), 2 * rows)]
    pairs = sorted(sorted(events[2 * row : 2 * row + 2]) for row in range(rows))
    return [call for call, _ in pairs], [NEVER if rng.random() < 0.2 else ret for _, ret in pairs]


def table(rng: random.Random, arguments: list[tuple[str, str]]) -> list[Any]:
    """Arguments that are often all right, or nearly so."""
    rows = rng.choice((0, 1, 2, 5, 12, 40))
    call, ret = intervals(rng, rows)
    most = rng.choice((1, 2, 3, 10))
    lists = any(name == "offset" for name, _ in arguments)
    made: list[Any] = []
    for name, words in arguments:
        if words not in KINDS:
            made.append(rng.choice((most, most, most, 2 * most, 40)))
            continue
        kind = KINDS[words]
        if name in {"call", "ret"}:
            column = list(call if name == "call" else ret)
        elif name == "offset":
            column = [0, *sorted(rng.randint(0, rows) for _ in range(rows - 1)), rows][: rows + 1]
        elif lists and name in {"part", "list_part"}:
            column = sorted(rng.randint(0, most - 1) for _ in range(rows))
        elif kind is np.bool_:
            column = [rng.random() < 0.2 for _ in range(rows)]
        else:
            low = rng.choice((0, 0, 0, -1))
            column = [rng.randint(low, rng.choice((most, most - 1))) for _ in range(rows)]
        made.append(np.array(column, dtype=kind))
    if rng.random() < 0.6:
        spoil(rng, made)
    return made


def spoil(rng: random.Random, made: list[Any]) -> None:
    """Something that is out of its range, or of another length, or in no order."""
    place = rng.randrange(len(made))
    column = made[place]
    if not isinstance(column, np.ndarray):
        made[place] = rng.choice((-(1 << 31), -1, 0, 1, 1000))
    elif rng.random() < 0.2:
        made[place] = column[:-1] if rng.random() < 0.5 else np.concatenate([column, column, column[:1]])
    elif column.dtype == np.bool_:
        made[place] = ~column
    elif len(column):
        limits = np.iinfo(column.dtype)
        what = rng.choice((limits.min, limits.max, limits.max - 1, -2, -1, 0, 7, 100))
        column[rng.randrange(len(column))] = max(limits.min, min(limits.max, what))


def told(function: Any, arguments: list[Any]) -> Any:
    """What the function says, comparable."""
    try:
        found = function(*arguments)
    except ValueError as error:
        return str(error)
    return repr([one.tolist() if isinstance(one, np.ndarray) else one for one in found])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_whatever_a_column_holds_the_answer_is_a_decision_or_a_value_error(name: str) -> None:
    rng, function = random.Random(name), getattr(kernel.native, name)
    answers = []
    for _ in range(TRIES):
        arguments = table(rng, FUNCTIONS[name])
        answers.append(told(function, arguments))
        assert told(function, arguments) == answers[-1]
    decided = sum(answer.startswith("[") for answer in answers)
    assert 0 < decided < TRIES


@pytest.mark.parametrize("name", FUNCTIONS)
def test_columns_of_another_shape_are_refused(name: str) -> None:
    function = getattr(kernel.native, name)
    for place, (_, words) in enumerate(FUNCTIONS[name]):
        if words not in KINDS:
            continue
        arguments = table(random.Random(1), FUNCTIONS[name])
        arguments[place] = np.zeros((2, 3), dtype=np.int8)
        with pytest.raises((ValueError, TypeError)):
            function(*arguments)


def test_every_function_is_tried_or_takes_more_than_columns() -> None:
    assert {"zones", "rank"} <= set(FUNCTIONS)
