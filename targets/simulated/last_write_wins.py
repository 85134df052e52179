"""A weak design: every node takes writes, and of two versions the one with the later time stamp wins.

Each node applies and acknowledges a change at once, stamps it with its own clock, and sends it to the others later. A
node whose clock is behind thus has its acknowledged writes silently discarded, and of two concurrent changes one is
lost; cas compares with what this node has, a set or a counter is replaced as a whole, and of a transaction each object
is an update of its own.
"""

from typing import Any

import msgspec

from harness.simulated.server import DONE, Answer, Call, Machine, Request, Server
from targets.simulated import transactions
from targets.simulated.store import Name

Stamp = tuple[int, str]
"""Nanoseconds on the clock of the node that took the write, and its name, which decides between equals."""


class Update(msgspec.Struct, frozen=True, gc=False):
    """A version of an object."""

    name: Name
    stamp: Stamp
    value: Any


class Gossip(msgspec.Struct, frozen=True, gc=False):
    """The updates that a node has taken from clients, from position ``start`` on."""

    start: int
    updates: list[Update]


class Heard(msgspec.Struct, frozen=True, gc=False):
    """How many of them a node has."""

    length: int


class GossipServer(Server):
    """One member; all are equal.

    Args:
        machine: Where it runs. Durable are the versions that it holds, and the updates that it took from clients.
        lag: Seconds between two times that it sends its updates to the others.
    """

    def __init__(self, machine: Machine, *, lag: float) -> None:
        super().__init__(machine)
        self.versions: dict[Name, Update] = machine.disk.values.setdefault("versions", {})
        self.updates: list[Update] = machine.disk.journal("updates")
        self._lag = lag
        self._sent = dict.fromkeys(machine.peers, 0)

    def start(self) -> None:
        """Boot with what the disk holds."""
        self._tick()

    def receive(self, sender: str, message: Any) -> None:
        """A message of another member."""
        if isinstance(message, Heard):
            self._sent[sender] = max(self._sent[sender], message.length)
            return
        for update in message.updates:
            self._merge(update)
        self.machine.send(sender, Heard(message.start + len(message.updates)))

    def serve(self, call: Call) -> None:
        """Answer from what is here, and take changes here."""
        request = call.request
        if request.interface in transactions.INTERFACES:
            self._transact(call)
            return
        name = (request.interface, request.key)
        version = self.versions.get(name)
        value = None if version is None else version.value
        if request.f == "read":
            call.answer(Answer("ok", _shown(request, value)))
            return
        if request.f == "cas" and value != request.value[0]:
            call.answer(Answer("fail", error=f"cas-mismatch: it was not {request.value[0]}"))
            return
        self._take(name, _changed(request, value))
        call.answer(DONE)

    def _transact(self, call: Call) -> None:
        """Read what is here, and write each object as if it were alone."""
        request = call.request

        def get(key: Any) -> Any:
            version = self.versions.get((request.interface, key))
            return None if version is None else version.value

        answer, changes = transactions.execute(request, get)
        for key, value in changes.items():
            self._take((request.interface, key), value)
        call.answer(answer)

    def _take(self, name: Name, value: Any) -> None:
        """A client's change of one object."""
        update = Update(name, (self.machine.clock.now(), self.machine.name), value)
        self.updates.append(update)
        self._merge(update)

    def _merge(self, update: Update) -> None:
        """Keep an update if it is later than what is here; otherwise it is as if it had never been."""
        known = self.versions.get(update.name)
        if known is None or update.stamp > known.stamp:
            self.versions[update.name] = update

    def _tick(self) -> None:
        length = len(self.updates)
        for peer, sent in self._sent.items():
            if sent < length:
                self.machine.send(peer, Gossip(sent, self.updates[sent:]))
        self.machine.after(self._lag, self._tick)


def _shown(request: Request, value: Any) -> Any:
    """What a read answers."""
    if request.interface == "set":
        return list(dict.fromkeys(value or ()))
    return value or 0 if request.interface == "counter" else value


def _changed(request: Request, value: Any) -> Any:
    """The object's new value."""
    if request.interface == "set":
        return (*(value or ()), request.value)
    if request.interface == "counter":
        return (value or 0) + request.value
    return request.value[1] if request.f == "cas" else request.value
