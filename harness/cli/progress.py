"""What a person sees while a run goes on: a live panel on a terminal, plain lines elsewhere."""

import logging
import os
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from harness.cluster import NodeState
from harness.op import FAIL, INFO, INVOKE, NEMESIS, OK, Op

_log = logging.getLogger(__name__)

LINE_EVERY = 5
"""Seconds of the run between two plain lines."""

WINDOW = 2
"""Seconds over which rates are taken."""

_SECOND = 1_000_000_000
_COLOURS = {OK: "green", FAIL: "yellow", INFO: "magenta", NodeState.RUNNING: "green", NodeState.PAUSED: "yellow"}


class Voice(Console):
    """A console whose reader may leave: `quorate test ... | head` silences the run, and must not end it."""

    def on_broken_pipe(self) -> None:
        """Say nothing from now on, also not when Python flushes standard output at its end."""
        self.quiet = True
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), self.file.fileno())


class Progress:
    """Follows a run; ``harness.run.Observer``.

    Args:
        console: Where the lines go.
        live: Whether to draw a panel instead of lines.
    """

    def __init__(self, console: Console, *, live: bool) -> None:
        self._console = console
        self._live = live
        self._name = "prepare"
        self._limit: float | None = None
        self._start: int | None = None
        self._now = 0
        self._counts: Counter[str] = Counter()
        self._recent: deque[tuple[int, Counter[str]]] = deque([(0, Counter())])
        self._faults: dict[str, str] = {}
        self._next_line = LINE_EVERY
        self.nodes: dict[str, str] = {}

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw while the body runs; a thread refreshes the panel, so simulated runs are seen as well."""
        if not self._live:
            yield
            return
        with Live(console=self._console, get_renderable=self._panel, refresh_per_second=4, transient=True):
            yield

    def phase(self, name: str, limit: float | None) -> None:
        """A phase begins."""
        self._name, self._limit, self._start = name, limit, None
        self._say(f"{name} ({limit:g} s)" if limit else name)

    def event(self, op: Op) -> None:
        """An event was recorded."""
        self._now = op.time
        if self._start is None:
            self._start = op.time
        if op.process == NEMESIS:
            self._fault(op)
        elif op.type != INVOKE:
            self._counts[op.type] += 1
        second = op.time // _SECOND
        if second != self._recent[-1][0]:
            self._recent.append((second, self._counts.copy()))
            while second - self._recent[0][0] > WINDOW:
                self._recent.popleft()
            if second >= self._next_line:
                self._next_line = second + LINE_EVERY
                self._say(self._line())

    def _fault(self, op: Op) -> None:
        value = op.value if isinstance(op.value, dict) else {}
        if op.type == INVOKE:
            return
        when = f"{op.time / _SECOND:.1f} s"
        if value.get("phase") == "heal":
            kept = (op.error or "").startswith("not-healed")
            for name in () if kept else value.get("ids", ()):
                self._faults.pop(name, None)
            self._say(f"  {when}  {op.f} " + ("healed" if not op.error else f"HEALING: {op.error}"))
        elif "id" in value:
            self._faults[value["id"]] = f"{op.f} {value.get('words', '')}"
            failed = f" NOT EFFECTIVE: {op.error}" if op.error else ""
            self._say(f"  {when}  {op.f}: {value.get('words', '')}{failed}")
        else:
            self._say(f"  {when}  {op.f} not injected: {op.error}")

    def _say(self, line: str) -> None:
        _log.info("%s", line.strip())
        if not self._live:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _rates(self) -> dict[str, float]:
        second, before = self._recent[0]
        last, now = self._recent[-1]
        return {kind: (now[kind] - before[kind]) / max(1, last - second) for kind in (OK, FAIL, INFO)}

    def _line(self) -> str:
        rates = self._rates()
        counts = "  ".join(f"{kind} {self._counts[kind]} ({rates[kind]:.0f}/s)" for kind in (OK, FAIL, INFO))
        faults = "; ".join(self._faults.values()) or "none"
        struck = ", ".join(f"{name} {state}" for name, state in self.nodes.items() if state != NodeState.RUNNING)
        nodes = f"  nodes: {struck or 'all running'}" if self.nodes else ""
        return f"  {self._now / _SECOND:.0f} s  {counts}  faults: {faults}{nodes}"

    def _panel(self) -> RenderableType:
        rates = self._rates()
        head = Text(self._name, style="bold")
        if self._limit and self._start is not None:
            left = max(0.0, self._limit - (self._now - self._start) / _SECOND)
            head.append(f"  {left:.0f} s left", style="dim")
        table = Table.grid(padding=(0, 2))
        for kind in (OK, FAIL, INFO):
            table.add_row(Text(kind, style=_COLOURS[kind]), f"{self._counts[kind]:>9,}", f"{rates[kind]:>7,.0f}/s")
        table.add_row(Text("faults", style="red"), Text("; ".join(self._faults.values()) or "none"), "")
        rows: list[RenderableType] = [head, table]
        if self.nodes:
            nodes = Text("nodes   ")
            for name, state in self.nodes.items():
                nodes.append(f"{name} {state}  ", style=_COLOURS.get(state, "red"))
            rows.append(nodes)
        return Group(*rows)
