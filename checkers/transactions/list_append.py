"""List-append: every read of a list shows which appends came before it, and in which order."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, ClassVar

from checkers.linearizability.model import show
from checkers.transactions.checker import Inspection, TransactionChecker
from checkers.transactions.collect import READ, Transaction, names, word, words
from harness.history import NEVER
from harness.values import token

Elements = list[Any]
Seen = tuple[Transaction, Elements]
"""Who read a list, and what."""


class Lists(Inspection):
    """The lists of one history."""

    _writers: dict[Any, dict[Any, list[Transaction]]]
    _next: dict[Any, dict[Any, Any]]
    """Per key and element, the element that the same transaction appends to the key after it."""
    _previous: dict[Any, dict[Any, Any]]
    """The other way round."""
    _seen: dict[Any, list[Seen]]
    _foreign: dict[Any, list[Seen]]
    """The same without what the reader itself had appended."""
    _updates: dict[tuple[Any, int, Any], list[Seen]]
    """Per key, length and last element: who read that from outside and then appended."""

    def inspect(self) -> None:
        """Look for everything."""
        self._writers, self._next, self._previous = defaultdict(dict), defaultdict(dict), defaultdict(dict)
        self._seen, self._foreign, self._updates = defaultdict(list), defaultdict(list), defaultdict(list)
        for transaction in self.transactions:
            self._index(transaction)
        for transaction in self.transactions:
            if transaction.committed:
                self._within(transaction)
        for key, seen in self._seen.items():
            self.reads += len(seen)
            self._versions(key, seen)
        self._lost_updates()
        twice = sum(len(by) > 1 for elements in self._writers.values() for by in elements.values())
        if twice:
            self.remarks.append(f"{twice} elements were appended more than once: their reads prove less")

    def _index(self, transaction: Transaction) -> None:
        last: dict[Any, Any] = {}
        for f, key, value in transaction.micros:
            if f == READ:
                continue
            element = token(value)
            self._writers[key].setdefault(element, []).append(transaction)
            if key in last:
                self._next[key][last[key]] = element
                self._previous[key][element] = last[key]
            last[key] = element

    def _within(self, transaction: Transaction) -> None:
        """What a transaction shows by itself; keeps what it read."""
        known: dict[Any, Elements] = {}
        own: dict[Any, Elements] = {}
        mine: dict[Any, Elements] = defaultdict(list)
        outside: dict[Any, Elements] = {}
        sound = True
        for at, (f, key, value) in enumerate(transaction.micros):
            if f != READ:
                element = token(value)
                mine[key].append(element)
                if key in outside:
                    read = outside.pop(key)
                    self._updates[key, len(read), read[-1] if read else None].append((transaction, read))
                if key in known:
                    known[key] = [*known[key], element]
                else:
                    own.setdefault(key, []).append(element)
                continue
            if not isinstance(value, list | tuple | None):
                self.remarks.append(f"event {transaction.event} read {show(value)} of a list: that is no list")
                continue
            read = names(value or [])
            if key in known:
                agrees = read == known[key]
            elif key in own:
                agrees = read[-len(own[key]) :] == own[key]
            else:
                agrees = True
            if key in outside or not (key in known or key in own):
                outside[key] = read
            if not agrees and sound:
                sound = False
                self._internal(transaction, key, read, known.get(key), own.get(key))
            known[key] = read
            self._seen[key].append((transaction, read))
            foreign = len(read) - len(mine[key])
            self._foreign[key].append((transaction, read[:foreign] if read[max(foreign, 0) :] == mine[key] else read))
            self._own_future(transaction, at, key, read)

    def _internal(
        self, transaction: Transaction, key: Any, read: Elements, known: Elements | None, own: Elements | None
    ) -> None:
        expected = words(known) if known is not None else f"a list that ends with its own {words(own or [])}"
        self.findings.add(
            "internal",
            lambda: (
                f"{self.txn(transaction)} read {words(read)} of key {word(key)}, but its own operations before that "
                f"require {expected}"
            ),
            [transaction.event],
            self.key(key),
        )

    def _own_future(self, transaction: Transaction, at: int, key: Any, read: Elements) -> None:
        """Elements that the same transaction appends only afterwards."""
        for f, later, value in transaction.micros[at + 1 :]:
            if f == READ or later != key:
                continue
            element = token(value)
            if element in read and len(self._writers[key][element]) == 1:
                self._future(transaction, key, read, element)

    def _future(self, transaction: Transaction, key: Any, read: Elements, element: Any) -> None:
        self.findings.add(
            "future-read",
            lambda: (
                f"{self.txn(transaction)} read {words(read)} of key {word(key)}, and appended {word(element)} only "
                f"afterwards"
            ),
            [transaction.event],
            self.key(key),
        )

    def _versions(self, key: Any, seen: Sequence[Seen]) -> None:
        """All reads of a key must be prefixes of the longest; of weak models, without the readers' own appends."""
        longest, straight, forks = _sorted(seen)
        for transaction, read in seen:
            self._intermediate(key, transaction, read)
        self._elements(key, longest[1], straight)
        self._sequence(key, longest[1], straight)
        for fork in forks:
            self._elements(key, fork[1], [fork])
        if forks:
            trunk, _, strict = _sorted(self._foreign[key])
            name, one = ("incompatible-order", trunk) if strict else ("unseen-append", longest)
            for fork in strict or forks:
                self._fork(name, key, fork, one)

    def _fork(self, name: str, key: Any, one: Seen, other: Seen) -> None:
        """Two reads neither of which is a prefix of the other."""
        at = next(at for at, (mine, its) in enumerate(zip(one[1], other[1], strict=False)) if mine != its)
        self.findings.add(
            name,
            lambda: (
                f"{self.txn(one[0])} read {words(one[1], at)} of key {word(key)} and {self.txn(other[0])} read "
                f"{words(other[1], at)}: from element {at + 1} on, {word(one[1][at])} and {word(other[1][at])}, they "
                f"have no common order"
            ),
            [one[0].event, other[0].event],
            self.key(key),
        )

    def _elements(self, key: Any, elements: Elements, readers: Sequence[Seen]) -> None:
        """What each element of a list says, of which ``readers`` read the beginning."""
        first: list[int] = [NEVER] * (len(elements) + 1)
        for transaction, read in readers:
            first[len(read)] = min(first[len(read)], transaction.complete)
        earliest = list(accumulate(reversed(first), min))[::-1]
        writers = self._writers.get(key, {})
        for at, element in enumerate(elements):
            by = writers.get(element)
            if by is None:
                self._strange("thin-air-read", key, element, self._reader(readers, at), None)
            elif all(writer.failed for writer in by):
                self._strange("G1a", key, element, self._reader(readers, at), by[0])
            elif earliest[at + 1] < min(writer.invoke for writer in by if not writer.failed):
                self._strange("future-read", key, element, self._reader(readers, at), by[0])
        if len(set(elements)) < len(elements):
            self._duplicates(key, elements, readers)

    def _sequence(self, key: Any, elements: Elements, readers: Sequence[Seen]) -> None:
        """What one transaction appended must stand in its order, and not without what it appended before."""
        writers, previous = self._writers.get(key, {}), self._previous.get(key, {})
        before: set[Any] = set()
        for at, element in enumerate(elements):
            by, earlier = writers.get(element, ()), previous.get(element)
            before.add(element)
            if len(by) == 1 and not by[0].failed and earlier is not None and earlier not in before:
                self._disorder(key, (earlier, element), self._reader(readers, at), by[0])

    def _disorder(self, key: Any, pair: tuple[Any, Any], reader: Seen, writer: Transaction) -> None:
        transaction, read = reader
        self.findings.add(
            "incompatible-order",
            lambda: (
                f"{self.txn(transaction)} read {words(read)} of key {word(key)}: {word(pair[1])} without "
                f"{word(pair[0])} before it, which {self.txn(writer)} appended first"
            ),
            [transaction.event, writer.event],
            self.key(key),
        )

    @staticmethod
    def _reader(readers: Sequence[Seen], at: int) -> Seen:
        """The first that read the element at that position."""
        return min((one for one in readers if len(one[1]) > at), key=lambda one: one[0].complete)

    def _strange(self, name: str, key: Any, element: Any, reader: Seen, writer: Transaction | None) -> None:
        transaction, read = reader

        def sentence() -> str:
            did = f"{self.txn(transaction)} read {words(read)} of key {word(key)}: {word(element)}"
            if writer is None:
                return f"{did} is an element that nobody ever tried to append"
            if name == "G1a":
                return f"{did} was appended only by {self.txn(writer)}, which had failed for certain"
            return f"{did} was first asked to be appended at {self.findings.at(writer.invoke)}, after that read"

        events = [transaction.event] if writer is None else [transaction.event, writer.event]
        self.findings.add(name, sentence, events, self.key(key))

    def _duplicates(self, key: Any, elements: Elements, readers: Sequence[Seen]) -> None:
        places: dict[Any, int] = {}
        for at, element in enumerate(elements):
            before = places.setdefault(element, at)
            if before < at and len(self._writers.get(key, {}).get(element, ())) == 1:
                self._duplicate(key, element, (before, at), self._reader(readers, at)[0])

    def _duplicate(self, key: Any, element: Any, places: tuple[int, int], reader: Transaction) -> None:
        self.findings.add(
            "duplicate-elements",
            lambda: (
                f"{self.txn(reader)} read key {word(key)} with {word(element)} twice, as elements {places[0] + 1} and "
                f"{places[1] + 1}, although it was appended once"
            ),
            [reader.event, self._writers[key][element][0].event],
            self.key(key),
        )

    def _intermediate(self, key: Any, transaction: Transaction, read: Elements) -> None:
        """A list that ends between two appends of another transaction."""
        if not read:
            return
        last = read[-1]
        by = self._writers.get(key, {}).get(last, ())
        following = self._next.get(key, {}).get(last)
        if len(by) != 1 or by[0] is transaction or by[0].failed or following is None or following in read:
            return
        self.findings.add(
            "G1b",
            lambda: (
                f"{self.txn(transaction)} read {words(read)} of key {word(key)}, in the middle of {self.txn(by[0])}, "
                f"which appended {word(following)} after {word(last)}"
            ),
            [transaction.event, by[0].event],
            self.key(key),
        )

    def _lost_updates(self) -> None:
        for (key, *_), seen in self._updates.items():
            for group in _equal(seen) if len(seen) > 1 else ():
                for (first, read), (second, _) in pairwise(group):
                    self._lost(key, read, first, second)

    def _lost(self, key: Any, read: Elements, first: Transaction, second: Transaction) -> None:
        self.findings.add(
            "lost-update",
            lambda: (
                f"{self.txn(first)} and {self.txn(second)} both read {words(read)} of key {word(key)}, both appended "
                f"to it, and both committed"
            ),
            [first.event, second.event],
            self.key(key),
        )


def _sorted(seen: Sequence[Seen]) -> tuple[Seen, list[Seen], list[Seen]]:
    """The longest read, those that are its prefixes, and one of each of the others."""
    longest = max(seen, key=lambda one: len(one[1]))
    forks: dict[tuple[Any, ...], Seen] = {}
    straight: list[Seen] = []
    for one in seen:
        if one[1] == longest[1][: len(one[1])]:
            straight.append(one)
        else:
            forks.setdefault(tuple(one[1]), one)
    return longest, straight, list(forks.values())


def _equal(seen: Sequence[Seen]) -> Iterator[list[Seen]]:
    """Those that read the same, where there are several."""
    groups: dict[tuple[Any, ...], list[Seen]] = {}
    for one in seen:
        groups.setdefault(tuple(one[1]), []).append(one)
    return (group for group in groups.values() if len(group) > 1)


class ListAppendChecker(TransactionChecker):
    """Transactions of ``["append", k, v]`` and ``["r", k, null]`` (ok: the whole list; null is the empty one).

    Elements of a key must be appended once. An append is one operation of the datastore, not a read and a write.
    """

    name: ClassVar[str] = "list-append"
    summary: ClassVar[str] = "Transactions on lists: aborted, intermediate and internal reads, lost updates, order."
    write = "append"
    inspection = Lists
    checked = (
        "G1a, G1b, lost updates, internal inconsistency, duplicate elements, incompatible orders, thin-air and future "
        "reads"
    )
