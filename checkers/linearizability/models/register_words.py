"""What the conflicts of registers are called, and how they are told."""

from typing import Any, Final

import numpy as np

from checkers.linearizability.decision import INITIAL
from checkers.linearizability.explain import Narrator, listed
from checkers.linearizability.model import show
from harness.values import token

PAIR: Final = 2
"""How many values a cas has."""


def word(value: Any) -> str:
    """A value for a sentence."""
    return "nothing (the initial value)" if value is None else show(value)


class Sentences:
    """What each rule of the zones is called, and how it is told."""

    def __init__(self, tell: Narrator) -> None:
        self.tell = tell

    def shown(self, row: int, *, seen: bool = False) -> str:
        """The value that an operation shows; ``seen``: of a cas the expected one."""
        return word(self._value(row, seen=seen))

    def _value(self, row: int, *, seen: bool = False) -> Any:
        op = self.tell.operation(row)
        if op.f == "read":
            return op.result
        return op.argument[0 if seen else 1] if op.f == "cas" else op.argument

    def is_read(self, row: int) -> bool:
        """Whether it was a read."""
        return self.tell.operation(row).f == "read"

    def thin_air(self, rows: tuple[int, ...]) -> tuple[str, str]:
        """A value that nobody can have written."""
        (row,) = rows
        tell, value = self.tell, self.shown(row, seen=True)
        failed = self._failed_writer(row)
        if failed is None:
            return "thin-air-read", f"{tell.did(row)} saw {value}, which no operation ever tried to write"
        writer, how = failed
        op = tell.history[int(tell.calls.invoke[writer])]
        node = "" if op.node is None else f" ({op.node})"
        return "aborted-read", (
            f"{tell.did(row)} saw {value}, although the only attempt to write it, by p{op.process}{node}, {how}"
        )

    def _failed_writer(self, row: int) -> tuple[int, str] | None:
        """The row of ``calls`` of what did not happen and would have written the value seen, and how that is known."""
        op, history, calls = self.tell.operation(row), self.tell.history, self.tell.calls
        wanted = token(op.result if op.f == "read" else op.argument[0])
        here = calls.key == calls.key[int(self.tell.operations.row[row])]
        for other, how in self.tell.undone():
            if not here[other]:
                continue
            argument, f = calls.arguments[other], history.fs[calls.f[other]]
            if f == "cas" and isinstance(argument, list | tuple) and len(argument) == PAIR:
                argument = argument[1]
            if f in ("write", "cas") and token(argument) == wanted:
                return other, how
        return None

    def future(self, rows: tuple[int, ...]) -> tuple[str, str]:
        """A value before it was written."""
        observer, writer = rows
        tell = self.tell
        return "future-read", (
            f"{tell.did(observer)} saw {self.shown(observer, seen=True)} and was complete at {tell.end(observer)}, "
            f"before the only operation that writes it was invoked: {tell.did(writer)}"
        )

    def double_cas(self, rows: tuple[int, ...]) -> tuple[str, str]:
        """Two updates of one value."""
        first, second = rows
        return "lost-update", (
            f"{self.tell.did(first)} and {self.tell.did(second)} both took effect, although "
            f"{self.shown(first, seen=True)} was in place only once: one update overwrote the other"
        )

    def circle(self, rows: tuple[int, ...]) -> tuple[str, str]:
        """Cas that wait for each other."""
        deeds = " and ".join(self.tell.did(row) for row in rows)
        return "thin-air-read", f"{deeds}: expected values that only they themselves write, so none can be the first"

    def chain(self, rows: tuple[int, ...]) -> tuple[str, str]:
        """The order of the cas and real time contradict each other."""
        later, earlier = rows
        sentence = (
            f"{self.tell.did(earlier)} was invoked after {self.tell.did(later)} was complete, although the "
            f"successful cas show that {self.shown(later)} came after {self.shown(earlier)}"
            f"{self._led(self._cas(earlier, later))}"
        )
        return ("stale-read" if self.is_read(earlier) else "future-read"), sentence

    def zones(self, rows: tuple[int, ...]) -> tuple[str, str]:
        """Two values that each came before the other."""
        x, y, z, u = rows
        tell = self.tell
        back = self.shown(u, seen=not self.is_read(u))
        new = self.shown(z)
        sentence = (
            f"{tell.did(u)} came back to {back}, although {tell.did(z)} was complete at {tell.end(z)}, before that "
            f"was invoked"
        )
        before, after = self._cas(x, u), self._cas(z, y)
        if x == INITIAL:
            first = self.shown(before[0], seen=True) if before else "it"
            sentence += f"; {back} was older: {first} was in place before anything was written{self._led(before)}"
        else:
            sentence += (
                f"; {back} was older than {new}: {tell.did(x)} was complete at {tell.end(x)}, before {tell.did(y)} "
                f"was invoked{self._led(before)}{self._led(after)}"
            )
        if not self.is_read(u):
            return "lost-update", sentence
        if self._is_lost(z, u):
            return "lost-write", f"{sentence}; no read ever returned {new} again"
        return "stale-read", sentence

    def _led(self, cas: list[int]) -> str:
        """That nothing else was in place between two values."""
        if not cas:
            return ""
        first, last = self.shown(cas[0], seen=True), self.shown(cas[-1])
        return f", and cas alone led from {first} to {last}: {listed([self.tell.did(row) for row in cas], ' and ')}"

    def _cas(self, one: int, two: int) -> list[int]:
        """The cas which made, of the value that one operation shows, the one that another saw, in their order.

        ``one`` may be ``INITIAL``. There are none where both are one value, or where it is open who wrote it.
        """
        if two == INITIAL:
            return []
        ops = self.tell.operations
        rows = np.flatnonzero((ops.f == ops.code("cas")) & (ops.part == ops.part[two]) & ~ops.failed).tolist()
        makers = {token(self._value(row)): row for row in rows}
        wanted = None if one == INITIAL else token(self._value(one))
        value, found = token(self._value(two, seen=True)), list[int]()
        while value != wanted and (row := makers.pop(value, None)) is not None:
            found.append(row)
            value = token(self._value(row, seen=True))
        return found[::-1] if value == wanted or one == INITIAL else []

    def _is_lost(self, z: int, u: int) -> bool:
        """Whether the value of ``z`` was acknowledged and then gone for good: no later read, on any node, shows it."""
        tell, ops = self.tell, self.tell.operations
        op = tell.operation(z)
        newer = ops.values.code(op.result if op.f == "read" else op.argument[1] if op.f == "cas" else op.argument)
        reads = (ops.f == ops.code("read")) & (ops.part == ops.part[u])
        later = reads & (ops.call > ops.ret[z])
        if (ops.result[later] == newer).any():
            return False
        written = (ops.f == ops.code("write")) & (ops.argument == newer)
        if op.f == "cas":
            written |= ops.argument == ops.argument[z]
        elif op.f == "read":
            cas = np.flatnonzero((ops.f == ops.code("cas")) & (ops.part == ops.part[u]))
            made = [row for row in cas.tolist() if ops.values.code(tell.operation(row).argument[1]) == newer]
            written[made] = True
        acknowledged = (written & ~ops.optional).any()
        back = np.flatnonzero(later & (ops.result == ops.result[u])).tolist()
        nodes = {tell.node(row) for row in back}
        return bool(acknowledged) and len(back) > 1 and (len(nodes) > 1 or nodes == {None})
