"""States and operations of a model as integers, so that the model is asked once for each distinct pair."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.model import ILLEGAL, UNKNOWN, Model, Operation
from checkers.linearizability.operations import Operations
from harness.values import token

NO: Final = -1
"""Where a class of operations cannot happen."""


class ModelFailed(Exception):
    """The model raised an error; the message says which, and on what."""


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
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.operations: list[Operation] = []
        self.pure: list[bool] = []
        self._classes: dict[Any, int] = {}
        self._states: dict[Any, int] = {}
        self._table: list[Any] = []
        self._cells: dict[tuple[int, int], int] = {}
        first = model.init()
        self.initial = self._intern(frozenset({self._wrap(first)}) if model.nondeterministic else self._wrap(first))

    def classes(self, operations: Operations) -> NDArray[np.int32]:
        """Per row, the class of its operation."""
        return np.array(
            [self._class(operations.operation(row, self.model)) for row in range(len(operations))], np.int32
        )

    def _class(self, op: Operation) -> int:
        result = UNKNOWN if op.result is UNKNOWN else token(op.result)
        identity = (op.f, token(op.argument), result, op.key, op.process, op.failed, op.version)
        code = self._classes.setdefault(identity, len(self.operations))
        if code == len(self.operations):
            self.operations.append(op)
            self.pure.append(op.failed or op.f in self.model.pure)
        return code

    def _wrap(self, state: Any) -> Any:
        own = type(self.model)
        return state if own.equal is Model.equal and own.hash is Model.hash else _State(self.model, state)

    def _intern(self, state: Any) -> int:
        code = self._states.setdefault(state, len(self._table))
        if code == len(self._table):
            self._table.append(state)
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

    def _ask(self, state: int, kind: int) -> int:
        now, op = self._table[state], self.operations[kind]
        try:
            if self.model.nondeterministic:
                reached: set[Any] = set()
                for one in now:
                    reached.update(map(self._wrap, self._successors(one, op)))
                return self._intern(frozenset(reached)) if reached else NO
            after = self.model.step(_unwrap(now), op)
            return NO if after is ILLEGAL else self._intern(self._wrap(after))
        except Exception as error:
            words = f"{type(error).__name__}: {error}".splitlines()[0]
            raise ModelFailed(f"the model failed on {self.model.describe(op)}: {words}") from error

    def _successors(self, state: Any, op: Operation) -> Iterable[Any]:
        after: Any = self.model.step(_unwrap(state), op)
        return () if after is ILLEGAL else iter(after)

    def states(self, code: int) -> Sequence[Any]:
        """The states of the model behind a state of the table: one, unless it is nondeterministic."""
        state = self._table[code]
        return [_unwrap(one) for one in state] if self.model.nondeterministic else [_unwrap(state)]


def _unwrap(state: Any) -> Any:
    return state.state if isinstance(state, _State) else state
