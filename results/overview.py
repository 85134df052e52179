"""Draws the faults of a whole run, on a linear axis, as SVG."""

import math
from typing import Any

from markupsafe import Markup

from results import words
from results.timeline import LABELS, RIGHT, WIDTH


def draw(faults: list[dict[str, Any]], seconds: float, title: str, moments: list[int]) -> Markup:
    """The faults of a whole run, one lane per kind, on a linear axis.

    Args:
        faults: As ``results.picture.band`` makes them.
        seconds: Length of the run.
        title: What a screen reader says.
        moments: Instants (nanoseconds) to mark: the anomalies.
    """
    kinds = list(dict.fromkeys(fault["fault"] for fault in faults))
    span = max(seconds * 1e9, 1.0)
    height = 28 * max(len(kinds), 1)

    def at(ns: float) -> float:
        return round(LABELS + min(ns / span, 1.0) * (WIDTH - LABELS - RIGHT), 1)

    parts = [
        Markup(
            '<svg class="timeline overview" viewBox="0 0 {w} {h}" role="img" aria-labelledby="faults-title" '
            'xmlns="http://www.w3.org/2000/svg"><title id="faults-title">{t}</title>'
            '<defs><pattern id="faults-hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><path d="M0 0V5" class="hatch"/></pattern></defs>'
        ).format(w=WIDTH, h=height + 30, t=words.visible(title))
    ]
    for row, kind in enumerate(kinds):
        y = 28 * row + 4
        parts.append(
            Markup('<path class="lane" d="M{a} {m}H{b}"/><text class="who" x="0" y="{t}">{k}</text>').format(
                a=LABELS, b=WIDTH - RIGHT, m=y + 11, t=y + 15, k=kind
            )
        )
        parts += [_span(fault, y, at, span) for fault in faults if fault["fault"] == kind]
    parts += [Markup('<path class="moment" d="M{x} 0V{y}"/>').format(x=at(ns), y=height) for ns in moments]
    parts.append(
        Markup('<g class="scale"><path class="axis" d="M{a} {y}H{b}"/>').format(a=LABELS, b=WIDTH - RIGHT, y=height)
    )
    step = _step(seconds)
    for number in range(int(seconds / step) + 1):
        parts.append(
            Markup('<path class="tick" d="M{x} {y}v5"/><text x="{x}" y="{t}">{l:g} s</text>').format(
                x=at(number * step * 1e9), y=height, t=height + 18, l=number * step
            )
        )
    return Markup("").join([*parts, Markup("</g></svg>")])


def _span(fault: dict[str, Any], y: float, at: Any, span: float) -> Markup:
    left = at(fault["requested"])
    right = at(fault["healed"] if fault["healed"] is not None else span)
    effective = at(fault["effective"]) if fault["effective"] is not None else right
    end = at(fault["verified"]) if fault["verified"] is not None else right
    words_ = f"{fault['id']}: {fault['words']}"
    state = "" if fault["effective"] is not None else " (never seen to be effective)"
    return Markup(
        '<g class="fault"><title>{t}</title>'
        '<rect fill="url(#faults-hatch)" x="{l}" y="{y}" width="{w:.1f}" height="22"/>'
        '<rect fill="url(#faults-hatch)" x="{r}" y="{y}" width="{v:.1f}" height="22"/>'
        '<rect class="effective" x="{e}" y="{y}" width="{b:.1f}" height="22"/><path d="M{l} {y}v22M{r} {y}v22"/></g>'
    ).format(
        t=words_ + state,
        l=left,
        w=max(effective - left, 0),
        v=max(end - right, 0),
        e=effective,
        b=max(right - effective, 0),
        r=right,
        y=y,
    )


def _step(seconds: float) -> float:
    """A round distance between ticks: between five and twelve of them."""
    raw = max(seconds, 1e-3) / 8
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
