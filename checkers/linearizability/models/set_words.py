"""What the conflicts of sets are called, and how they are told."""

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.explain import Narrator
from checkers.linearizability.model import show
from checkers.linearizability.twins.set import ABSENT, ADD, PRESENT, TAKE
from harness.values import token


class Sentences:
    """One sentence for each rule of ``twins.set``.

    Args:
        tell: Of the operations.
        kind: Per row, as in ``twins.set``.
        row: One of the element.
    """

    def __init__(self, tell: Narrator, kind: NDArray[np.int8], row: int) -> None:
        self._tell = tell
        self._kind = kind
        self._row = row
        self._element = show(tell.operation(row).argument)

    def thin_air(self, found: int) -> tuple[str, str]:
        """Nobody can have added it."""
        did = f"{self._tell.did(found)} found {self._element}"
        undone = self._undone("add")
        if undone is None:
            return "thin-air-read", f"{did}, which no operation ever tried to add"
        return "aborted-read", f"{did}, although the only attempt to add it, {undone}"

    def future(self, found: int, add: int) -> tuple[str, str]:
        """It was there before it was added."""
        tell = self._tell
        return "future-read", (
            f"{tell.did(found)} found {self._element} and was complete at {tell.end(found)}, before the only operation "
            f"that adds it was invoked: {tell.did(add)}"
        )

    def vanished(self, shown: int, missed: int) -> tuple[str, str]:
        """It is not there, and nobody removed it."""
        undone = self._undone("remove")
        why = "no operation ever tried to remove it" if undone is None else f"the only attempt to remove it, {undone}"
        return self._missing(missed, f"{self._missed(shown, missed)}, and {why}")

    def early(self, shown: int, missed: int, remove: int) -> tuple[str, str]:
        """It is not there, and was not removed until later."""
        return self._missing(
            missed,
            f"{self._missed(shown, missed)}, and was complete at {self._tell.end(missed)}, before the only operation "
            f"that removes it was invoked: {self._tell.did(remove)}",
        )

    def between(self, shown: int, missed: int, again: int) -> tuple[str, str]:
        """It is not there, and then it is, though it was added once."""
        return "stale-read", (
            f"{self._missed(shown, missed)}; {self._tell.did(again)} found it again, although it was added only once"
        )

    def removed(self, remove: int, again: int) -> tuple[str, str]:
        """It is there after it was taken away."""
        return self._back(again, f"{self._found(remove, again)}; the remove had found it, and it was added only once")

    def returned(self, shown: int, remove: int, again: int) -> tuple[str, str]:
        """The same; that it was there when it was removed is known from another one."""
        return self._back(
            again,
            f"{self._found(remove, again)}; it was added only once, and before that: {self._complete(shown)}, before "
            f"the remove was invoked",
        )

    def order(self, shown: int, missed: int, remove: int, first: int) -> tuple[str, str]:
        """It is not there, and the only remove was earlier."""
        tell = self._tell
        found = "" if self._kind[first] == ADD else ", which found it,"
        return self._missing(
            missed,
            f"{self._missed(shown, missed)}, and the only operation that removes it, {tell.did(remove)}, was over at "
            f"{tell.end(remove)}, before {tell.did(first)}{found} was invoked",
        )

    def _missed(self, shown: int, missed: int) -> str:
        return (
            f"{self._tell.did(missed)} did not find {self._element}, although {self._complete(shown)}, before that was "
            f"invoked"
        )

    def _complete(self, shown: int) -> str:
        found = "" if self._kind[shown] == ADD else ", which found it,"
        return f"{self._tell.did(shown)}{found} was complete at {self._tell.end(shown)}"

    def _found(self, remove: int, again: int) -> str:
        tell = self._tell
        return (
            f"{tell.did(again)} found {self._element}, although {tell.did(remove)} was complete at "
            f"{tell.end(remove)}, before that was invoked"
        )

    def _missing(self, missed: int, sentence: str) -> tuple[str, str]:
        """A stale read if a later operation found the element, else it is lost."""
        if self._later(missed, PRESENT, TAKE):
            return "stale-read", f"{sentence}; a later operation found it"
        return "lost-write", f"{sentence}; no later operation found it"

    def _back(self, again: int, sentence: str) -> tuple[str, str]:
        """A stale read if a later operation missed the element, else the remove is lost."""
        if self._later(again, ABSENT):
            return "stale-read", f"{sentence}; a later operation did not find it"
        return "lost-write", f"{sentence}; every later operation found it, if any"

    def _later(self, row: int, *kinds: int) -> bool:
        ops = self._tell.operations
        later = (ops.part == ops.part[row]) & (ops.call > ops.ret[row])
        return bool((later & np.isin(self._kind, kinds)).any())

    def _undone(self, f: str) -> str | None:
        """Who tried to do that with the element, and how it is known that it did not happen."""
        tell = self._tell
        history, calls = tell.history, tell.calls
        origin = int(tell.operations.row[self._row])
        wanted = token(calls.arguments[origin])
        for other, how in tell.undone():
            if calls.key[other] != calls.key[origin] or history.fs[calls.f[other]] != f:
                continue
            if token(calls.arguments[other]) == wanted:
                op = history[int(calls.invoke[other])]
                return f"by p{op.process}{'' if op.node is None else f' ({op.node})'}, {how}"
        return None
