"""The contract of a fault: desired state, verified both ways, undone by data."""

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from harness.capability import Capability
from harness.cluster import Cluster
from harness.options import Option
from harness.target import Target


class Undo(msgspec.Struct, frozen=True):
    """How to undo one change, as data, so that another process can do it without this one.

    Args:
        action: Name of an action of ``nemesis.undo``: ``docker-unpause``, ``docker-network``.
        arguments: What it needs: container id, way into its network, command; JSON.
    """

    action: str
    arguments: dict[str, Any]


class Active(msgspec.Struct, frozen=True):
    """One fault that is wanted now: pure data, recorded in the history as the value of the nemesis' operation.

    Args:
        id: Unique in the run: ``partition-3``.
        fault: Name of the fault.
        detail: The fault's own parameters (a grudge, the nodes, the method); JSON.
        words: The same in words for a person: ``n1 | n2 n3``.
    """

    id: str
    fault: str
    detail: dict[str, Any]
    words: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the cluster is as it was asked to be; ``reason`` says what was seen instead."""

    confirmed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a fault may look at and act on."""

    cluster: Cluster
    target: Target


class Fault(ABC):
    """One thing that can be broken.

    Attributes:
        name: As the user writes it: ``partition``.
        summary: One sentence.
        options: What can be set; read from ``self.settings``.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    options: ClassVar[Sequence[Option]] = ()

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = dict(settings)

    @classmethod
    @abstractmethod
    async def backends(cls) -> Sequence[Capability]:
        """Every back-end of this fault on this machine, no cluster running: for ``quorate doctor``."""

    @abstractmethod
    async def probe(self, situation: Situation) -> Capability:
        """Whether it can work on this cluster; asked before the run starts."""

    @abstractmethod
    async def choose(self, situation: Situation, rng: random.Random) -> tuple[dict[str, Any], str] | None:
        """What to break this time, as ``(detail, words)`` of an ``Active``; None when nothing fits now."""

    @abstractmethod
    async def undo(self, situation: Situation, wanted: Sequence[Active]) -> Sequence[Undo]:
        """The undo records of the state ``wanted``; journalled before ``apply``."""

    @abstractmethod
    async def apply(self, situation: Situation, wanted: Sequence[Active]) -> None:
        """Make the cluster be as ``wanted`` says: all active instances of this fault; the empty sequence heals.

        Idempotent: it is called again after a node has restarted.

        Raises:
            FaultFailed: It could not be done.
        """

    @abstractmethod
    async def verify(self, situation: Situation, wanted: Sequence[Active]) -> Verification:
        """Whether the cluster is as ``wanted`` says, asked of the cluster itself; with none wanted: is it healed?"""
