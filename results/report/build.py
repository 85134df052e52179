"""What a report says, as plain JSON data; how it looks is the business of ``render`` and the template."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from checkers.verdict import Anomaly, RunVerdict
from harness.history import FaultSpan, History
from results import calls as operations
from results import words
from results.picture import band, picture
from results.record import RunRecord
from results.report.logs import excerpts
from results.store import RunFolder

ANOMALIES: Final = 40
"""At most so many anomalies beside the first."""

PICTURES: Final = 8
"""At most so many of them with a picture."""

LISTED: Final = 12
"""At most so many operations of each sort beside a picture: the last steps of an order, and the first of the others."""

ROWS: Final = 60
"""At most so many operations of the offending key."""

FAULTS: Final = 200
"""At most so many faults in the table."""

_TITLES: Final = {"invalid": "Invalid", "valid": "Valid", "unknown": "Unknown"}


def build(folder: RunFolder, history: History, verdict: RunVerdict, record: RunRecord) -> dict[str, Any]:
    """Everything that the report of a run shows.

    Args:
        folder: Where the node logs are.
        history: Of the run.
        verdict: On it.
        record: Of the run.

    Returns:
        JSON data: strings are plain text (control characters spelt out), instants are nanoseconds.
    """
    spans = history.faults()
    first = next(iter(verdict.anomalies), None)
    witness = None if first is None else _witness(history, first, spans)
    rows = operations.counts(history)
    end = int(history.time[-1]) if len(history) else 0
    moments = [
        int(history.time[a.events[-1]]) for a in verdict.anomalies[:20] if a.events and a.events[-1] < len(history)
    ]
    return {
        "title": f"{_TITLES[verdict.validity]}: {_run_words(record)}",
        "validity": verdict.validity,
        "headline": headline(verdict),
        "reasons": _reasons(verdict, record),
        "strongest": words.visible(verdict.strongest or ""),
        "witness": witness,
        "proof": _proof(history, verdict, spans, rows),
        "seconds": end / 1e9,
        "moments": moments,
        "run": _run(record),
        "counts": rows,
        "totals": operations.totals(rows),
        "faults": [band(span) for span in spans[:FAULTS]],
        "faults_words": operations.injected(spans),
        "faults_left_out": max(len(spans) - FAULTS, 0),
        "key": None if first is None or witness is None else _key(history, first, witness),
        "others": [
            _witness(history, anomaly, spans) if number <= PICTURES else _anomaly(anomaly)
            for number, anomaly in enumerate(verdict.anomalies[1 : ANOMALIES + 1], 1)
        ],
        "others_left_out": max(len(verdict.anomalies) - 1 - ANOMALIES, 0),
        "checkers": [_checker(each) for each in verdict.verdicts],
        "logs": excerpts(folder.logs(), _instant(record, moments)),
        "facts": _facts(record),
    }


def headline(verdict: RunVerdict) -> str:
    """The conclusion in one line: the violated property, or that none was, or why nobody knows."""
    first = next(iter(verdict.anomalies), None)
    if verdict.validity == "invalid":
        if first is None:
            return "a checker found a violation and gave no witness"
        models = words.enumeration([words.visible(model) for model in first.models[:3]])
        name = words.visible(first.name).replace("-", " ")
        broken = f"not {models}" if models else name
        return name if name == broken else f"{name}: {broken}"
    if verdict.validity == "unknown":
        return "no conclusion can be drawn from this run"
    held = [model.name for each in verdict.verdicts for model in each.models if model.standing == "holds"]
    strongest = verdict.strongest or (held[0] if held else "")
    return f"no violation found; the history is {words.visible(strongest)}" if strongest else "no violation found"


def _run_words(record: RunRecord) -> str:
    faults = ", ".join(part.name for part in record.nemesis) or "no faults"
    return words.visible(f"{record.target.name}, {record.workload.name}, {faults}")


def _reasons(verdict: RunVerdict, record: RunRecord) -> list[str]:
    reasons = [*verdict.reasons]
    if record.ended not in {"complete", "running"} and not any(record.ended in reason for reason in reasons):
        reasons.append(f"the run ended: {record.ended}")
    if not reasons:
        reasons = [reason for each in verdict.verdicts for reason in each.reasons]
    return [words.shorten(words.visible(reason), 400) for reason in dict.fromkeys(reasons)][:12]


def _witness(history: History, anomaly: Anomaly, spans: list[FaultSpan]) -> dict[str, Any]:
    """An anomaly: picture, sentences, and the faults that were active."""
    drawn = picture(history, anomaly, spans)
    return (
        _anomaly(anomaly)
        | {"picture": drawn, "faults": _faults_then(drawn["start"], drawn["end"], spans)}
        | _listed(history, anomaly, drawn)
    )


def _listed(history: History, anomaly: Anomaly, drawn: dict[str, Any]) -> dict[str, Any]:
    """The operations of a witness in words: the steps of its order, what cannot come next, and the others."""

    def line(event: int, **more: Any) -> dict[str, Any]:
        return {"event": event, "text": operations.sentence(operations.call_at(history, event))} | more

    invoked = [call["invoke"] for call in drawn["calls"]]
    placed = {invoked[step["call"]] for step in [*drawn["order"], *drawn["stuck"]]}
    rest = [call.invoke for call in operations.calls_of(history, anomaly.events) if call.invoke not in placed]
    steps = [
        line(invoked[step["call"]], number=number, note=words.transition(step["before"], step["after"]))
        for number, step in enumerate(drawn["order"], 1)
    ]
    return {
        "steps": steps[-LISTED:],
        "stuck": [line(invoked[step["call"]], note=step["why"]) for step in drawn["stuck"][:LISTED]],
        "calls": [line(event) for event in rest[:LISTED]],
        "left_out": max(len(rest) - LISTED, 0),
    }


def _faults_then(start: int, end: int, spans: list[FaultSpan]) -> list[str]:
    """The faults that were active while the witness lasted, as sentences; or how far the nearest one was."""
    found = [_fault_sentence(span) for span in operations.active(spans, start, end)[:5]]
    if found:
        return found
    past = [span for span in spans if span.healed is not None and span.healed < start]
    if past:
        healed = past[-1].healed or 0
        return [
            (
                f"No fault was active. The last one, {words.visible(past[-1].id)}, "
                f"was healed {words.duration(start - healed)} before."
            )
        ]
    return ["No fault was active then, nor before."]


def _fault_sentence(span: FaultSpan) -> str:
    begin = "never seen to be effective" if span.effective is None else f"effective {words.instant(span.effective)}"
    end = "not healed" if span.healed is None else f"healed {words.instant(span.healed)}"
    return words.shorten(f"{words.visible(span.id)} ({words.visible(span.words)}): {begin}, {end}", 200)


def _proof(history: History, verdict: RunVerdict, spans: list[FaultSpan], rows: dict[str, dict[str, int]]) -> list[str]:
    """What a run without an anomaly has shown."""
    sums = operations.totals(rows)
    total = sum(sums.values())
    keys = f" on {words.count(len(history.keys), 'key')}" if history.keys else ""
    outcomes = f"{words.group(sums['ok'])} ok, {words.group(sums['fail'])} failed, {words.group(sums['info'])} unknown"
    lines = [f"{words.count(total, 'operation')}{keys}: {outcomes}."]
    lines.append(f"Faults: {operations.injected(spans)}.")
    for standing, verb in (("holds", "Holds"), ("undecided", "Not decided")):
        names = [
            words.visible(model.name)
            for each in verdict.verdicts
            for model in each.models
            if model.standing == standing
        ]
        if names:
            lines.append(f"{verb}: {', '.join(dict.fromkeys(names))}.")
    return lines


def _run(record: RunRecord) -> dict[str, Any]:
    """What the first screen says of the run."""
    cluster = record.cluster
    image = cluster.get("image") if isinstance(cluster, dict) else None
    environment = [f"{name} {value}" for name, value in list(record.versions.items())[:4]]
    return {
        "name": words.visible(record.name),
        "words": _run_words(record),
        "seed": record.seed,
        "command": words.visible(record.command),
        "started": words.visible(record.started),
        "ended": words.shorten(words.visible(record.ended), 200),
        "nodes": len(record.nodes),
        "clients": record.concurrency,
        "rate": f"{record.rate:g}",
        "time_limit": f"{record.time_limit:g}",
        "kind": words.visible(str(cluster.get("kind", ""))),
        "image": words.shorten(words.visible(str(image)), 90) if image else "",
        "environment": words.shorten(words.visible(", ".join(environment)), 160),
        "options": words.shorten(_settings(record.target.options), 160),
    }


def _settings(options: dict[str, Any]) -> str:
    return ", ".join(f"{words.visible(str(name))}={words.visible(str(value))}" for name, value in options.items())


def _anomaly(anomaly: Anomaly) -> dict[str, Any]:
    return {
        "name": words.shorten(words.visible(anomaly.name), 80),
        "sentence": words.shorten(words.visible(anomaly.sentence), 700),
        "models": [words.visible(model) for model in anomaly.models],
        "key": "" if anomaly.key is None else words.show(anomaly.key),
        "events": list(anomaly.events[:12]),
    }


def _key(history: History, anomaly: Anomaly, told: dict[str, Any]) -> dict[str, Any]:
    """The operations of the offending key around the anomaly, and all that are listed beside its picture."""
    witness = {call.invoke for call in operations.calls_of(history, anomaly.events)}
    listed = {line["event"] for name in ("steps", "stuck", "calls") for line in told[name]}
    every = operations.invocations(history, anomaly.key)
    chosen = set(every[-ROWS:])
    if witness and len(every) > ROWS:
        positions = {event: position for position, event in enumerate(every)}
        last = max((positions[event] for event in witness if event in positions), default=len(every) - 1)
        begin = max(min(last - ROWS * 2 // 3, len(every) - ROWS), 0)
        chosen = set(every[begin : begin + ROWS])
    events = sorted(chosen | listed)
    rows = [operations.call_at(history, event) for event in events]
    return {
        "key": "" if anomaly.key is None else words.show(anomaly.key),
        "total": len(every),
        "calls": [asdict(call) | {"key": None, "witness": call.invoke in witness} for call in rows],
    }


def _checker(verdict: Any) -> dict[str, Any]:
    return {
        "name": words.visible(verdict.checker),
        "validity": verdict.validity,
        "seconds": verdict.seconds,
        "anomalies": len(verdict.anomalies),
        "reasons": [words.shorten(words.visible(reason), 400) for reason in verdict.reasons[:10]],
        "models": [
            {"name": words.visible(m.name), "standing": m.standing, "why": words.shorten(words.visible(m.why), 200)}
            for m in verdict.models
        ],
        "statistics": flatten(verdict.statistics)[:60],
    }


def flatten(value: Any, prefix: str = "", limit: int = 400) -> list[tuple[str, str]]:
    """Nested data as lines of ``path`` and short text."""
    if isinstance(value, dict):
        return [
            pair
            for name, inner in value.items()
            for pair in flatten(inner, f"{prefix}.{name}" if prefix else str(name), limit)
        ]
    if isinstance(value, str):
        return [(words.visible(prefix), words.shorten(words.visible(value), limit))]
    if isinstance(value, float):
        return [(words.visible(prefix), f"{value:.4g}")]
    if isinstance(value, list | tuple) and value and all(isinstance(item, dict) for item in value[:20]):
        return [
            pair for number, inner in enumerate(value[:20]) for pair in flatten(inner, f"{prefix}[{number}]", limit)
        ]
    return [(words.visible(prefix), words.show(value, limit))]


def _facts(record: RunRecord) -> list[tuple[str, list[tuple[str, str]]]]:
    """All of the run record, in groups."""
    probes = [
        (words.visible(name), words.visible(probe.backend if probe.available else f"not available: {probe.reason}"))
        for name, probe in record.capabilities.items()
    ]
    groups = [
        ("Target " + words.visible(record.target.name), flatten(record.target.options)),
        ("Workload " + words.visible(record.workload.name), flatten(record.workload.options)),
        *((f"Fault {words.visible(part.name)}", flatten(part.options)) for part in record.nemesis),
        ("Back-ends of the faults", probes),
        ("Cluster", flatten(record.cluster)),
        ("Versions", flatten(dict(record.versions))),
        ("Phases", [(words.visible(p.name), f"{p.seconds:.2f} s, from {p.start:.2f} s") for p in record.phases]),
    ]
    return [(name, rows) for name, rows in groups if rows]


def _instant(record: RunRecord, moments: list[int]) -> Any:
    """The wall-clock instant of the first anomaly; None when there is none, or time was simulated."""
    try:
        began = record.load_began
    except ValueError:
        return None
    return began + timedelta(microseconds=moments[0] / 1000) if began and moments else None
