"""The guides as programs: the files that they show are installed, and the commands that they show are run.

A block called ``python NAME/FILE`` is a piece of that file of the package NAME. A block called ``console WORDS``
holds commands; its words are ``docker`` where they need it, and the name of a package where they use one.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))
LONGEST = 300.0
"""Seconds that one command may take before it counts as hanging."""


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the words behind that, and what is in it."""

    language: str
    words: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Command:
    """One line of a console, and the exit code that the comment behind it promises."""

    line: str
    code: int


@dataclass(frozen=True)
class Guide:
    """One page."""

    path: Path

    def blocks(self) -> Iterator[Block]:
        """All fenced blocks, in order."""
        for head, text in re.findall(r"^```(\w+[^\n]*)\n(.*?)^```$", self.path.read_text(), re.MULTILINE | re.DOTALL):
            language, *words = head.split()
            yield Block(language, tuple(words), text)

    def files(self, package: str) -> Mapping[str, str]:
        """The files of a package, by name; the pieces of a file are put together in their order."""
        files: dict[str, str] = {}
        for block in self.blocks():
            for word in block.words:
                if word.startswith(f"{package}/"):
                    name = word.removeprefix(f"{package}/")
                    files[name] = files.get(name, "") + block.text
        return files

    def commands(self, *words: str) -> list[Command]:
        """The commands of all consoles with exactly these words."""
        found = []
        for block in self.blocks():
            if block.language == "console" and set(block.words) == set(words):
                for line in re.findall(r"^\$ (.*)$", block.text, re.MULTILINE):
                    promised = re.search(r"# exits (\d+)", line)
                    found.append(Command(line.partition("  # ")[0].strip(), int(promised[1]) if promised else 0))
        return found


@dataclass(frozen=True)
class Shell:
    """Where commands are run: an empty folder, with this interpreter's programs first on the path."""

    folder: Path
    libraries: tuple[Path, ...] = ()

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run one line as a user would."""
        environment = {name: value for name, value in os.environ.items() if name != "GITHUB_STEP_SUMMARY"}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        environment["PYTHONPATH"] = os.pathsep.join(map(str, self.libraries))
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )

    def keep(self, command: Command) -> str:
        """Run a command, hold it to its promise, and return what it wrote."""
        done = self.run(command.line)
        assert done.returncode == command.code, f"$ {command.line}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout


Install = Callable[[str, str], Shell]


@pytest.fixture
def guide() -> Callable[[str], Guide]:
    """A page by its path below the repository."""
    return lambda path: Guide(ROOT / path)


@pytest.fixture
def pages() -> list[Guide]:
    """All pages."""
    return [Guide(path) for path in PAGES]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """An empty folder to run commands in."""
    folder = tmp_path / "shell"
    folder.mkdir()
    return Shell(folder)


@pytest.fixture
def install(tmp_path: Path, shell: Shell) -> Install:
    """Build and install a package of a page, without a network, into a folder of its own."""

    def installed(page: str, package: str) -> Shell:
        source, library = tmp_path / package, tmp_path / "library"
        source.mkdir()
        for name, text in Guide(ROOT / page).files(package).items():
            (source / name).write_text(text)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
        done = subprocess.run(
            [*pip, "--no-deps", "--no-build-isolation", "--target", str(library), str(source)],
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        shutil.rmtree(source)
        return Shell(shell.folder, (library,))

    return installed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``commands_of`` stands for the commands of each page: those that need Docker in tests marked so.

    What an earlier page has shown and run is not run on a real cluster again.
    """
    if "commands_of" in metafunc.fixturenames:
        docker = metafunc.definition.get_closest_marker("docker") is not None
        found: dict[str, list[Command]] = {}
        seen: set[Command] = set()
        for path in PAGES:
            every = Guide(path).commands(*(["docker"] if docker else []))
            if commands := [command for command in every if command not in seen]:
                found[str(path.relative_to(ROOT))] = commands
            seen.update(every if docker else ())
        metafunc.parametrize("commands_of", found.values(), ids=found)
