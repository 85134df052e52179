"""Mutexes: acquire and release."""

from collections.abc import Mapping
from typing import Any, ClassVar

from checkers.linearizability.model import ILLEGAL, UNKNOWN, Model, Operation, show


class Mutex(Model):
    """A mutex that anybody may release."""

    name = "mutex"
    summary = "A mutex that anybody may release."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "acquire": "null; a failure `held: …` observed that somebody held it",
        "release": "null",
    }
    observed_failures = frozenset({"held"})
    pure: ClassVar[frozenset[str]] = frozenset()

    def init(self) -> Any:
        """Free."""
        return None

    def step(self, state: Any, op: Operation) -> Any:
        """Who holds it afterwards; None for nobody."""
        if op.f == "acquire":
            if op.failed:
                return ILLEGAL if state is None else state
            return op.process if state is None else ILLEGAL
        return None if state == op.process else ILLEGAL

    def describe(self, op: Operation) -> str:
        """``acquire``, ``failed acquire``, ``acquire with token 33``."""
        token = "" if op.result in {None, UNKNOWN} else f" with token {show(op.result)}"
        return f"{'failed ' if op.failed else ''}{op.f}{token}"

    def describe_state(self, state: Any) -> str:
        """``free``, ``held``."""
        return "free" if state is None else "held"


class OwnedMutex(Mutex):
    """A mutex that only its holder may release."""

    name = "owned-mutex"
    summary = "A mutex that only its holder may release."
    per_process = True

    def describe_state(self, state: Any) -> str:
        """``free``, ``held by p3``."""
        return "free" if state is None else f"held by p{state}"


class FencedMutex(OwnedMutex):
    """A mutex that only its holder may release, and that gives each holder a larger token than those before.

    Kleppmann: How to do distributed locking, 2016.
    """

    name = "fenced-mutex"
    summary = "A mutex that only its holder may release, with fencing tokens that grow."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "acquire": "null; ok: the fencing token, an integer; a failure `held: …` observed that somebody held it",
        "release": "null",
    }

    def init(self) -> Any:
        """Free, no token so far."""
        return (None, None)

    def step(self, state: Any, op: Operation) -> Any:
        """Who holds it afterwards, and the last token that was told."""
        holder, last = state
        after = super().step(holder, op)
        if after is ILLEGAL or op.failed or op.f == "release" or op.result is UNKNOWN:
            return ILLEGAL if after is ILLEGAL else (after, last)
        return (after, op.result) if last is None or op.result > last else ILLEGAL

    def describe_state(self, state: Any) -> str:
        """``free``, ``held by p3``, and the last token."""
        holder, last = state
        return super().describe_state(holder) + ("" if last is None else f", last token {last}")


class ReentrantMutex(OwnedMutex):
    """A mutex that its holder may acquire again, and must release as often."""

    name = "reentrant-mutex"
    summary = "A mutex that its holder may acquire again, and must release as often."

    def init(self) -> Any:
        """Free."""
        return (None, 0)

    def step(self, state: Any, op: Operation) -> Any:
        """Who holds it afterwards, and how many times."""
        holder, times = state
        if op.failed:
            return ILLEGAL if holder in {None, op.process} else state
        if op.f == "acquire":
            return (op.process, times + 1) if holder in {None, op.process} else ILLEGAL
        if holder != op.process:
            return ILLEGAL
        return (holder, times - 1) if times > 1 else (None, 0)

    def describe_state(self, state: Any) -> str:
        """``free``, ``held twice by p3``."""
        holder, times = state
        return super().describe_state(holder) + (f", {times} times" if times > 1 else "")
