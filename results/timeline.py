"""Draws the space-time picture of a witness as SVG.

Time runs to the right, each process has a lane. A witness may span microseconds or minutes, so the axis keeps the order
of all events exactly and compresses the gaps between them (logarithmically): every event gets a position such that
the texts of one lane do not collide, in one pass over the events in their order.

Where the witness has an order, its steps are numbered marks on the bars (the linearization points), and a strip above
the lanes holds the state between them.

The data come from ``results.picture``; colours are CSS variables of the page that the SVG is put into.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from markupsafe import Markup

from results import words

WIDTH: Final = 940
"""Of the drawing, in its own units; it becomes wider only when the texts need it."""

_SMALLEST: Final = 0.77
"""How far a drawing may shrink, where that makes it fit: its texts can still be read then."""

LABELS: Final = 104
RIGHT: Final = 18
"""Where the names of the lanes end, and what is left free at the right."""

_LANE: Final = 44
_BAND_ROW: Final = 17
_CHARACTER: Final = 6.7
_TICK: Final = 66
_STRIP: Final = 30
_MARK: Final = 18
_STATE: Final = 22
"""At most so many characters of a state are drawn; all of it is in the hint."""

Point = tuple[int, int, int]
"""Nanoseconds, event index, and of what stands between two events, the place there."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes.

    Args:
        width: Of the whole drawing.
        x: Position of each instant.
        lanes: Processes from top to bottom.
        top: Where the first lane begins.
        right: Where the time axis ends.
    """

    width: float
    x: dict[Point, float]
    lanes: list[int]
    top: float
    right: float


def _begin(call: dict[str, Any]) -> Point:
    return (call["start"], call["invoke"], 0)


def _finish(call: dict[str, Any]) -> Point | None:
    """Where the bar ends; None when it is open."""
    return (call["end"], call["complete"], 0) if call["outcome"] != "info" and call["complete"] is not None else None


def _instants(fault: dict[str, Any], start: int, end: int) -> list[Point]:
    """The instants of a fault that lie inside the picture."""
    return [
        (fault[name], -1, 0)
        for name in ("requested", "effective", "healed", "verified")
        if fault[name] is not None and start <= fault[name] <= end
    ]


def _marks(data: dict[str, Any]) -> list[Point]:
    """Where the steps of the order are: each between the event that made it possible and the next one."""
    times = {call["invoke"]: call["start"] for call in data["calls"]}
    return [(times[step["event"]], step["event"], place) for place, step in enumerate(data["order"], 1)]


def _changes(data: dict[str, Any]) -> list[int]:
    """The steps after which the state is another one."""
    return [place for place, step in enumerate(data["order"]) if step["before"] != step["after"]]


def layout(data: dict[str, Any], width: float = WIDTH) -> Layout:
    """The position of every instant: in order, far enough apart for the texts, gaps compressed."""
    calls = data["calls"]
    points: set[Point] = set()
    for call in calls:
        points |= {_begin(call)} | ({end} if (end := _finish(call)) else set())
    first, last = min(points, default=(0, 0, 0)), max(points, default=(0, 0, 0))
    for fault in data["faults"]:
        points |= set(_instants(fault, first[0], last[0]))
    marks = _marks(data)
    points |= set(marks)
    room = _room(data, marks, first)
    x: dict[Point, float] = {}
    at, before = 0.0, first
    for point in sorted(points):
        if x:
            at += 13 + 22 * math.log10(1 + (point[0] - before[0]) / 1e6)
        at = max([at, *(x[other] + distance for other, distance in room.get(point, ()) if other in x)])
        x[point], before = at, point
    texts = [x[_begin(call)] + _text_width(call) for call in calls]
    if marks:
        texts.append(x[marks[-1]] + 12 + len(_state(data["order"][-1]["after"])) * _CHARACTER)
    needed = max([at + 24, *texts])
    available = width - LABELS - RIGHT
    stretch = max(1.0, available / needed) if needed else 1.0
    right = LABELS + max(needed, available)
    return Layout(
        width=right + RIGHT,
        x={point: round(LABELS + 8 + position * stretch * 0.98, 1) for point, position in x.items()},
        lanes=sorted({call["process"] for call in calls}),
        top=8 + _BAND_ROW * len(data["faults"]) + (_STRIP if data["order"] else 0),
        right=right,
    )


def _room(data: dict[str, Any], marks: list[Point], first: Point) -> dict[Point, list[tuple[Point, float]]]:
    """For an instant, how far it must be from earlier ones, so that texts and marks do not collide."""
    room: dict[Point, list[tuple[Point, float]]] = {}
    latest: dict[int, dict[str, Any]] = {}
    for call in sorted(data["calls"], key=_begin):
        previous = latest.get(call["process"])
        if previous is not None:
            room.setdefault(_begin(call), []).append((_begin(previous), _text_width(previous) + 16))
        latest[call["process"]] = call
    for before, after in pairwise(marks):
        room.setdefault(after, []).append((before, _MARK))
    since, text = first, "" if not marks else _state(data["order"][0]["before"])
    for place in _changes(data):
        room.setdefault(marks[place], []).append((since, len(text) * _CHARACTER + 16))
        since, text = marks[place], _state(data["order"][place]["after"])
    return room


def _state(text: str) -> str:
    return words.shorten(text, _STATE)


def _text_width(call: dict[str, Any]) -> float:
    return len(call["text"]) * _CHARACTER


def draw(data: dict[str, Any], title: str, name: str = "witness") -> Markup:
    """The space-time picture as an SVG element.

    Args:
        data: As ``results.picture.picture`` makes it.
        title: What a screen reader says.
        name: Prefix of the ids inside; unique on the page.
    """
    plan = layout(data)
    bottom = plan.top + _LANE * len(plan.lanes)
    parts = [
        Markup(
            '<svg class="timeline" viewBox="0 0 {w:.0f} {h:.0f}" role="group" aria-labelledby="{n}-title" '
            'xmlns="http://www.w3.org/2000/svg" style="max-width:{m:.0f}px;min-width:{l:.0f}px">'
            '<title id="{n}-title">{t}</title>'
            '<defs><marker id="{n}-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 1 7 4 0 7" class="arrowhead"/></marker>'
            '<pattern id="{n}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><path d="M0 0V5" class="hatch"/></pattern></defs>'
        ).format(
            w=plan.width,
            h=bottom + 24,
            n=name,
            t=words.visible(title),
            m=plan.width * 1.15,
            l=plan.width * (_SMALLEST if plan.width * _SMALLEST <= WIDTH else 1),
        )
    ]
    stuck = {step["call"]: step["why"] for step in data["stuck"]}
    parts += [_band(fault, row, plan, bottom, name) for row, fault in enumerate(data["faults"])]
    parts += [_lane(row, plan) for row in range(len(plan.lanes))]
    parts += [_error(data, plan, bottom, name)]
    parts += [_arrow(data["calls"][a], data["calls"][b], plan, name) for a, b in data["arrows"]]
    parts += [_bar(call, plan, stuck.get(number)) for number, call in enumerate(data["calls"])]
    parts += [_order(data, plan), _axis(plan, data, bottom), _names(plan, data, bottom), Markup("</svg>")]
    return Markup("").join(parts)


def _bar_y(process: int, plan: Layout) -> float:
    return plan.top + _LANE * plan.lanes.index(process) + 24


def _lane(row: int, plan: Layout) -> Markup:
    return Markup('<path class="lane" d="M{a} {y:.0f}H{b:.1f}"/>').format(
        a=LABELS, b=plan.right, y=plan.top + _LANE * row + 30
    )


def _names(plan: Layout, data: dict[str, Any], bottom: float) -> Markup:
    """Whose the lanes are: above everything else, so that they can stay where they are when a wide picture scrolls."""
    parts = [Markup('<rect width="{w}" height="{h:.0f}"/>').format(w=LABELS - 4, h=bottom)]
    if data["order"]:
        parts.append(Markup('<text class="who" y="{y:.0f}">state</text>').format(y=plan.top - _STRIP + 18))
    for row, process in enumerate(plan.lanes):
        nodes = list(dict.fromkeys(call["node"] for call in data["calls"] if call["process"] == process))
        where = words.shorten(", ".join(node for node in nodes if node), 14)
        y = plan.top + _LANE * row
        parts.append(
            Markup('<text class="who" y="{t:.0f}">process {p}</text><text class="where" y="{u:.0f}">{n}</text>').format(
                t=y + 25, u=y + 39, p=process, n=where
            )
        )
    return Markup('<g class="names">{}</g>').format(Markup("").join(parts))


def _bar(call: dict[str, Any], plan: Layout, stuck: str | None) -> Markup:
    x = plan.x[_begin(call)]
    end = _finish(call)
    y = _bar_y(call["process"], plan)
    kind = f"call {call['outcome']}" + (" witness" if call["witness"] else " context")
    kind += "" if stuck is None else " stuck"
    x1 = plan.x[end] if end else plan.right
    shape = (
        Markup('<rect x="{x}" y="{y:.0f}" width="{w:.1f}" height="12" rx="2"/>').format(x=x, y=y, w=max(x1 - x, 3))
        if end
        else Markup('<path class="open" d="M{r:.1f} {y:.0f}H{x}V{b:.0f}H{r:.1f}"/>').format(x=x, y=y, r=x1, b=y + 12)
    )
    if stuck is not None:
        shape += Markup('<path class="cross" d="M{a:.1f} {t:.0f}l8 8m0 -8l-8 8"/>').format(
            a=x + min((x1 - x) / 2, 24) - 4, t=y + 2
        )
    label = Markup('<text x="{x}" y="{y:.0f}">{t}</text>').format(
        x=min(x, plan.right - _text_width(call)), y=y - 5, t=call["text"]
    )
    hint = f"{call['text']} by process {call['process']}" + (f" on {call['node']}" if call["node"] else "")
    hint += f": {words.instant(call['start'])}" + (
        f", took {words.duration(call['end'] - call['start'])}" if call["end"] is not None else ", no completion"
    )
    hint += "" if stuck is None else f". It cannot come next: {stuck}"
    return Markup('<g class="{k}" tabindex="0"><title>{h}</title>{s}{l}</g>').format(k=kind, h=hint, s=shape, l=label)


def _order(data: dict[str, Any], plan: Layout) -> Markup:
    """The linearization points, numbered, and above the lanes the state between them."""
    if not data["order"]:
        return Markup("")
    y = plan.top - _STRIP + 4
    parts = [
        Markup(
            '<path class="strip" d="M{a} {y:.0f}H{b:.0f}v20H{a}z"/>'
            '<text x="{s}" y="{t:.0f}">{first}<title>{all}</title></text>'
        ).format(
            a=LABELS,
            b=plan.right,
            y=y,
            t=y + 14,
            s=LABELS + 6,
            first=_state(data["order"][0]["before"]),
            all=data["order"][0]["before"],
        )
    ]
    changes = set(_changes(data))
    for number, (step, point) in enumerate(zip(data["order"], _marks(data), strict=True)):
        x, bar = plan.x[point], _bar_y(data["calls"][step["call"]]["process"], plan)
        if number in changes:
            parts.append(
                Markup(
                    '<path class="change" d="M{x} {y:.0f}v20"/><path class="drop" d="M{x} {z:.0f}V{b:.0f}"/>'
                    '<text x="{s:.1f}" y="{t:.0f}">{state}<title>{all}</title></text>'
                ).format(
                    x=x, y=y, z=y + 20, b=bar - 2, s=x + 5, t=y + 14, state=_state(step["after"]), all=step["after"]
                )
            )
        parts.append(
            Markup(
                '<g class="mark"><circle cx="{x}" cy="{c:.0f}" r="8"/><text x="{x}" y="{t:.1f}">{n}</text>'
                "<title>step {n}: {h}</title></g>"
            ).format(x=x, c=bar + 6, t=bar + 9.5, n=number + 1, h=words.transition(step["before"], step["after"]))
        )
    return Markup('<g class="steps">{}</g>').format(Markup("").join(parts))


def _error(data: dict[str, Any], plan: Layout, bottom: float, name: str) -> Markup:
    """The completion by which no order was left: a line through all lanes."""
    found = next((call for call in data["calls"] if call["complete"] == data["error"] and _finish(call)), None)
    end = None if found is None else _finish(found)
    if data["error"] is None or end is None:
        return Markup("")
    return Markup(
        '<g class="error" id="{n}-error"><title>By now, no order of the operations is left.</title>'
        '<path d="M{x} {y:.0f}V{b:.0f}"/></g>'
    ).format(n=name, x=plan.x[end], y=plan.top, b=bottom)


def _arrow(a: dict[str, Any], b: dict[str, Any], plan: Layout, name: str) -> Markup:
    """From the end of one bar to the beginning of the next: real-time order."""
    x0, x1 = plan.x[_finish(a) or _begin(a)], plan.x[_begin(b)]
    y0, y1 = _bar_y(a["process"], plan) + 6, _bar_y(b["process"], plan) + 6
    down = 6 if y1 > y0 else -6
    return Markup(
        '<path class="order" marker-end="url(#{n}-arrow)" d="M{x0} {y0:.0f}C{c0:.1f} {y0:.0f} {c1:.1f} {y1:.0f} '
        '{x1} {y1:.0f}"/>'
    ).format(n=name, x0=x0, y0=y0 + down, x1=x1, y1=y1 - down, c0=x0 + 14, c1=x1 - 14)


def _band(fault: dict[str, Any], row: int, plan: Layout, bottom: float, name: str) -> Markup:
    """A fault behind the lanes: hatched from request to effect, filled until healed; clipped to the picture."""

    def place(ns: int | None, missing: float) -> float:
        if ns is None:
            return missing
        before = [x for point, x in plan.x.items() if point[0] <= ns]
        if (ns, -1, 0) in plan.x:
            return plan.x[(ns, -1, 0)]
        return plan.right if len(before) == len(plan.x) else max(before, default=float(LABELS))

    y = 4 + _BAND_ROW * row
    left = place(fault["requested"], LABELS)
    right = place(fault["healed"], plan.right)
    effective = place(fault["effective"], right)
    label = f"{fault['id']}: {fault['words']}" if fault["words"] else fault["id"]
    when = [f"{k} {words.instant(fault[k])}" for k in ("effective", "healed") if fault[k] is not None]
    label += f" ({', '.join(when)})" if when else " (never effective)"
    label = words.shorten(label, int((plan.right - LABELS - 10) / 6.1))
    text_x = min(left + 5, plan.right - len(label) * 6.1)
    return Markup(
        '<g class="fault"><rect fill="url(#{n}-hatch)" x="{l}" y="{y}" width="{a:.1f}" height="{h:.0f}"/>'
        '<rect class="effective" x="{e}" y="{y}" width="{b:.1f}" height="{h:.0f}"/>'
        '<path d="M{l} {y}V{z:.0f}M{r:.1f} {y}V{z:.0f}"/><text x="{x:.1f}" y="{t}">{label}</text></g>'
    ).format(
        n=name,
        l=left,
        a=max(effective - left, 0),
        e=effective,
        b=max(right - effective, 0),
        r=right,
        y=y,
        h=bottom - y,
        z=bottom,
        x=max(text_x, LABELS + 4.0),
        t=y + 12,
        label=label,
    )


def _axis(plan: Layout, data: dict[str, Any], y: float) -> Markup:
    """Ticks at the events of the witness, as many as can be read."""
    parts = [Markup('<path class="axis" d="M{a} {y:.0f}H{b:.0f}"/>').format(a=LABELS, b=plan.right, y=y)]
    wanted = [point for call in data["calls"] if call["witness"] for point in (_begin(call), _finish(call)) if point]
    taken = -math.inf
    for point in sorted(wanted):
        x = plan.x[point]
        mark = Markup('<path class="tick" d="M{x} {y:.0f}v5"/>').format(x=x, y=y)
        if x - taken >= _TICK:
            mark += Markup('<text x="{x}" y="{t:.0f}">{l}</text>').format(
                x=min(x, plan.right - 26), t=y + 18, l=words.instant(point[0])
            )
            taken = x
        parts.append(mark)
    return Markup('<g class="scale">{}</g>').format(Markup("").join(parts))
