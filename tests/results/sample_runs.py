"""Realistic runs for the tests of the results: a stale read behind a partition, and long runs."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checkers.verdict import Anomaly, Guarantee, RunVerdict, Verdict
from harness.history import History
from harness.history_file import HistoryWriter
from harness.op import NEMESIS, Op, Type
from results.record import Part, Phase, Probe, RunRecord
from results.store import RunFolder

MS = 1_000_000


def event(time_ms: float, process: int, kind: Type, f: str, value: Any = None, **more: Any) -> Op:
    """One event at a time in milliseconds."""
    return Op(-1, int(time_ms * MS), process, kind, f, value=value, **more)


def partition(number: int, start: float, end: float, *, confirmed: bool = True) -> list[Op]:
    """The four events of one partition, between two instants in milliseconds."""
    name = f"partition-{number}"
    effect = {"phase": "inject", "id": name, "words": "n1 | n2 n3", "detail": {"grudge": [["n1"], ["n2", "n3"]]}}
    error = None if confirmed else "n1 still reaches n2"
    return [
        event(start, NEMESIS, "invoke", "partition", {"phase": "inject"}),
        event(start + 40, NEMESIS, "ok" if confirmed else "info", "partition", effect, error=error),
        event(end, NEMESIS, "invoke", "partition", {"phase": "heal"}),
        event(end + 60, NEMESIS, "ok", "partition", {"phase": "heal", "ids": [name], "healed": int((end + 20) * MS)}),
    ]


def background(n: int, seconds: float, seed: int = 1, clients: int = 12, first: int = 0) -> list[Op]:
    """``n`` operations of some clients over some seconds, on twelve other keys, a few of them failing."""
    rng = random.Random(seed)
    step = seconds * 1000 / n
    ops: list[Op] = []
    for number in range(n):
        process = first + number % clients
        start = number * step + rng.random() * step * 0.5
        end = start + min(rng.lognormvariate(1.2, 0.7), step * clients * 0.45)
        f = ("read", "write", "cas")[number % 3]
        value = None if f == "read" else number if f == "write" else [number - 1, number]
        key = f"k{number % 12}"
        node = f"n{1 + process % 3}"
        kind: Type = rng.choices(("ok", "fail", "info"), (94, 4, 2))[0]
        error = {"fail": "cas-mismatch: another value", "info": "timeout: no answer in 5 s"}.get(kind)
        ops += [
            event(start, process, "invoke", f, value, key=key, node=node),
            event(
                end,
                process,
                kind,
                f,
                number - 1 if f == "read" and kind == "ok" else value,
                key=key,
                node=node,
                error=error,
            ),
        ]
    return ops


def stale_read(value: Any = 5, n: int = 600) -> list[Op]:
    """A write that is acknowledged, and a later read behind a partition that misses it; twenty seconds in all."""

    def on(process: int, node: str) -> dict[str, Any]:
        return {"key": "x", "node": node}

    ops = [
        event(7000, 100, "invoke", "write", 4, **on(100, "n2")),
        event(7005, 100, "ok", "write", 4, version=41, **on(100, "n2")),
        event(9000, 101, "invoke", "write", value, **on(101, "n2")),
        event(9004, 101, "ok", "write", value, version=42, **on(101, "n2")),
        event(9002, 104, "invoke", "write", 6, **on(104, "n1")),
        event(14002, 104, "info", "write", 6, error="timeout: no answer in 5 s", **on(104, "n1")),
        event(9010, 102, "invoke", "read", None, **on(102, "n3")),
        event(9013, 102, "ok", "read", value, version=42, **on(102, "n3")),
        event(9020, 103, "invoke", "read", None, **on(103, "n1")),
        event(9022, 103, "ok", "read", 4, version=41, **on(103, "n1")),
        *partition(1, 8000, 12000),
        *partition(2, 15000, 17000),
        *background(n, 20),
    ]
    return sorted(ops, key=lambda op: op.time)


def write(folder: RunFolder, ops: list[Op]) -> History:
    """Record the events in the folder and read them back."""
    writer = HistoryWriter(folder.history)
    for op in ops:
        writer.append(op)
    writer.close()
    return folder.read_history()


def witness(history: History) -> tuple[int, ...]:
    """The events of the planted stale read."""
    return tuple(index for index, op in enumerate(history) if op.process in (100, 101, 103))


def invalid(history: History, **more: Any) -> RunVerdict:
    """The verdict on the planted stale read."""
    anomaly = Anomaly(
        name="stale-read",
        sentence=more.get(
            "sentence",
            "process 103 read 4 from n1 at 9.020 s, although the write of 5 had been acknowledged at 9.004 s: "
            "a later read must not return an older value.",
        ),
        events=witness(history),
        models=("linearizable",),
        key=more.get("key", "x"),
    )
    return RunVerdict(
        "invalid",
        (
            Verdict(
                "register",
                "invalid",
                (anomaly,),
                (
                    Guarantee("linearizable", "violated", "stale-read"),
                    Guarantee("sequential", "undecided", "not asked"),
                ),
                statistics={"keys": 13, "anomalies": 1},
                seconds=0.11,
            ),
            Verdict(
                "stats",
                "valid",
                statistics={"ok-fraction": 0.94, "p99": {"read": "12 ms", "write": "14 ms"}},
                seconds=0.01,
            ),
            Verdict("availability", "valid", statistics={"longest-outage-seconds": 1.2}),
        ),
        strongest="read-uncommitted",
    )


def valid() -> RunVerdict:
    """A verdict without a flaw."""
    return RunVerdict(
        "valid",
        (Verdict("register", "valid", models=(Guarantee("linearizable", "holds"),), seconds=0.2),),
        "linearizable",
    )


def record(**more: Any) -> RunRecord:
    """The record of a run of etcd."""
    return RunRecord(
        **{
            "name": "etcd-register",
            "seed": 7,
            "command": "quorate test etcd --workload register --nemesis partition --option reads=serializable "
            "--time-limit 20 --rate 500 --nodes 3 --seed 7",
            "target": Part("etcd", {"version": "3.5.17", "reads": "serializable"}),
            "workload": Part("register", {"keys": 12, "ops-per-key": 300}),
            "nemesis": (Part("partition", {"shape": "one"}),),
            "nodes": ("n1", "n2", "n3"),
            "concurrency": 12,
            "rate": 500.0,
            "time_limit": 20.0,
            "interval": 5.0,
            "op_timeout": 5.0,
            "started": "2026-03-01T10:00:00Z",
            "versions": {
                "quorate": "0.1.0",
                "python": "3.11.7",
                "kernel": "6.1.0",
                "docker": "20.10",
                "aetcd": "1.0.0",
            },
            "cluster": {
                "kind": "docker",
                "image": "quorate/etcd:3.5.17",
                "digest": "sha256:4f0c1c9d8e0b",
                "addresses": {"n1": "10.90.0.2", "n2": "10.90.0.3", "n3": "10.90.0.4"},
            },
            "capabilities": {"partition": Probe(True, "iptables over nsenter")},
            "phases": (Phase("start cluster", 0.0, 1.4), Phase("load", 2.1, 20.0), Phase("heal", 22.1, 0.3)),
            "ended": "complete",
        }
        | more
    )


def new_folder(root: Path) -> RunFolder:
    """A run folder with the logs of three nodes."""
    folder = RunFolder.create(root, "etcd-register", 7, datetime(2026, 3, 1, 10, tzinfo=UTC))
    for name in ("n1", "n2", "n3"):
        (folder.nodes / name).mkdir()
        lines = [
            f'{{"level":"warn","ts":"2026-03-01T10:00:{second:02d}.{ms:03d}Z","msg":"{name} lost its peer"}}'
            for second in range(30)
            for ms in (100, 600)
        ]
        (folder.nodes / name / "node.log").write_text("\n".join(lines))
    return folder
