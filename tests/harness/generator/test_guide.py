"""The examples of the guide run."""

import re
from pathlib import Path
from typing import Any

from harness.generator.simulate import invocations, simulate

GUIDE = Path(__file__).parents[3] / "docs" / "generators.md"


def test_the_examples_of_the_guide() -> None:
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(block, names)  # noqa: S102 - the guide's own code
    history = invocations(simulate(names["generator"], most=1000))
    assert {op.f for op in history} == {"read", "write"}
    assert {op.key for op in history} == set(range(5))
