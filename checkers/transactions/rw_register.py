"""Registers in transactions: every value is written once, so a read shows whose write it saw."""

from collections import defaultdict
from itertools import pairwise
from typing import Any, ClassVar

from checkers.transactions.checker import Inspection, TransactionChecker
from checkers.transactions.collect import READ, Transaction, word
from harness.values import token

Version = tuple[Any, Any]
"""Key and value; None is the value before the first write."""


class Registers(Inspection):
    """The registers of one history."""

    _writers: dict[Version, list[Transaction]]
    _next: dict[Version, Any]
    """The value that the same transaction writes to the key after it."""
    _updates: dict[Version, list[Transaction]]
    """Who read a version from outside and then wrote the key."""

    def inspect(self) -> None:
        """Look for everything."""
        self._writers, self._next, self._updates = defaultdict(list), {}, defaultdict(list)
        for transaction in self.transactions:
            self._index(transaction)
        for transaction in self.transactions:
            if transaction.committed:
                self._within(transaction)
        for version, group in self._updates.items():
            if version[1] is None or len(self._writers[version]) == 1:
                for first, second in pairwise(group):
                    self._lost(version, first, second)
        twice = [version for version, by in self._writers.items() if len(by) > 1]
        if twice:
            (key, value), more = twice[0], len(twice) - 1
            self.remarks.append(
                f"value {word(value)} of key {word(key)} was written more than once"
                + (f", and {more} other values were" if more else "")
                + ": whose write a read of it saw is not known"
            )

    def _index(self, transaction: Transaction) -> None:
        last: dict[Any, Any] = {}
        for f, key, value in transaction.micros:
            if f == READ:
                continue
            name = token(value)
            self._writers[key, name].append(transaction)
            if key in last:
                self._next[key, last[key]] = name
            last[key] = name

    def _within(self, transaction: Transaction) -> None:
        known: dict[Any, Any] = {}
        outside: set[Any] = set()
        sound = True
        for at, (f, key, value) in enumerate(transaction.micros):
            name = token(value)
            if f != READ:
                if key in outside:
                    outside.discard(key)
                    self._updates[key, known[key]].append(transaction)
                known[key] = name
                continue
            self.reads += 1
            if key not in known:
                outside.add(key)
            elif known[key] != name and sound:
                sound = False
                self._internal(transaction, key, name, known[key])
            known[key] = name
            if name is not None:
                self._source(transaction, at, (key, name))

    def _internal(self, transaction: Transaction, key: Any, read: Any, known: Any) -> None:
        self.findings.add(
            "internal",
            lambda: (
                f"{self.txn(transaction)} read {word(read)} of key {word(key)}, but its own operations before that "
                f"require {word(known)}"
            ),
            [transaction.event],
            self.key(key),
        )

    def _source(self, reader: Transaction, at: int, version: Version) -> None:
        """Whose write a read saw, and whether anybody may."""
        by = self._writers.get(version, ())
        if not by:
            self._strange("thin-air-read", reader, version, None, "which nobody ever tried to write")
            return
        first = min(by, key=lambda writer: writer.invoke)
        if all(writer.failed for writer in by):
            self._strange("G1a", reader, version, first, "which was written only by", "which had failed for certain")
        elif min(writer.invoke for writer in by if not writer.failed) > reader.complete:
            self._strange("future-read", reader, version, first, "which was first asked to be written later, by")
        elif len(by) == 1 and first is reader:
            if not any(f != READ and (key, token(value)) == version for f, key, value in reader.micros[:at]):
                self._strange("future-read", reader, version, None, "which it wrote only afterwards")
        elif len(by) == 1 and version in self._next:
            then = word(self._next[version])
            self._strange("G1b", reader, version, first, "in the middle of", f"which wrote {then} after it")

    def _strange(self, name: str, reader: Transaction, version: Version, writer: Transaction | None, *why: str) -> None:
        """Report a read; the first ``why`` stands before the writer, the second behind it."""
        key, value = version

        def sentence() -> str:
            before, *after = why
            who = "" if writer is None else f" {self.txn(writer)}"
            return ", ".join([f"{self.txn(reader)} read {word(value)} of key {word(key)}", before + who, *after])

        events = [reader.event] if writer is None else [reader.event, writer.event]
        self.findings.add(name, sentence, events, self.key(key))

    def _lost(self, version: Version, first: Transaction, second: Transaction) -> None:
        key, value = version
        self.findings.add(
            "lost-update",
            lambda: (
                f"{self.txn(first)} and {self.txn(second)} both read {word(value)} of key {word(key)}, both wrote to "
                f"it, and both committed"
            ),
            [first.event, second.event],
            self.key(key),
        )


class RwRegisterChecker(TransactionChecker):
    """Transactions of ``["w", k, v]`` and ``["r", k, null]`` (ok: the value; null is the key without any).

    Values of a key must be written once; reads of those that were not prove nothing.
    """

    name: ClassVar[str] = "rw-register"
    summary: ClassVar[str] = "Transactions on registers: aborted, intermediate and internal reads, lost updates."
    write = "w"
    inspection = Registers
    checked = "G1a, G1b, lost updates, internal inconsistency, duplicate writes, thin-air and future reads"
