"""The nemesis: injects and heals the faults of a run, journals them first, and verifies both ways."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any

from harness.capability import Capability
from harness.errors import HarnessError
from harness.op import Op
from nemesis.fault import Active, Fault, Situation, Verification
from nemesis.journal import Journal

PATIENCE = 3.0
"""Seconds until a state that was asked for must be seen."""

POLL = 0.1


class Nemesis:
    """All faults of one run; does the operations of the nemesis process.

    An operation's ``f`` is the name of the fault and its value ``{"phase": "inject"}`` or ``{"phase": "heal"}``; what
    its completion says is documented at ``History.faults``.

    Args:
        faults: By name.
        situation: What they act on.
        rng: Source of chance for what is struck.
        journal: Written before every injection.
    """

    def __init__(
        self, faults: Mapping[str, Fault], situation: Situation, *, rng: random.Random, journal: Journal
    ) -> None:
        self._faults = dict(faults)
        self._situation = situation
        self._rng = rng
        self._journal = journal
        self._active: dict[str, list[Active]] = {name: [] for name in faults}
        self._unhealed: dict[str, list[str]] = {name: [] for name in faults}
        self._lapsed: dict[str, str] = {}
        self._numbers = {name: count(1) for name in faults}

    async def probe(self) -> dict[str, Capability]:
        """Per fault, whether it can work on this cluster, and how."""
        return {name: await fault.probe(self._situation) for name, fault in self._faults.items()}

    async def invoke(self, op: Op) -> Op:
        """Inject or heal one fault; whatever goes wrong is in the completion."""
        heals = op.value["phase"] == "heal"
        try:
            return await (self._heal(op) if heals else self._inject(op))
        except HarnessError as error:
            return op.info(f"nemesis: {error}")

    async def heal_all(self) -> list[str]:
        """Heal every fault, whether it is known to be active or not; what could not be healed, in words."""
        self._active = {name: [] for name in self._faults}  # or one fault's healing would bring another one back
        problems = []
        for name in self._faults:
            try:
                healed, _ = await self._healed(name)
            except HarnessError as error:
                problems.append(f"{name} could not be healed: {error}")
                continue
            if not healed.confirmed:
                problems.append(f"{name} is not healed: {healed.reason}")
        return problems

    async def _inject(self, op: Op) -> Op:
        fault = self._faults[op.f]
        chosen = await fault.choose(self._situation, self._rng)
        if chosen is None:
            return op.fail("nothing-to-do: no node fits this fault now")
        detail, words = chosen
        active = Active(f"{op.f}-{next(self._numbers[op.f])}", op.f, detail, words)
        wanted = [*self._active[op.f], active]
        self._journal.inject(active, await fault.undo(self._situation, wanted))
        self._active[op.f] = wanted
        self._unhealed[op.f].append(active.id)
        value = {"phase": "inject", "id": active.id, "words": words, "detail": detail}
        try:
            await fault.apply(self._situation, wanted)
            seen = await self._confirmed(lambda: fault.verify(self._situation, wanted))
        except HarnessError as error:
            seen = Verification(False, str(error))
        if not seen.confirmed:
            return _with_value(op.info(f"not-effective: {seen.reason}"), value)
        return op.ok(value)

    async def _heal(self, op: Op) -> Op:
        """Heal all instances of a fault that are not healed, after a look whether they were in force until now."""
        began = asyncio.get_running_loop().time()
        value: dict[str, Any] = {"phase": "heal", "ids": list(self._unhealed[op.f])}
        still = await self._still_in_force(op.f)
        try:
            healed, at = await self._healed(op.f)
        except HarnessError as error:
            return _with_value(op.info(f"not-healed: {error}"), value)
        value["healed"] = op.time + round((at - began) * 1e9)
        if not healed.confirmed:
            return _with_value(op.info(f"not-healed: {healed.reason}"), value)
        if not still.confirmed:
            return _with_value(op.info(f"was-not-in-force: {still.reason}"), value)
        return op.ok(value)

    async def _still_in_force(self, name: str) -> Verification:
        """Whether a fault is as it was asked to be, and always was as far as is known; not knowing is a no."""
        wanted = self._active[name]
        if wanted and name not in self._lapsed:
            try:
                seen = await self._confirmed(lambda: self._faults[name].verify(self._situation, wanted))
            except HarnessError as error:
                seen = Verification(False, str(error))
            if not seen.confirmed:
                self._lapsed[name] = seen.reason
        return Verification(name not in self._lapsed, self._lapsed.get(name, ""))

    async def _healed(self, name: str) -> tuple[Verification, float]:
        """Heal a fault and verify it; also the instant at which it was done, by the loop's clock.

        A node that this restarts has lost what the other faults did to it: that is done again. Before, they are looked
        at, because doing it again would hide that one had not been in force.
        """
        fault = self._faults[name]
        others = [other for other, wanted in self._active.items() if wanted and other != name]
        for other in others:
            await self._still_in_force(other)
        await fault.apply(self._situation, [])
        at = asyncio.get_running_loop().time()
        self._active[name] = []
        self._lapsed.pop(name, None)
        for other in others:
            await self._apply_again(other)
        healed = await self._confirmed(lambda: fault.verify(self._situation, []))
        if healed.confirmed and self._unhealed[name]:
            self._journal.heal(self._unhealed[name])
            self._unhealed[name] = []
        return healed, at

    async def _apply_again(self, name: str) -> None:
        """Bring an active fault back to nodes that have lost it; where that fails, its own healing reports it."""
        try:
            await self._faults[name].apply(self._situation, self._active[name])
        except HarnessError as error:
            self._lapsed.setdefault(name, str(error))

    async def _confirmed(self, verify: Callable[[], Awaitable[Verification]]) -> Verification:
        """The answer of ``verify``, asked again while it is no and there is time: some effects take a moment."""
        clock = asyncio.get_running_loop().time
        end = clock() + PATIENCE
        while True:
            seen = await verify()
            if seen.confirmed or clock() > end:
                return seen
            await asyncio.sleep(POLL)


def _with_value(op: Op, value: Mapping[str, object]) -> Op:
    """The completion ``op``, with what a person must know of the fault."""
    return Op(op.index, op.time, op.process, op.type, op.f, op.key, value, op.node, op.error)
