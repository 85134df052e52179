"""Sets: add, remove, contains."""

from collections.abc import Hashable, Mapping
from typing import Any, ClassVar

from checkers.linearizability.model import ILLEGAL, UNKNOWN, Model, Operation, show
from harness.values import token


class Set(Model):
    """A set whose elements are added, removed and looked up one at a time; each is an object of its own."""

    name = "set"
    summary = "A set whose elements are added, removed and looked up one at a time."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "add": "the element; ok: true where it was not there, false where it was, else not told",
        "remove": "the element; ok: true where it was there, false where it was not, else not told",
        "contains": "the element; ok: true or false, else not told",
    }
    pure: ClassVar[frozenset[str]] = frozenset({"contains"})

    def init(self) -> Any:
        """The element is not there."""
        return False

    def step(self, state: Any, op: Operation) -> Any:
        """Whether the element is there afterwards."""
        if op.result is True or op.result is False:
            told = state != op.result if op.f == "add" else state == op.result
            if not told:
                return ILLEGAL
        return state if op.f == "contains" else op.f == "add"

    def partition(self, op: Operation) -> Hashable:
        """Each element of each set."""
        return (op.key, token(op.argument))

    def describe(self, op: Operation) -> str:
        """``add of 17``, ``contains 17 -> true``."""
        told = "" if op.result in (None, UNKNOWN) else f" -> {show(op.result)}"
        return f"{op.f}{' of' if op.f != 'contains' else ''} {show(op.argument)}{told}"

    def describe_state(self, state: Any) -> str:
        """``there``, ``not there``."""
        return "there" if state else "not there"
