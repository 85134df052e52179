"""The design that the guide shows is a whole target."""

import asyncio
import re
from pathlib import Path
from typing import Any

from harness.random import Streams
from harness.simulated.cluster import SimulatedCluster
from harness.simulated.loop import run
from harness.simulated.server import Request
from targets.simulated import Simulated

GUIDE = Path(__file__).parents[3] / "docs" / "targets" / "simulated.md"


def test_the_design_in_the_guide_works() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"__name__": "guide"}
    exec(compile(code, str(GUIDE), "exec"), names)  # noqa: S102 - the project's own guide

    async def main() -> Any:
        cluster = SimulatedCluster(names["EchoTarget"]({}), ["n1", "n2"], Streams(1))
        await cluster.up()
        await cluster.nodes[0].request(Request("register", "write", 1, 5))
        await asyncio.sleep(1)
        return (await cluster.nodes[1].request(Request("register", "read", 1))).value

    assert run(main()) == 5


def test_the_guide_lists_every_option_with_its_default() -> None:
    text = GUIDE.read_text(encoding="utf-8")

    for option in Simulated.options:
        value = f"{option.default:g}" if isinstance(option.default, float) else option.default
        assert f"| `{option.name}` | `{value}`{f' {option.unit}' if option.unit else ''} |" in text
