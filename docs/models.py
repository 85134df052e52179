"""The table of models in docs/checking-files.md and the commands on their examples, from what the models say.

``python docs/models.py --write`` puts them into the page. A test compares the two.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from checkers.linearizability.model import Model
from harness import registry

PAGE: Final = Path(__file__).with_name("checking-files.md")
MADE: Final = re.compile(r"(<!-- (\w+): made by .*? -->\n).*?(<!-- end -->\n)", re.DOTALL)


def models() -> dict[str, type[Model]]:
    """All, by name."""
    return {name: registry.load("model", name) for name in registry.names("model")}


def table() -> Iterator[str]:
    """The models with their operations."""
    yield from ("| model | `f` | `value` |", "|---|---|---|")
    for name, model in models().items():
        yield f"| `{name}` | | {model.summary} |"
        for f, value in model.vocabulary.items():
            yield f"| | `{f}` | {value.replace('|', '&#124;')} |"


def commands() -> Iterator[str]:
    """For each model, the command on its example."""
    yield "```console histories"
    yield from (f"$ quorate check --model {name} {name}.jsonl" for name in models())
    yield "```"


def page(text: str) -> str:
    """The page with everything in its place."""
    parts = {"table": table, "commands": commands}
    return MADE.sub(lambda made: "\n".join([made[1].rstrip(), *parts[made[2]](), made[3]]), text)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python docs/models.py --write")
    PAGE.write_text(page(PAGE.read_text()))
