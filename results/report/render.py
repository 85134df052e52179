"""Draws the data of a report as one HTML file that needs nothing else."""

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from checkers.verdict import RunVerdict
from harness.history import History
from results import overview, timeline, words
from results.record import RunRecord
from results.report.build import build
from results.store import RunFolder

if TYPE_CHECKING:
    from results import plots

_SAFE: Final = {ord(c): f"\\u{ord(c):04x}" for c in "<>&'\u2028\u2029"}


def write_report(folder: RunFolder, history: History, verdict: RunVerdict, record: RunRecord) -> None:
    """Write ``report.html`` of a run.

    Raises:
        EnvironmentFailed: It cannot be written.
    """
    from results import plots

    folder.write(folder.report, render(build(folder, history, verdict, record), plots.series(history)).encode())


def render(data: dict[str, Any], series: "plots.Series") -> str:
    """The report as HTML.

    Args:
        data: As ``build`` makes it.
        series: What the plots show.
    """
    from results import plots

    environment = Environment(
        loader=PackageLoader("results.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "instant": words.instant,
        "duration": words.duration,
        "group": words.group,
        "visible": words.visible,
    }
    loader = environment.loader
    if loader is None:
        raise AssertionError
    style, script = (loader.get_source(environment, name)[0] for name in ("report.css", "report.js"))
    witness = data["witness"]
    title = witness["sentence"] if witness else data["headline"]
    return environment.get_template("report.html").render(
        data,
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        picture=timeline.draw(witness["picture"], title) if witness else "",
        pictures=[
            timeline.draw(other["picture"], other["sentence"], f"anomaly-{number}")
            for number, other in enumerate(data["others"], 2)
            if "picture" in other
        ],
        overview=overview.draw(data["faults"], data["seconds"], data["faults_words"], data["moments"]),
        plots=Markup(plots.draw(series, data["faults"], data["moments"])),  # noqa: S704 - matplotlib escapes texts
        data_block=json_block({name: data[name] for name in ("validity", "headline", "witness", "faults", "seconds")}),
    )


def json_block(value: Any) -> Markup:
    """JSON that can stand inside a script element: nothing in it ends the element or begins another."""
    return Markup(json.dumps(value, separators=(",", ":")).translate(_SAFE))  # noqa: S704 - no < is left
