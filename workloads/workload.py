"""The contract of a workload."""

import random
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from checkers.checker import Checker
from harness.evidence import Evidence
from harness.generator import Generator
from harness.history import History
from harness.options import Option


class Workload(ABC):
    """What the clients do, and which checkers judge it.

    Attributes:
        name: As the user writes it.
        summary: One sentence.
        interface: The data interface that a target must serve.
        options: What can be set; read from ``self.settings``.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    interface: ClassVar[str]
    options: ClassVar[Sequence[Option]] = ()

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = dict(settings)

    @abstractmethod
    def generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """The clients' operations during the faults, without end; the run limits time and rate."""

    def final_generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator | None:
        """What the clients do once after healing and quiescence (final reads), or None."""
        del rng, nodes, concurrency
        return None

    def evidence(self, history: History) -> Iterable[tuple[int, Evidence]]:
        """What the whole history shows of operations of unknown outcome; a pure function of it.

        Returns:
            Event index of the invocation, and what is known of the operation, in any order; none unless overridden.
        """
        del history
        return ()

    @abstractmethod
    def checkers(self) -> Sequence[Checker]:
        """Who judges the history, besides the checkers that judge every run."""
