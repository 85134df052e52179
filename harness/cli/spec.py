"""From names and words on the command line to a fully specified run, and back to the command that repeats it."""

import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness import registry
from harness.errors import UsageError, unknown_name
from harness.options import Option, as_words, parse_options
from harness.target import Target
from nemesis.fault import Fault
from workloads.workload import Workload

MAX_NODES = 99
MAX_CLIENTS = 100_000
LEAST, MOST = 1e-6, 1e9
"""Of every duration in seconds and of the rate in Hz: their reciprocals still fit the clock of a history."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user said; None where nothing was said, so that the target's own default holds."""

    target: str
    workload: str | None = None
    nemesis: str | None = None
    nodes: int | None = None
    concurrency: int | None = None
    time_limit: float | None = None
    rate: float | None = None
    interval: float | None = None
    stable_period: float | None = None
    op_timeout: float = 5.0
    seed: int | None = None
    options: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Spec:
    """A run, fully specified; times in seconds, rate in invocations per second over all clients."""

    target: Target
    workload: Workload
    faults: Mapping[str, Fault]
    nodes: int
    concurrency: int
    time_limit: float
    rate: float
    interval: float
    stable_period: float | None
    op_timeout: float
    seed: int

    @property
    def name(self) -> str:
        """What the run folder is filed under."""
        return f"{self.target.name}-{self.workload.name}"

    @property
    def node_names(self) -> list[str]:
        """n1, n2, and so on."""
        return [f"n{number}" for number in range(1, self.nodes + 1)]

    def command(self) -> str:
        """The command that repeats this run."""
        words = ["quorate", "test", self.target.name, "--workload", self.workload.name]
        words += ["--nemesis", ",".join(self.faults) or "none"]
        words += ["--nodes", str(self.nodes), "--concurrency", str(self.concurrency)]
        words += ["--time-limit", _exact(self.time_limit), "--rate", _exact(self.rate)]
        words += ["--interval", _exact(self.interval)]
        if self.stable_period is not None:
            words += ["--stable-period", _exact(self.stable_period)]
        words += ["--op-timeout", _exact(self.op_timeout), "--seed", str(self.seed)]
        for prefix, owner in [("", self.target), *((f"{one.name}.", one) for one in self._others)]:
            for word in as_words(owner.settings, owner.options):
                words += ["--option", prefix + word]
        return shlex.join(words)

    @property
    def _others(self) -> list[Workload | Fault]:
        return [self.workload, *self.faults.values()]


def _exact(number: float) -> str:
    """As short as it can be while it still means the same number."""
    return repr(float(number)).removesuffix(".0")


def resolve(asked: Asked) -> Spec:
    """The run that the user asked for.

    Raises:
        UsageError: A name, an option or a number does not fit; the message says what would.
    """
    target_class = registry.load("target", asked.target)
    words = _route(asked.options, asked.target)
    target: Target = target_class(_settings(target_class, words.pop(asked.target, ())))
    defaults = target.defaults
    workload_name = defaults.workload if asked.workload is None else asked.workload
    workload_class = registry.load("workload", workload_name)
    workload: Workload = workload_class(_settings(workload_class, words.pop(workload_name, ())))
    target.client(workload.interface)
    faults: dict[str, Fault] = {}
    for name in _fault_names(asked.nemesis, defaults.nemesis):
        fault_class = registry.load("nemesis", name)
        faults[name] = fault_class(_settings(fault_class, words.pop(name, ())))
    if words:
        owner = next(iter(words))
        raise unknown_name(
            "target, workload or fault of this run to set an option of", owner, [target.name, workload_name, *faults]
        )
    return Spec(
        target=target,
        workload=workload,
        faults=faults,
        nodes=_count("--nodes", asked.nodes, defaults.nodes, MAX_NODES),
        concurrency=_count("--concurrency", asked.concurrency, defaults.concurrency, MAX_CLIENTS),
        time_limit=_positive("--time-limit", asked.time_limit, defaults.time_limit),
        rate=_positive("--rate", asked.rate, defaults.rate),
        interval=_positive("--interval", asked.interval, defaults.interval),
        stable_period=None if asked.stable_period is None else _positive("--stable-period", asked.stable_period, 0),
        op_timeout=_positive("--op-timeout", asked.op_timeout, asked.op_timeout),
        seed=secrets.randbelow(2**32) if asked.seed is None else asked.seed,
    )


def _route(words: Sequence[str], target: str) -> dict[str, list[str]]:
    """Whose option each word is: ``reads=x`` the target's, ``partition.shape=ring`` the fault's."""
    routed: dict[str, list[str]] = {}
    for word in words:
        name = word.partition("=")[0]
        owner, dot, _ = name.partition(".")
        routed.setdefault(owner if dot else target, []).append(word.removeprefix(f"{owner}.") if dot else word)
    return routed


def _settings(owner: Any, words: Sequence[str]) -> dict[str, Any]:
    options: Sequence[Option] = owner.options
    return parse_options(owner.name, options, words)


def _fault_names(said: str | None, default: Sequence[str]) -> list[str]:
    """``none``, ``all``, or names separated by commas, in the order given and each once."""
    if said is None:
        return list(default)
    if said == "none":
        return []
    if said == "all":
        return registry.names("nemesis")
    names = list(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))
    if not names:
        raise UsageError(f"--nemesis is {said!r}, which names no fault: say `none` for a run without faults")
    return names


def _count(option: str, said: int | None, default: int, most: int) -> int:
    number = default if said is None else said
    if not 1 <= number <= most:
        raise UsageError(f"{option} is {number}, but it takes a whole number from 1 to {most}")
    return number


def _positive(option: str, said: float | None, default: float) -> float:
    number = default if said is None else said
    if not LEAST <= number <= MOST:
        raise UsageError(f"{option} is {number:g}, but it takes a number from {LEAST:g} to {MOST:g}")
    return number
