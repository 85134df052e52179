"""Requests that one node passes on to another, which leads, and whose answers it passes back."""

import msgspec

from harness.simulated.server import Answer, Call, Machine, Request


class Forward(msgspec.Struct, frozen=True, gc=False):
    """A client's request on its way to the leader."""

    token: int
    request: Request


class Forwarded(msgspec.Struct, frozen=True, gc=False):
    """Its answer."""

    token: int
    answer: Answer


class Forwarding:
    """The requests of one boot that wait for another node's answer.

    Args:
        machine: Where it runs; how often it has booted is kept on its disk, so that no two boots use the same token: an
            answer that comes late must find no call.
    """

    def __init__(self, machine: Machine) -> None:
        boots = machine.disk.values.get("boots", 0) + 1
        machine.disk.values["boots"] = boots
        self._machine = machine
        self._token = boots << 40
        self._calls: dict[int, Call] = {}

    def forward(self, to: str, call: Call) -> None:
        """Pass a call on."""
        self._token += 1
        self._calls[self._token] = call
        self._machine.send(to, Forward(self._token, call.request))

    def answered(self, message: Forwarded) -> None:
        """Pass an answer back to the client that waits for it, if it still does."""
        call = self._calls.pop(message.token, None)
        if call is not None:
            call.answer(message.answer)

    def abandon(self, answer: Answer) -> None:
        """Answer everything that still waits."""
        calls, self._calls = self._calls, {}
        for call in calls.values():
            call.answer(answer)
