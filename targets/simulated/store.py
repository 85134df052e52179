"""What all designs store, as a state machine that knows nothing of replication."""

from typing import Any, Final

from harness.simulated.server import DONE, Answer, Request
from targets.simulated import transactions

REGISTERS: Final = ("register", "session")
INTERFACES: Final = (*REGISTERS, "set", "counter", *transactions.INTERFACES)

Name = tuple[str, str | int | None]
"""Interface and key of an object."""


class Store:
    """The objects of one replica; applying the same requests in the same order gives the same answers.

    Attributes:
        values: What each object holds: a value, the elements of a set in the order of their arrival, a sum.
        versions: Position of the last change of each object.
    """

    def __init__(self) -> None:
        self.values: dict[Name, Any] = {}
        self.versions: dict[Name, int] = {}

    def apply(self, request: Request, version: int) -> Answer:
        """Do what is asked, as change number ``version``."""
        name = (request.interface, request.key)
        if transactions.reads_only(request):
            return self.read(request)
        if request.interface in transactions.INTERFACES:
            answer, changes = transactions.execute(request, lambda key: self.values.get((request.interface, key)))
            self.values |= {(request.interface, key): value for key, value in changes.items()}
            return answer
        refused = self._change(name, request)
        if refused is not None:
            return refused
        self.versions[name] = version
        return Answer("ok", None, version) if request.interface in REGISTERS else DONE

    def read(self, request: Request) -> Answer:
        """What the objects that it reads hold now."""
        if request.interface in transactions.INTERFACES:
            return transactions.execute(request, lambda key: self.values.get((request.interface, key)))[0]
        name = (request.interface, request.key)
        value = self.values.get(name)
        if request.interface in REGISTERS:
            return Answer("ok", value, self.versions.get(name))
        if request.interface == "set":
            return Answer("ok", list(value or ()))
        return Answer("ok", value or 0)

    def _change(self, name: Name, request: Request) -> Answer | None:
        """Change the object; the answer when that is refused."""
        interface, f, values = request.interface, request.f, self.values
        if interface in REGISTERS and f == "write":
            values[name] = request.value
        elif interface == "register" and f == "cas":
            old, new = request.value
            if values.get(name) != old:
                return Answer("fail", error=f"cas-mismatch: it was not {old}")
            values[name] = new
        elif interface == "set" and f == "add":
            values.setdefault(name, {})[request.value] = None
        elif interface == "counter" and f == "add":
            values[name] = values.get(name, 0) + request.value
        else:
            return Answer("fail", error=f"unsupported: a {interface} has no {f}")
        return None
