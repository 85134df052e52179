"""The nemesis: injects and heals the faults of a run, journals them first, and verifies both ways."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any

from harness.errors import HarnessError
from harness.op import Op
from nemesis.fault import Active, Capability, Fault, Situation, Verification
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
        problems = []
        for name in self._faults:
            try:
                healed = await self._healed(name)
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
        """Heal all active instances of a fault, after a look whether they were in force until now."""
        fault, wanted = self._faults[op.f], self._active[op.f]
        began = asyncio.get_running_loop().time()
        value: dict[str, Any] = {"phase": "heal", "ids": [active.id for active in wanted]}
        try:
            still = await fault.verify(self._situation, wanted) if wanted else Verification(True)
            healed = await self._healed(op.f)
        except HarnessError as error:
            return _with_value(op.info(f"not-healed: {error}"), value)
        value["healed"] = op.time + round((asyncio.get_running_loop().time() - began) * 1e9)
        if not healed.confirmed:
            return _with_value(op.info(f"not-healed: {healed.reason}"), value)
        if not still.confirmed:
            return _with_value(op.info(f"was-not-in-force: {still.reason}"), value)
        return op.ok(value)

    async def _healed(self, name: str) -> Verification:
        """Heal a fault and verify it. A node that this restarts has lost what other faults did to it: do it again."""
        fault, before = self._faults[name], self._active[name]
        await fault.apply(self._situation, [])
        self._active[name] = []
        for other, wanted in self._active.items():
            if wanted:
                await self._faults[other].apply(self._situation, wanted)
        healed = await self._confirmed(lambda: fault.verify(self._situation, []))
        if healed.confirmed and before:
            self._journal.heal([active.id for active in before])
        return healed

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
