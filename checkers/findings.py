"""The anomalies that a checker finds: the first few of each name in words, all of them counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from checkers.verdict import Anomaly
from harness.history import History

MOST = 32
"""How many anomalies of one name have a witness, unless a checker says otherwise."""


def bounded(reasons: Sequence[str], most: int = 8) -> tuple[str, ...]:
    """The first few reasons, and how many more there are: not a screen full."""
    shown = tuple(reasons[:most])
    return (*shown, f"{len(reasons) - most} more of this kind") if len(reasons) > most else shown


class Findings:
    """Collects anomalies, and has the words that their sentences share.

    Args:
        history: What is judged.
        models: Per name of an anomaly, the consistency models that it rules out, the weakest first.
        most: How many anomalies of one name are kept with a witness.

    Attributes:
        counts: Per name, how many there are.
    """

    def __init__(self, history: History, models: Mapping[str, tuple[str, ...]], most: int = MOST) -> None:
        self.counts: Counter[str] = Counter()
        self._history = history
        self._models = models
        self._most = most
        self._kept: dict[str, list[Anomaly]] = {name: [] for name in models}

    def add(self, name: str, sentence: Callable[[], str], events: Iterable[int], key: str | int | None = None) -> None:
        """Count an anomaly, and keep it while there are few of that name.

        Args:
            name: One of ``models``.
            sentence: Makes the sentence; asked only when it is kept.
            events: One event of each operation of the witness: invocation or completion.
            key: The object, where there is one.
        """
        self.counts[name] += 1
        kept = self._kept[name]
        if len(kept) < self._most:
            both = {event for each in events for event in (each, int(self._history.partner[each])) if event >= 0}
            kept.append(Anomaly(name, sentence(), tuple(sorted(both)), self._models[name], key))

    @property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """What was kept, in the order of ``models``."""
        return tuple(anomaly for kept in self._kept.values() for anomaly in kept)

    def at(self, event: int) -> str:
        """When an event was: ``12.405 s``."""
        return f"{self._history.time[event] / 1e9:.3f} s"

    def did(self, event: int) -> str:
        """The operation of an event: ``p3's read (n2)``."""
        op = self._history[event]
        return f"p{op.process}'s {op.f}" + ("" if op.node is None else f" ({op.node})")
