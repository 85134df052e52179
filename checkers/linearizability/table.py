"""States and operations of a model as integers, so that the model is asked once for each distinct pair."""

from collections.abc import Sequence
from itertools import islice
from sys import getsizeof
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.model import (
    ILLEGAL,
    MISTAKES,
    MOST_STATES,
    UNKNOWN,
    Model,
    ModelFailed,
    Operation,
    in_words,
    told,
)
from checkers.linearizability.operations import Operations
from harness.values import token

__all__ = ["NO", "ModelFailed", "Table"]

STATE_BYTES: Final = 256
"""What a state takes besides itself: its number, and its cells."""

NO: Final = -1
"""Where a class of operations cannot happen."""


class _State:
    """A state under the model's own ``equal`` and ``hash``."""

    __slots__ = ("_hash", "_model", "state")

    def __init__(self, model: Model, state: Any) -> None:
        self.state = state
        self._model = model
        self._hash = model.hash(state)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _State) and self._model.equal(self.state, other.state)


class Table:
    """The transitions of a model, made as they are asked for.

    A nondeterministic model becomes deterministic by the power-set construction: a state of the table is then a set of
    the model's states.

    Args:
        model: The sequential specification.

    Attributes:
        operations: Per class of operations (equal ones), one of them.
        pure: Per class, whether it never changes a state.
        initial: The initial state.
        cells: What the compiled ladder keeps of the transitions; None as long as it was not asked.
        bytes: What the states take, about.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.operations: list[Operation] = []
        self.pure: list[bool] = []
        self._classes: dict[Any, int] = {}
        self._states: dict[Any, int] = {}
        self._table: list[Any] = []
        self._cells: dict[tuple[int, int], int] = {}
        self.cells: Any = None
        self.bytes = 0
        try:
            first = self._wrap(model.init())
            self.initial = self._intern(frozenset({first}) if model.nondeterministic else first)
        except MISTAKES as error:
            raise ModelFailed(f"the model failed to give its initial state: {in_words(error)}") from error

    def classes(self, operations: Operations) -> NDArray[np.int32]:
        """Per row, the class of its operation."""
        o = operations
        columns: list[NDArray[Any]] = [o.f, o.argument, o.result, o.unanswered, o.failed, o.key]
        columns += [o.process] if self.model.per_process else []
        columns += [o.version] if self.model.versioned else []
        codes = list(zip(*(column.tolist() for column in columns), strict=True))
        first: dict[tuple[Any, ...], int] = {}
        for row, code in enumerate(codes):
            first.setdefault(code, row)
        kinds = {code: self._class(o.operation(row, self.model)) for code, row in first.items()}
        return np.array([kinds[code] for code in codes], np.int32)

    def _class(self, op: Operation) -> int:
        result = UNKNOWN if op.result is UNKNOWN else token(op.result)
        identity = (op.f, token(op.argument), result, op.key, op.process, op.failed, op.version)
        code = self._classes.setdefault(identity, len(self.operations))
        if code == len(self.operations):
            self.operations.append(op)
            # What shows a version may teach the state which one it has.
            self.pure.append(op.version is None and (op.failed or op.f in self.model.pure))
        return code

    def _wrap(self, state: Any) -> Any:
        own = type(self.model)
        return state if own.equal is Model.equal and own.hash is Model.hash else _State(self.model, state)

    def _intern(self, state: Any) -> int:
        code = self._states.setdefault(state, len(self._table))
        if code == len(self._table):
            self._table.append(state)
            self.bytes += getsizeof(state) + STATE_BYTES
        return code

    def step(self, state: int, kind: int) -> int:
        """The state after an operation of that class; ``NO`` where it is illegal.

        Raises:
            ModelFailed: The model raised an error.
        """
        cell = (state, kind)
        after = self._cells.get(cell)
        if after is None:
            after = self._cells[cell] = self._ask(state, kind)
        return after

    def priced(self, state: int, kind: int) -> tuple[int, int]:
        """The same for who remembers the answer, and how many bytes it takes.

        Raises:
            ModelFailed: The model raised an error.
        """
        before = self.bytes
        return self._ask(state, kind), self.bytes - before

    @property
    def held(self) -> int:
        """Bytes that are kept from search to search: the states, and what the compiled ladder keeps."""
        return self.bytes if self.cells is None else max(self.bytes, self.cells.bytes)

    def _ask(self, state: int, kind: int) -> int:
        now, op = self._table[state], self.operations[kind]
        try:
            if not self.model.nondeterministic:
                after = self.model.step(_unwrap(now), op)
                return NO if after is ILLEGAL else self._unchanged(kind, state, self._intern(self._wrap(after)))
            reached: set[Any] = set()
            for one in now:
                after_one = set(map(self._wrap, self._successors(one, op)))
                self._unchanged(kind, {one}, after_one or {one})
                reached |= after_one
            return self._intern(frozenset(reached)) if reached else NO
        except ModelFailed:
            raise
        except MISTAKES as error:
            raise ModelFailed(f"the model failed on {told(self.model, op)}: {in_words(error)}") from error

    def _unchanged(self, kind: int, before: Any, after: Any) -> Any:
        """The state after, of an operation that keeps what the model promises of it."""
        if self.pure[kind] and after != before:
            op = self.operations[kind]
            promise = "failed, which must not" if op.failed else f"is among the model's pure ({op.f!r}), which must not"
            raise ModelFailed(
                f"the model is wrong: {told(self.model, op)} {promise} change the state, and step changes it"
            )
        return after

    def _successors(self, state: Any, op: Operation) -> list[Any]:
        after: Any = self.model.step(_unwrap(state), op)
        states = [] if after is ILLEGAL else list(islice(after, MOST_STATES + 1))
        if len(states) > MOST_STATES:
            raise ModelFailed(f"the model is wrong: more than {MOST_STATES} states can follow {told(self.model, op)}")
        return states

    def states(self, code: int) -> Sequence[Any]:
        """The states of the model behind a state of the table: one, unless it is nondeterministic."""
        state = self._table[code]
        return [_unwrap(one) for one in state] if self.model.nondeterministic else [_unwrap(state)]


def _unwrap(state: Any) -> Any:
    return state.state if isinstance(state, _State) else state
