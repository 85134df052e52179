"""Transactions over several objects, as a function of what the objects hold: no design of a replica is known here."""

from collections.abc import Callable
from typing import Any, Final

from harness.simulated.server import Answer, Request

INTERFACES: Final = ("list-append", "rw-register", "bank")
"""Those whose operations are transactions."""

Changes = dict[Any, Any]
"""What a transaction writes: per key of an object, its new value."""

BOOK: Final = None
"""The key of the object that lists the accounts of a bank."""


def reads_only(request: Request) -> bool:
    """Whether it changes nothing, whatever the objects hold."""
    if request.f == "txn":
        return all(f == "r" for f, *_ in request.value)
    return request.f == "read"


def execute(request: Request, get: Callable[[Any], Any]) -> tuple[Answer, Changes]:
    """Do a transaction.

    Args:
        request: Of one of ``INTERFACES``.
        get: What the object of a key holds; None where there is none.

    Returns:
        The answer, and what must be written for it to be true; nothing where it is not ``ok``.
    """
    if request.f == "txn":
        return _micro_operations(request, get)
    bank = {"create": _create, "read": _balances, "transfer": _transfer}
    if request.interface == "bank" and request.f in bank:
        return bank[request.f](request, get)
    return Answer("fail", error=f"unsupported: a {request.interface} has no {request.f}"), {}


def _micro_operations(request: Request, get: Callable[[Any], Any]) -> tuple[Answer, Changes]:
    changes: Changes = {}
    done = []
    for f, key, value in request.value:
        now = changes[key] if key in changes else get(key)
        if f == "append":
            changes[key] = [*(now or ()), value]
        elif f == "w":
            changes[key] = value
        done.append([f, key, now if f == "r" else value])
    return Answer("ok", done), changes


def _create(request: Request, get: Callable[[Any], Any]) -> tuple[Answer, Changes]:
    """The accounts, unless they are there."""
    accounts = request.value["accounts"]
    changes = {} if get(BOOK) is not None else {BOOK: list(accounts), **accounts}
    return Answer("ok", request.value), changes


def _balances(request: Request, get: Callable[[Any], Any]) -> tuple[Answer, Changes]:
    del request
    return Answer("ok", {account: get(account) for account in get(BOOK) or ()}), {}


def _transfer(request: Request, get: Callable[[Any], Any]) -> tuple[Answer, Changes]:
    payer, payee, amount = (request.value[name] for name in ("from", "to", "amount"))
    have, other = get(payer), get(payee)
    if have is None or other is None:
        return Answer("fail", error="no-account: there is no such account"), {}
    if have < amount and not request.value.get("overdraft"):
        return Answer("fail", error=f"insufficient funds: account {payer} has {have}"), {}
    return Answer("ok", request.value), {payer: have - amount, payee: other + amount}
