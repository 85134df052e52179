"""The page on checking files: its table of models, its commands, and an example of each model and each format."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness import registry
from harness.cli.main import run
from harness.formats import NAMES
from harness.formats.detect import detect

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples" / "histories"
PAGE = "docs/checking-files.md"
SHELL = set("|*<>$")


@pytest.fixture
def generator() -> ModuleType:
    """The program that makes the table."""
    spec = importlib.util.spec_from_file_location("table_of_models", DOCS / "models.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_says_what_the_models_say(generator: ModuleType) -> None:
    text = generator.PAGE.read_text()
    assert text == generator.page(text), "make it again: python docs/models.py --write"


def test_the_commands_do_what_the_page_promises(
    guide: Callable[[str], Any], shell: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(EXAMPLES, shell.folder, dirs_exist_ok=True)
    monkeypatch.chdir(shell.folder)
    for command in guide(PAGE).commands("histories"):
        if SHELL & set(command.line):
            shell.keep(command)
        else:
            assert run(command.line.split()[1:]) == command.code, (command.line, capsys.readouterr())


@pytest.mark.parametrize("model", registry.names("model"))
def test_each_model_has_an_example_that_the_page_checks(model: str, guide: Callable[[str], Any]) -> None:
    assert (EXAMPLES / f"{model}.jsonl").exists()
    lines = [command.line for command in guide(PAGE).commands("histories")]
    assert f"quorate check --model {model} {model}.jsonl" in lines


def test_each_format_has_an_example_that_the_page_checks(guide: Callable[[str], Any]) -> None:
    lines = [command.line for command in guide(PAGE).commands("histories")]
    checked = {path for path in EXAMPLES.iterdir() if any(path.name in line for line in lines)}
    assert {detect(path.read_bytes()) for path in checked} == set(NAMES)


def test_each_example_has_its_place_on_the_page(guide: Callable[[str], Any]) -> None:
    text = guide(PAGE).path.read_text()
    known = registry.names("model")
    assert [path.name for path in EXAMPLES.iterdir() if path.name not in text and path.stem not in known] == []
