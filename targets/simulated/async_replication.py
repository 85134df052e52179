"""A weak design: a primary that acknowledges before it replicates, replicas that lag, and a careless fail-over.

Writes go to the primary, which applies and acknowledges them at once and replicates them later; every node answers
reads from what it has. When the primary is silent, the most senior replica that notices takes over without asking
anybody, so that two primaries may rule at once. A primary that hears of a newer one follows it, and drops whatever the
newer one does not have. What clients were told is thus stale at times, and acknowledged writes are lost.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from harness.simulated.loop import SECOND
from harness.simulated.server import Answer, Call, Machine, Request, Server
from targets.simulated.forwarding import Forward, Forwarded, Forwarding
from targets.simulated.store import Store
from targets.simulated.transactions import reads_only

NO_PRIMARY: Final = Answer("fail", error="no-primary: this node knows no primary")
LOST: Final = Answer("info", error="primary-lost: the primary changed before it answered")

Epoch = tuple[int, str]
"""Number of the reign, and who rules: compares as pairs do."""

NO_EPOCH: Final[Epoch] = (0, "")


class Replicate(msgspec.Struct, frozen=True, gc=False):
    """The changes of a primary from position ``start`` on; also its sign of life."""

    epoch: Epoch
    start: int
    changes: list[Request]


class Replicated(msgspec.Struct, frozen=True, gc=False):
    """How many changes a replica has; or, to a primary of the past, that there is a newer epoch."""

    epoch: Epoch
    length: int


class PrimaryServer(Server):
    """One member: primary or replica.

    Args:
        machine: Where it runs. Durable are the epoch and the list of changes.
        lag: Seconds between two times that the primary replicates.
        timeout: Seconds of silence after which the most senior replica takes over; each next one waits as long again.
    """

    def __init__(self, machine: Machine, *, lag: float, timeout: float) -> None:
        super().__init__(machine)
        self.ready = False
        self.primary: str | None = None
        self.changes: list[Request] = machine.disk.journal("changes")
        self.store = Store()
        self._durable = machine.disk.values
        self._lag = lag
        seniority = sorted((machine.name, *machine.peers)).index(machine.name)
        self._patience = round(max(timeout, 2 * lag) * (1 + seniority) * SECOND)
        self._heard = machine.elapsed()
        self._acknowledged: dict[str, int] = {}
        self._forwarding = Forwarding(machine)
        self._handlers: dict[type, Callable[[str, Any], None]] = {
            Replicate: self._on_replicate,
            Replicated: self._on_replicated,
            Forward: self._on_forward,
            Forwarded: self._on_forwarded,
        }

    @property
    def epoch(self) -> Epoch:
        """The newest epoch that this member has seen."""
        epoch: Epoch = self._durable.get("epoch", NO_EPOCH)
        return epoch

    def start(self) -> None:
        """Boot as a replica, with what the disk holds."""
        for position, change in enumerate(self.changes, 1):
            self.store.apply(change, position)
        self._watch()

    def receive(self, sender: str, message: Any) -> None:
        """A message of another member."""
        self._handlers[type(message)](sender, message)

    def serve(self, call: Call) -> None:
        """A client's request: reads are answered here, whatever is here."""
        if reads_only(call.request):
            call.answer(self.store.read(call.request))
        elif self.leads:
            call.answer(self._change(call.request))
        elif self.primary is None:
            call.answer(NO_PRIMARY)
        else:
            self._forwarding.forward(self.primary, call)

    def _change(self, request: Request) -> Answer:
        """As the primary, apply a change and acknowledge it before anybody else has it."""
        answer = self.store.apply(request, len(self.changes) + 1)
        if answer.type == "ok":
            self.changes.append(request)
        return answer

    def _watch(self) -> None:
        """Take over when the primary has been silent for too long."""
        if not self.leads:
            left = self._heard + self._patience - self.machine.elapsed()
            if left > 0:
                self.machine.after(left / SECOND, self._watch)
                return
            self._take_over()
        self.machine.after(self._lag, self._tick)

    def _tick(self) -> None:
        """As the primary, replicate now and then; watch the primary again when that is somebody else."""
        if not self.leads:
            self._watch()
            return
        for peer, length in self._acknowledged.items():
            self.machine.send(peer, Replicate(self.epoch, length, self.changes[length:]))
        self.machine.after(self._lag, self._tick)

    def _take_over(self) -> None:
        self._durable["epoch"] = (self.epoch[0] + 1, self.machine.name)
        self.machine.log(f"takes over as primary of epoch {self.epoch[0]}")
        self._forwarding.abandon(LOST)
        self.leads = self.ready = True
        self.primary = self.machine.name
        self._acknowledged = dict.fromkeys(self.machine.peers, 0)
        self.machine.broadcast(Replicate(self.epoch, 0, self.changes[:]))

    def _follow(self, epoch: Epoch) -> None:
        """Follow a newer primary, and drop what it may not have: it sends everything from the first change on."""
        if self.leads:
            unsure = len(self.changes) - min(self._acknowledged.values(), default=0)
            self.machine.log(f"demoted by {epoch[1]}: the last {unsure} changes may be lost")
        self._durable["epoch"] = epoch
        self._forwarding.abandon(LOST)
        self.leads = self.ready = False
        self.primary = epoch[1]
        self._heard = self.machine.elapsed()
        self.changes.clear()
        self.store = Store()

    def _on_replicate(self, sender: str, message: Replicate) -> None:
        if message.epoch < self.epoch:
            self.machine.send(sender, Replicated(self.epoch, 0))
            return
        if message.epoch > self.epoch:
            self._follow(message.epoch)
        self._heard = self.machine.elapsed()
        self.primary = sender
        have = len(self.changes)
        if message.start <= have:
            for change in message.changes[have - message.start :]:
                self.changes.append(change)
                self.store.apply(change, len(self.changes))
            self.ready = True
        self.machine.send(sender, Replicated(self.epoch, len(self.changes)))

    def _on_replicated(self, sender: str, message: Replicated) -> None:
        if message.epoch > self.epoch:
            self._follow(message.epoch)
        elif self.leads and message.epoch == self.epoch:
            self._acknowledged[sender] = message.length

    def _on_forward(self, sender: str, message: Forward) -> None:
        answer = self._change(message.request) if self.leads else NO_PRIMARY
        self.machine.send(sender, Forwarded(message.token, answer))

    def _on_forwarded(self, _: str, message: Forwarded) -> None:
        self._forwarding.answered(message)
