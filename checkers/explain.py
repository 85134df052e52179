"""Anomalies of registers: what a conflict is called, and the sentence that a reader understands."""

from typing import Any

import msgspec

from checkers.columns import CAS, INITIAL, NEVER, READ, Conflict
from checkers.encode import Encoded, token
from checkers.verdict import Anomaly
from harness.history import TYPE_CODES, History
from harness.op import FAIL

LINEARIZABLE = "linearizable"

LISTED = 6
"""How many operations one sentence names."""


def show(value: Any) -> str:
    """A value for a sentence: short, and always data."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, msgspec.MsgspecError, RecursionError):
        text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - what fits in a sentence


def seconds(nanoseconds: int) -> str:
    """An instant or a duration, to the millisecond."""
    return f"{nanoseconds / 1e9:.3f} s"


class Explainer:
    """Turns the conflicts of one history into anomalies."""

    def __init__(self, history: History, encoded: Encoded) -> None:
        self.history = history
        self.encoded = encoded
        self.calls = encoded.calls

    def anomaly(self, key: int, conflict: Conflict) -> Anomaly:
        """The anomaly that a conflict of this key proves."""
        name, sentence = {
            "thin-air": self._thin_air,
            "future": self._future,
            "double-cas": self._double_cas,
            "circle": self._circle,
            "chain": self._chain,
            "zones": self._zones,
            "search": self._search,
        }[conflict.kind](conflict.rows)
        rows = sorted({row for row in (*conflict.rows, *conflict.seen) if row != INITIAL})
        if conflict.seen:
            shown = " and ".join(self._did(row) for row in conflict.seen)
            sentence += f"; that the operations of unknown outcome happened is shown by {shown}"
        events = sorted({event for row in rows for event in self._events(row)})
        return Anomaly(
            name=name,
            sentence=sentence,
            events=tuple(events),
            models=(LINEARIZABLE,),
            key=self.encoded.keys[key],
            data={"rule": conflict.kind},
        )

    def _events(self, row: int) -> list[int]:
        start = int(self.calls.invoke[self.encoded.row[row]])
        end = int(self.history.partner[start])
        return [start] if end < 0 else [start, end]

    def _time(self, row: int, *, end: bool) -> str:
        event = self._events(row)[-1 if end else 0]
        return seconds(int(self.history.time[event]))

    def _is_read(self, row: int) -> bool:
        return bool(self.encoded.columns.f[row] == READ)

    def _value(self, row: int, *, seen: bool = False) -> str:
        """The value that an operation shows; ``seen``: of a cas the expected one."""
        number = self.encoded.row[row]
        if self._is_read(row):
            return self._word(self.calls.result[number])
        argument = self.calls.argument[number]
        if self.encoded.columns.f[row] == CAS:
            return self._word(argument[0 if seen else 1])
        return self._word(argument)

    @staticmethod
    def _word(value: Any) -> str:
        return "nothing (the initial value)" if value is None else show(value)

    def _did(self, row: int) -> str:
        """``p3's read of 17 (n2, 12.405-12.412 s)``."""
        columns, number = self.encoded.columns, self.encoded.row[row]
        argument = self.calls.argument[number]
        verb = {0: "read of", 1: "write of"}.get(int(columns.f[row]))
        if verb is None:
            verb = "cas of" if columns.f[row] == CAS else "failed cas of"
            what = f"{verb} {show(argument[0])} to {show(argument[1])}"
        else:
            what = f"{verb} {self._value(row)}"
        op = self.history[self._events(row)[0]]
        node = "" if op.node is None else f"{op.node}, "
        if self._unknown(row):
            when = f"{node}invoked at {self._time(row, end=False)}, outcome unknown"
        else:
            when = f"{node}{self._time(row, end=False).removesuffix(' s')}-{self._time(row, end=True)}"
        return f"p{op.process}'s {what} ({when})"

    def _unknown(self, row: int) -> bool:
        return bool(self.encoded.columns.ret[row] == self.encoded.columns.ret.dtype.type(2**31 - 1))

    def _thin_air(self, rows: tuple[int, ...]) -> tuple[str, str]:
        (row,) = rows
        value = self._value(row, seen=True)
        failed = self._failed_writer(row)
        if failed is None:
            return "thin-air-read", f"{self._did(row)} saw {value}, which no operation ever tried to write"
        op = self.history[failed]
        node = "" if op.node is None else f" ({op.node})"
        return "aborted-read", (
            f"{self._did(row)} saw {value}, although the only attempt to write it, by p{op.process}{node}, had "
            f"failed for certain at {seconds(op.time)}: {show(op.error)}"
        )

    def _failed_writer(self, row: int) -> int | None:
        """The completion of a failed operation that would have written the value which this one saw."""
        number = self.encoded.row[row]
        value = self.calls.result[number] if self._is_read(row) else self.calls.argument[number][0]
        wanted, calls, fs = token(value), self.calls, self.history.fs
        for other in ((calls.outcome == TYPE_CODES[FAIL]) & (calls.key == calls.key[number])).nonzero()[0].tolist():
            argument, f = calls.argument[other], fs[calls.f[other]]
            if f == "cas" and isinstance(argument, list | tuple) and len(argument) == 2:  # noqa: PLR2004 - a pair
                argument = argument[1]
            if f in ("write", "cas") and token(argument) == wanted:
                return int(calls.complete[other])
        return None

    def _future(self, rows: tuple[int, ...]) -> tuple[str, str]:
        observer, writer = rows
        return "future-read", (
            f"{self._did(observer)} saw {self._value(observer, seen=True)} and was complete at "
            f"{self._time(observer, end=True)}, before the only operation that writes it was invoked: "
            f"{self._did(writer)}"
        )

    def _double_cas(self, rows: tuple[int, ...]) -> tuple[str, str]:
        first, second = rows
        return "lost-update", (
            f"{self._did(first)} and {self._did(second)} both took effect, although "
            f"{self._value(first, seen=True)} was in place only once: one update overwrote the other"
        )

    def _circle(self, rows: tuple[int, ...]) -> tuple[str, str]:
        deeds = " and ".join(self._did(row) for row in rows)
        return "thin-air-read", f"{deeds}: expected values that only they themselves write, so none can be the first"

    def _chain(self, rows: tuple[int, ...]) -> tuple[str, str]:
        later, earlier = rows
        sentence = (
            f"{self._did(earlier)} was invoked after {self._did(later)} was complete, although the successful cas "
            f"show that {self._value(later)} came after {self._value(earlier)}"
        )
        return ("stale-read" if self._is_read(earlier) else "future-read"), sentence

    def _zones(self, rows: tuple[int, ...]) -> tuple[str, str]:
        x, y, z, u = rows
        back = self._value(u, seen=True) if not self._is_read(u) else self._value(u)
        new = self._value(z)
        sentence = (
            f"{self._did(u)} came back to {back}, although {self._did(z)} was complete at {self._time(z, end=True)}, "
            f"before that was invoked"
        )
        if x == INITIAL:
            sentence += f"; {back} was older: it was in place before anything was written"
        else:
            sentence += (
                f"; {back} was older than {new}: {self._did(x)} was complete at {self._time(x, end=True)}, before "
                f"{self._did(y)} was invoked"
            )
        if not self._is_read(u):
            return "lost-update", sentence
        if self._is_lost(z, u):
            return "lost-write", f"{sentence}; no read ever returned {new} again"
        return "stale-read", sentence

    def _is_lost(self, z: int, u: int) -> bool:
        """Whether the value of ``z`` was acknowledged and then gone for good: no later read, on any node, shows it."""
        columns = self.encoded.columns
        newer = int(columns.old[z] if self._is_read(z) else columns.new[z])
        older = int(columns.old[u])
        later = (columns.f == READ) & (columns.key == columns.key[u]) & (columns.call > columns.ret[z])
        if (columns.old[later] == newer).any():
            return False
        acknowledged = ((columns.new == newer) & (columns.ret != NEVER)).any()
        back = (later & (columns.old == older)).nonzero()[0].tolist()
        nodes = {self.history[self._events(row)[0]].node for row in back}
        return bool(acknowledged) and len(back) > 1 and (len(nodes) > 1 or nodes == {None})

    def _search(self, rows: tuple[int, ...]) -> tuple[str, str]:
        last = max(rows, key=lambda row: self._events(row)[-1])
        shown = [self._did(row) for row in rows if row != last]
        listed = "; ".join(shown[:LISTED]) + ("" if len(shown) <= LISTED else f"; and {len(shown) - LISTED} more")
        others = f" together with {listed}" if shown else ""
        return "not-linearizable", (
            f"No order of the operations explains {self._did(last)}{others}, whatever the unknown operations did"
        )
