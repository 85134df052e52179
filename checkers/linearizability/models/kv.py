"""A key-value store with strings: get, put, append."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from checkers.linearizability.model import ILLEGAL, Model, Operation, show
from checkers.linearizability.operations import Operations
from checkers.linearizability.texts import APPEND, GET, PUT, Texts


class Kv(Model):
    """Strings by key, as in the laboratories of MIT's course on distributed systems, and in Porcupine's data.

    Keys are independent. A key that was never written holds the empty string.
    """

    name = "kv"
    summary = "A key-value store of strings with get, put and append."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "get": "null; ok: the string, or null where there is none",
        "put": "the string",
        "append": "the string that is added at the end",
    }
    pure = frozenset({"get"})
    resultless = frozenset({"put", "append"})

    def init(self) -> str:
        """The empty string."""
        return ""

    def step(self, state: str, op: Operation) -> Any:
        """The string afterwards."""
        if op.f == "get":
            return state if state == ("" if op.result is None else op.result) else ILLEGAL
        if not isinstance(op.argument, str):
            raise TypeError(f"the value of a {op.f} must be a string")
        return op.argument if op.f == "put" else state + op.argument

    def strings(self, operations: Operations) -> Texts | None:
        """They are; None where something is no string."""
        gets, puts = (operations.f == operations.code(f) for f in ("get", "put"))
        code, text = np.unique(np.where(gets, operations.result, operations.argument), return_inverse=True)
        words = [operations.values[one] for one in code.tolist()]
        needed = np.zeros(len(words), dtype=np.bool_)
        needed[text[~gets]] = True
        # A null that was put is no string, while one that was read is the empty one.
        if any(type(word) is not str and (word is not None or must) for word, must in zip(words, needed, strict=True)):
            return None
        places: dict[str, int] = {}
        place = np.array([places.setdefault(word or "", len(places)) for word in words], dtype=np.int32)
        try:
            texts = tuple(word.encode() for word in places)
        except UnicodeEncodeError:
            return None
        return Texts(np.where(gets, GET, np.where(puts, PUT, APPEND)).astype(np.int8), place[text], texts)

    def describe(self, op: Operation) -> str:
        """``get of "x"``, ``put of "x"``, ``append of "y"``."""
        return f"{op.f} of {show((op.result or '') if op.f == 'get' else op.argument)}"
