"""Rate and latency over the run as one SVG, drawn by matplotlib.

The number of drawn points does not grow with the run: rates are counted in bins of time, and of all operations that
fall into one cell of a fine grid (time x log latency) one dot is drawn, so every outlier stays visible.

matplotlib gets placeholder colours, which become CSS variables of the page: one drawing serves dark and light.
"""

import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from numpy.typing import NDArray

from harness.history import TYPE_CODES, History
from harness.op import INVOKE, NEMESIS
from results import words

BINS: Final = 160
"""Bins of time of the rate, at most."""

GRID: Final = (180, 72)
"""Cells of the latency plot: along time, along the logarithm of latency."""

PANELS: Final = 4
"""At most so many kinds of operation get a latency plot of their own: the most frequent ones."""

BANDS: Final = 120
"""At most so many faults are drawn."""

OFTEN: Final = 20
"""Styles that occur more often than this become classes."""

_OUTCOMES: Final = ("ok", "info", "fail")
_COLOURS: Final = {
    "#010101": "var(--ink)",
    "#020202": "var(--muted)",
    "#030303": "var(--rule)",
    "#040404": "var(--ok)",
    "#050505": "var(--info)",
    "#060606": "var(--fail)",
    "#070707": "var(--fault)",
    "#080808": "var(--bad)",
}
_INK, _MUTED, _RULE, _OK, _INFO, _FAIL, _FAULT, _BAD = _COLOURS
_STYLE: Final = {"ok": (_OK, "o", 2.2), "info": (_INFO, "^", 3.6), "fail": (_FAIL, "x", 3.4)}
_LINE: Final = {"ok": "-", "info": "--", "fail": ":"}


@dataclass(frozen=True, slots=True)
class Series:
    """What the plots show, as numbers.

    Args:
        seconds: Length of the run.
        edges: float64, edges of the bins of time, in seconds.
        rates: Per outcome, completions per second in each bin.
        latencies: Per ``f`` and outcome, arrays of seconds since the start and of latency in seconds, thinned.
    """

    seconds: float
    edges: NDArray[np.float64]
    rates: dict[str, NDArray[np.float64]]
    latencies: dict[str, dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]]


def series(history: History) -> Series:
    """The numbers to plot; bounded, however long the history is."""
    invoke = np.flatnonzero((history.type == TYPE_CODES[INVOKE]) & (history.process != NEMESIS))
    invoke = invoke[history.partner[invoke] >= 0]
    partner = history.partner[invoke]
    start, end = history.time[invoke] / 1e9, history.time[partner] / 1e9
    outcome, f = history.type[partner], history.f[invoke]
    seconds = float(max(history.time[-1] / 1e9, 1e-6)) if len(history) else 1.0
    bins = int(np.clip(len(invoke) // 15, 10, BINS))
    edges = np.linspace(0.0, seconds, bins + 1)
    rates = {kind: np.histogram(end[outcome == TYPE_CODES[kind]], edges)[0] / (seconds / bins) for kind in _OUTCOMES}
    latency = np.maximum(end - start, 1e-6)
    names = sorted(set(f.tolist()), key=lambda code: -int(np.count_nonzero(f == code)))[:PANELS]
    latencies = {}
    for code in names:
        per_outcome = {}
        for kind in _OUTCOMES:
            rows = (f == code) & (outcome == TYPE_CODES[kind])
            if rows.any():
                per_outcome[kind] = _thin(end[rows], latency[rows], seconds)
        latencies[history.fs[code]] = per_outcome
    return Series(seconds, edges, rates, latencies)


def _thin(
    time: NDArray[np.float64], latency: NDArray[np.float64], seconds: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One point for each occupied cell of the grid, from microseconds to 100 seconds."""
    column = np.minimum((time / seconds * GRID[0]).astype(np.int64), GRID[0] - 1)
    row = np.clip((np.log10(latency) + 6) / 8 * GRID[1], 0, GRID[1] - 1).astype(np.int64)
    _, first = np.unique(column * GRID[1] + row, return_index=True)
    return time[first], latency[first]


def draw(data: Series, faults: list[dict[str, Any]], moments: list[int]) -> str:
    """Rate, latencies and faults over the run, one above the other on one axis of time.

    Args:
        data: The numbers.
        faults: As ``results.picture.band`` makes them.
        moments: Instants (nanoseconds) to mark: the anomalies.

    Returns:
        An SVG element without XML declaration; its colours are the page's CSS variables.
    """
    kinds = list(dict.fromkeys(fault["fault"] for fault in faults))[:8]
    heights = [0.9, *([0.85] * len(data.latencies)), *([0.16 * len(kinds)] if kinds else [])]
    with rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "quorate",
            "path.simplify": False,
            "font.size": 11,
            "text.color": _INK,
            "axes.labelcolor": _MUTED,
            "axes.edgecolor": _RULE,
            "xtick.color": _MUTED,
            "ytick.color": _MUTED,
            "text.parse_math": False,
        }
    ):
        figure = Figure(figsize=(1280 / 72, (60 + 165 * sum(heights)) / 72))
        total = 60 + 165 * sum(heights)
        axes = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        figure.subplots_adjust(left=0.062, right=0.985, top=1 - 22 / total, bottom=34 / total, hspace=0.26)
        _rate(axes[0], data)
        for panel, (f, outcomes) in zip(axes[1:], data.latencies.items(), strict=False):
            _latency(panel, f, outcomes, _limits(data))
        for panel in axes:
            _frame(panel, faults, moments, data.seconds)
        if kinds:
            _lanes(axes[-1], kinds, faults, data.seconds)
        axes[-1].set_xlabel("seconds since the start", fontsize=11)
        buffer = io.StringIO()
        figure.savefig(
            buffer,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    return _for_the_page(buffer.getvalue())


def _rate(panel: Axes, data: Series) -> None:
    for kind in _OUTCOMES:
        if data.rates[kind].any() or kind == "ok":
            panel.stairs(
                data.rates[kind], data.edges, color=_STYLE[kind][0], linewidth=1.4, linestyle=_LINE[kind], label=kind
            )
    panel.set_ylim(bottom=0)
    panel.set_ylabel("completions per second", fontsize=10)
    panel.set_title("Rate", loc="left", fontsize=11.5, color=_INK)
    panel.legend(
        loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=3, frameon=False, fontsize=10.5, borderaxespad=0.1
    )


def _limits(data: Series) -> tuple[float, float]:
    """The range of all latencies, so that the panels can be compared; at least two decades."""
    every = [latency for outcomes in data.latencies.values() for _, latency in outcomes.values()]
    low = min((float(latency.min()) for latency in every), default=1e-3) / 1.5
    high = max((float(latency.max()) for latency in every), default=1.0) * 1.5
    return low, max(high, low * 100)


def _latency(
    panel: Axes,
    f: str,
    outcomes: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
    limits: tuple[float, float],
) -> None:
    for kind, (time, latency) in outcomes.items():
        colour, marker, size = _STYLE[kind]
        if kind == "ok":
            _dots(panel, time, latency, colour)
            continue
        panel.plot(
            time,
            latency,
            marker,
            color=colour,
            markersize=size,
            markeredgewidth=1.0 if marker == "x" else 0.0,
            alpha=0.75,
            label=kind,
        )
    panel.set_yscale("log")
    panel.set_ylim(*limits)
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.duration(round(value * 1e9))))
    panel.yaxis.set_minor_formatter(NullFormatter())
    panel.set_title(f"Latency of {words.shorten(words.visible(f), 30)}", loc="left", fontsize=11.5, color=_INK)
    panel.legend(
        loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=3, frameon=False, fontsize=10.5, borderaxespad=0.1
    )


def _dots(panel: Axes, time: NDArray[np.float64], latency: NDArray[np.float64], colour: str) -> None:
    """Many dots as one path: segments without length with round ends, a third of the bytes of markers."""
    x, y = np.empty(3 * len(time)), np.empty(3 * len(time))
    x[0::3], x[1::3], x[2::3] = time, time, np.nan
    y[0::3], y[1::3], y[2::3] = latency, latency, np.nan
    panel.plot(x, y, color=colour, linewidth=2.4, solid_capstyle="round", alpha=0.75)
    panel.plot([], [], "o", color=colour, markersize=3, markeredgewidth=0, label="ok")


def _frame(panel: Axes, faults: list[dict[str, Any]], moments: list[int], seconds: float) -> None:
    """The fault bands behind a panel, and what all panels look like."""
    panel.set_xlim(0, seconds)
    panel.grid(axis="y", color=_RULE, linewidth=0.6)
    panel.set_axisbelow(True)
    panel.tick_params(length=3, labelsize=10.5, which="both")
    panel.tick_params(which="minor", length=0)
    for side in ("top", "right", "left"):
        panel.spines[side].set_visible(False)
    for fault in faults[:BANDS]:
        asked, start, end = fault["requested"] / 1e9, fault["effective"], fault["healed"]
        stop = seconds if end is None else end / 1e9
        panel.axvline(asked, color=_FAULT, linewidth=0.8, linestyle=":")
        if start is not None:
            panel.axvspan(start / 1e9, stop, facecolor=_FAULT, alpha=0.13, linewidth=0)
        panel.axvline(stop, color=_FAULT, linewidth=0.8, alpha=0.7)
    for ns in moments[:20]:
        panel.axvline(ns / 1e9, color=_BAD, linewidth=1.3, linestyle=(0, (4, 2)))


def _lanes(panel: Axes, kinds: list[str], faults: list[dict[str, Any]], seconds: float) -> None:
    """Which fault each band is: one row per kind."""
    for fault in faults[:BANDS]:
        if fault["fault"] in kinds:
            row = kinds.index(fault["fault"])
            end = seconds if fault["healed"] is None else fault["healed"] / 1e9
            begin = fault["requested"] if fault["effective"] is None else fault["effective"]
            panel.plot([begin / 1e9, end], [row, row], color=_FAULT, linewidth=5, solid_capstyle="butt")
    panel.set_ylim(len(kinds) - 0.4, -0.6)
    panel.set_yticks(range(len(kinds)), labels=kinds)
    panel.grid(visible=False)


def _for_the_page(svg: str) -> str:
    """Without declaration and outer sizes, numbers short, colours as variables, fonts the page's."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(
        r'<svg ([^>]*?)width="[^"]*" height="[^"]*"',
        r'<svg class="plot" role="img" aria-label="Rate and latency over the run with the faults" \1',
        svg,
        count=1,
    )
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"(?<=[ \"(,-])(\d+\.\d)\d+(?=[ \"),\n])", r"\1", svg)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", svg)
    svg = re.sub("|".join(_COLOURS), lambda match: _COLOURS[match.group()], svg)
    svg = re.sub(r"M ([\d.]+ [\d.]+)\s+L \1\s+", r"M\1h0", svg)
    return _share_styles(re.sub(r">\s+<", "><", svg).replace("xlink:href", "href"))


def _share_styles(svg: str) -> str:
    """The styles that occur often become classes."""
    often = [style for style, times in Counter(re.findall(r'style="([^"]*)"', svg)).items() if times > OFTEN]
    rules = "".join(f".plot .q{number}{{{style}}}" for number, style in enumerate(often))
    classes = {style: f'class="q{number}"' for number, style in enumerate(often)}
    svg = re.sub(r'style="([^"]*)"', lambda match: classes.get(match.group(1), match.group()), svg)
    return svg.replace("*{stroke-linejoin: round; stroke-linecap: butt}", rules, 1)
