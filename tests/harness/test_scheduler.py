"""The scheduler's semantics, with scripted clients in virtual time."""

import asyncio
import itertools
import os
import random
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.client import Client, DidNotHappen
from harness.cluster import Node
from harness.errors import EnvironmentFailed, HarnessError
from harness.generator import clients, concurrent_keys, cycle, delay, lift, limit, log, mix, repeat, sleep, stagger
from harness.generator.context import Context
from harness.history import History
from harness.history_file import HistoryWriter
from harness.op import FAIL, INFO, NEMESIS, OK, Invocation, Op
from harness.scheduler import Scheduler
from harness.simulated.loop import run

READ = Invocation("read")
SECOND = 1_000_000_000

NODES = cast("list[Node]", [SimpleNamespace(name="n1"), SimpleNamespace(name="n2")])

Answer = Callable[[Op], Awaitable[Op]]


class Scripted(Client):
    """Answers as the script says, and keeps a diary."""

    def __init__(self, answer: Answer, diary: list[str], opening: Callable[[], Awaitable[None]] | None = None) -> None:
        self._answer = answer
        self._diary = diary
        self._opening = opening
        self._name = "?"

    async def open(self, node: Node) -> None:
        self._name = node.name
        self._diary.append(f"open {node.name}")
        if self._opening is not None:
            await self._opening()

    async def invoke(self, op: Op) -> Op:
        return await self._answer(op)

    async def close(self) -> None:
        self._diary.append(f"close {self._name}")


class Bench:
    """A scheduler over scripted clients, and what came of it."""

    def __init__(self, path: Path, answer: Answer, **settings: Any) -> None:
        self.path = path
        self.diary: list[str] = []
        self.seen: list[Op] = []
        self.writer = HistoryWriter(path)
        opening = settings.pop("opening", None)
        settings = {"concurrency": 2, "nodes": NODES, "observe": self.seen.append, **settings}
        self.scheduler = Scheduler(
            open_client=lambda: Scripted(answer, self.diary, opening), writer=self.writer, **settings
        )

    async def finish(self) -> list[Op]:
        await self.scheduler.close()
        self.writer.close()
        history = History.read(self.path)
        assert history.damage is None
        assert list(history) == self.seen
        return self.seen


async def at_once(op: Op) -> Op:
    return op.ok(op.value)


async def never(op: Op) -> Op:
    await asyncio.get_running_loop().create_future()
    return op


def play(tmp_path: Path, generator: Any, answer: Answer, **settings: Any) -> tuple[list[Op], list[str]]:
    """Run one generator to its end in virtual time."""

    async def main() -> tuple[list[Op], list[str]]:
        bench = Bench(tmp_path / "history.jsonl", answer, **settings)
        await bench.scheduler.run(lift(generator))
        return await bench.finish(), bench.diary

    return run(main())


def test_every_event_is_recorded_in_order(tmp_path: Path) -> None:
    history, diary = play(tmp_path, [Invocation("write", 1), READ], at_once)
    assert [(op.process, op.type, op.f, op.node) for op in history if op.process == 0] == [
        (0, "invoke", "write", "n1"),
        (0, OK, "write", "n1"),
    ]
    assert [op.index for op in history] == list(range(4))
    assert sorted(diary) == ["close n1", "close n2", "open n1", "open n2"]


def test_info_retires_the_process_and_opens_a_new_client(tmp_path: Path) -> None:
    async def info(op: Op) -> Op:
        return op.info("connection-reset: sent")

    history, diary = play(tmp_path, clients(limit(3, repeat(READ))), info, concurrency=1)
    assert [op.process for op in history] == [0, 0, 1, 1, 2, 2]
    assert diary.count("open n1") == diary.count("close n1") == 3


def test_the_nemesis_keeps_its_process(tmp_path: Path) -> None:
    class Failing:
        async def invoke(self, op: Op) -> Op:
            return op.info("no-effect: the rule is gone")

    history, _ = play(tmp_path, clients(None, limit(2, repeat(Invocation("cut")))), at_once, nemesis=Failing())
    assert [(op.process, op.type) for op in history] == [(NEMESIS, "invoke"), (NEMESIS, INFO)] * 2


@pytest.mark.parametrize(
    ("error", "type_", "words"),
    [
        (DidNotHappen("cas-mismatch: it was 3"), FAIL, "cas-mismatch: it was 3"),
        (ConnectionResetError("reset\nby peer"), INFO, "unmapped: ConnectionResetError: reset by peer"),
        (asyncio.CancelledError(), INFO, "unmapped: CancelledError: the client's library cancelled its own call"),
    ],
)
def test_what_a_client_raises(tmp_path: Path, error: BaseException, type_: str, words: str) -> None:
    async def raising(op: Op) -> Op:
        del op
        raise error

    history, _ = play(tmp_path, READ, raising)
    assert (history[1].type, history[1].error) == (type_, words)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda op: op,
        lambda _: None,
        lambda op: Op(-1, 0, op.process + 1, "ok", op.f),
        lambda op: Op(-1, 0, op.process, "ok", "other"),
    ],
)
def test_a_client_that_breaks_its_contract_is_info(tmp_path: Path, wrong: Callable[[Op], Any]) -> None:
    async def answer(op: Op) -> Op:
        return cast("Op", wrong(op))

    history, _ = play(tmp_path, READ, answer)
    assert history[1].type == INFO
    assert (history[1].error or "").startswith("unmapped: InvalidCompletion")


def test_no_client_is_fail_and_keeps_the_process(tmp_path: Path) -> None:
    async def refuse() -> None:
        raise ConnectionRefusedError(111, "refused")

    history, _ = play(tmp_path, clients(limit(2, repeat(READ))), at_once, opening=refuse, concurrency=1)
    assert [(op.process, op.type) for op in history] == [(0, "invoke"), (0, FAIL)] * 2
    assert history[1].error == "no-client: ConnectionRefusedError: [Errno 111] refused"


def test_an_open_that_hangs_has_not_sent_anything(tmp_path: Path) -> None:
    async def hang() -> None:
        await asyncio.sleep(3600)

    history, _ = play(tmp_path, READ, at_once, opening=hang, op_timeout=2.0)
    assert history[1].type == FAIL
    assert history[1].error == "no-client: not connected, timeout: no answer in 2 s"
    assert history[1].time == 2 * SECOND


def test_a_timeout_is_info_and_a_late_answer_is_ignored(tmp_path: Path) -> None:
    async def stubborn(op: Op) -> Op:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(0.5)
        return op.ok(7)

    history, diary = play(tmp_path, clients(limit(2, repeat(READ))), stubborn, concurrency=1, op_timeout=1.5)
    assert [(op.type, op.time, op.process) for op in history] == [
        ("invoke", 0, 0),
        (INFO, 3 * SECOND // 2, 0),
        ("invoke", 3 * SECOND // 2, 1),
        (INFO, 3 * SECOND, 1),
    ]
    assert history[1].error == "timeout: no answer in 1.5 s"
    assert diary == ["open n1", "open n1", "close n1", "close n1"]


def test_deadlines_are_kept_one_by_one(tmp_path: Path) -> None:
    history, _ = play(tmp_path, clients(limit(3, delay(0.1, repeat(READ)))), never, concurrency=3, op_timeout=1.0)
    assert [op.time for op in history if op.type == INFO] == [SECOND, 11 * SECOND // 10, 12 * SECOND // 10]


def test_completions_come_before_new_invocations(tmp_path: Path) -> None:
    seen: list[int] = []

    def ask(ctx: Context) -> Invocation:
        seen.append(len(ctx.free_threads))
        return READ

    async def main() -> None:
        gate = asyncio.Event()

        async def together(op: Op) -> Op:
            await gate.wait()
            return op.ok()

        bench = Bench(tmp_path / "h", together, concurrency=4)
        asyncio.get_running_loop().call_later(1, gate.set)
        await bench.scheduler.run(clients(limit(8, ask)))
        await bench.finish()

    run(main())
    assert seen == [4, 3, 2, 1] * 2


def test_sleep_and_log_are_not_recorded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    history, _ = play(tmp_path, clients([log("half way"), sleep(2), READ]), at_once, concurrency=1)
    assert [(op.f, op.time) for op in history] == [("read", 2 * SECOND)] * 2
    assert "half way" in caplog.text


def test_runs_go_on_with_clock_and_processes(tmp_path: Path) -> None:
    async def main() -> list[Op]:
        bench = Bench(tmp_path / "h", never, concurrency=1, op_timeout=1.0)
        await bench.scheduler.run(clients(READ))
        await asyncio.sleep(1)
        await bench.scheduler.run(clients(READ))
        return await bench.finish()

    assert [(op.process, op.time // SECOND) for op in run(main())] == [(0, 0), (0, 1), (1, 2), (1, 3)]


def test_stop_waits_for_what_is_under_way(tmp_path: Path) -> None:
    async def one_second(op: Op) -> Op:
        if op.process == 0:
            await asyncio.sleep(1)
            return op.ok()
        return await never(op)

    async def main() -> list[Op]:
        bench = Bench(tmp_path / "h", one_second, op_timeout=4.0)
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.5, stop.set)
        await bench.scheduler.run(clients([READ, READ, sleep(100), READ]), stop=stop)
        return await bench.finish()

    assert [(op.process, op.type, op.time) for op in run(main())] == [
        (0, "invoke", 0),
        (1, "invoke", 0),
        (0, OK, SECOND),
        (1, INFO, 4 * SECOND),
    ]


def test_stop_does_not_wait_for_ever_for_the_nemesis(tmp_path: Path) -> None:
    async def main() -> list[Op]:
        nemesis = SimpleNamespace(invoke=never)
        bench = Bench(tmp_path / "h", at_once, nemesis=nemesis, op_timeout=3.0)
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(1, stop.set)
        await bench.scheduler.run(clients(None, [Invocation("cut")]), stop=stop)
        return await bench.finish()

    history = run(main())
    assert (history[1].type, history[1].time) == (INFO, 4 * SECOND)
    assert (history[1].error or "").startswith("interrupted")


def test_cancelling_a_run_leaves_a_whole_history(tmp_path: Path) -> None:
    async def main() -> list[Op]:
        bench = Bench(tmp_path / "h", never, concurrency=2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await bench.scheduler.run(clients([READ, READ]))
        await bench.scheduler.run(clients(None))
        return await bench.finish()

    assert [op.type for op in run(main())] == ["invoke", "invoke", INFO, INFO]


def test_a_generator_that_raises_is_one_line(tmp_path: Path) -> None:
    def broken() -> Invocation:
        raise ValueError("no more names")

    with pytest.raises(HarnessError, match=r"^the generator failed: ValueError: no more names \(.*, line \d+\)$"):
        play(tmp_path, broken, at_once)


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int, data: bytes) -> int:
        del file, data
        raise OSError(28, "No space left on device")

    async def main() -> None:
        bench = Bench(tmp_path / "h", at_once)
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(EnvironmentFailed, match=r"^cannot write the history: No space left on device"):
            await bench.scheduler.run(lift(READ))
        await bench.scheduler.close()

    run(main())


def test_close_does_not_hang_with_a_client_that_does(tmp_path: Path) -> None:
    class Stuck(Scripted):
        async def close(self) -> None:
            await never(Op(-1, 0, 0, OK, "close"))

    async def main() -> float:
        writer = HistoryWriter(tmp_path / "h")
        scheduler = Scheduler(nodes=NODES, concurrency=3, open_client=lambda: Stuck(at_once, []), writer=writer)
        await scheduler.run(clients([READ, READ, READ]))
        await scheduler.close()
        writer.close()
        return asyncio.get_running_loop().time()

    assert run(main()) < 10


def realistic(seed: int) -> Any:
    rng = random.Random(seed)
    written = itertools.count()
    load = concurrent_keys(
        2,
        itertools.count(),
        lambda _: limit(9, mix(lambda: READ, lambda: Invocation("write", next(written)), rng=rng)),
    )
    faults = delay(0.2, cycle([Invocation("cut"), Invocation("heal")]))
    return limit(300, clients(stagger(0.005, load, rng=rng), faults))


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    def once(name: str) -> bytes:
        latency = random.Random(5)

        async def answer(op: Op) -> Op:
            await asyncio.sleep(latency.expovariate(20))
            return op.ok(op.value) if latency.random() < 0.8 else op.info("x: y")

        async def main() -> None:
            nemesis = SimpleNamespace(invoke=at_once)
            bench = Bench(tmp_path / name, answer, concurrency=6, nemesis=nemesis, op_timeout=0.1)
            await bench.scheduler.run(realistic(1))
            await bench.finish()

        run(main())
        return (tmp_path / name).read_bytes()

    assert once("a") == once("b")


async def test_the_same_code_runs_on_a_real_loop(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "h", at_once, concurrency=8, nemesis=SimpleNamespace(invoke=at_once))
    work: Coroutine[Any, Any, None] = bench.scheduler.run(limit(200, clients(repeat(READ))))
    await work
    assert len(await bench.finish()) == 400
