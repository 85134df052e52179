"""The contract of a checker."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from checkers.verdict import Verdict
from harness.history import History


class Checker(ABC):
    """Decides on one history; knows nothing of clusters, files or clocks.

    Attributes:
        name: As ``quorate checkers`` lists it.
        summary: One sentence: what it decides.
        models: The consistency models that it decides on.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    models: ClassVar[Sequence[str]] = ()

    @abstractmethod
    def check(self, history: History) -> Verdict:
        """The verdict on the whole history; never raises for what a history contains."""
