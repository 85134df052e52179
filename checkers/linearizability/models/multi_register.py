"""Several registers that are read and written together, in transactions."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, ClassVar, Final

from checkers.linearizability.model import ILLEGAL, UNKNOWN, Model, Operation, show
from harness.values import token

_READS: Final = frozenset({"read", "r"})
_WRITES: Final = frozenset({"write", "w"})
_MICRO: Final = 3

State = frozenset[tuple[Any, Any]]
"""The stand-ins of the keys that hold something, and of what they hold."""


class MultiRegister(Model):
    """A map whose keys are read and written in transactions; nothing was written at first, which reads as null.

    All keys of a map are one object: a transaction takes effect at one instant. Maps of several keys are independent.
    """

    name = "multi-register"
    summary = "Registers that are read and written together, in transactions."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "txn": '[[f, k, v], ...], f being "read" (or "r"; v null, ok: the value) or "write" (or "w"; v the value)',
        "read": "[k, v] or [[f, k, v], ...]: a transaction that only reads",
        "write": "[k, v] or [[f, k, v], ...]",
    }
    resultless = frozenset({"write"})
    keyed = False

    def init(self) -> State:
        """Nothing."""
        return frozenset()

    def partition(self, op: Operation) -> Hashable:
        """One object for each map: the keys within it do not tell operations apart."""
        return op.key

    def step(self, state: State, op: Operation) -> Any:
        """The map afterwards."""
        held = dict(state)
        for f, key, value in _steps(op):
            if f in _WRITES:
                held[token(key)] = token(value)
            elif op.result is not UNKNOWN and held.get(token(key)) != token(value):
                return ILLEGAL
        return frozenset((key, value) for key, value in held.items() if value is not None)

    def describe(self, op: Operation) -> str:
        """``txn of read "x" 1, write "y" 2``."""
        return f"{op.f} of {', '.join(f'{f} {show(key)} {show(value)}' for f, key, value in _steps(op))}"

    def describe_state(self, state: State) -> str:
        """``"x": 1, "y": 2``."""
        return show(dict(sorted(((str(key), value) for key, value in state), key=lambda one: one[0])))


def _steps(op: Operation) -> Iterator[tuple[str, Any, Any]]:
    """The micro-operations of a transaction, with what they read.

    Raises:
        ValueError: It is not of any of the forms.
    """
    value = op.argument if op.result is UNKNOWN or op.f == "write" else op.result
    if isinstance(value, list | tuple) and value and all(isinstance(one, list | tuple) for one in value):
        for one in value:
            if len(one) != _MICRO or one[0] not in _READS | _WRITES:
                raise ValueError(f"{show(one)} is not of the form [f, k, v] with f read or write")
            if op.f != "txn" and (one[0] in _READS) != (op.f == "read"):
                raise ValueError(f"a {op.f} cannot do a {one[0]}")
            yield one[0], one[1], one[2]
    elif op.f != "txn" and isinstance(value, list | tuple) and len(value) == 2:  # noqa: PLR2004 - a pair
        yield op.f, value[0], value[1]
    elif op.f == "txn" and value in ([], ()):
        return
    else:
        raise ValueError(f"{show(value)} is no list of [f, k, v]")
