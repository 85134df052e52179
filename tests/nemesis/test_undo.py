"""Undoing from data alone: what is gone needs nothing, what fails is said, and neither stops the rest."""

from collections.abc import Sequence
from typing import Any

import pytest
from docker.errors import APIError, NotFound
from requests.exceptions import ConnectionError as ConnectionFailed

from harness.cluster import Completed
from nemesis import undo
from nemesis.fault import Undo

ARGV = ["sh", "-c", "remove"]


class FakeDaemon:
    """Containers with their state, in the shape of the SDK's low-level client."""

    def __init__(self) -> None:
        self.api = self
        self.states: dict[str, dict[str, Any]] = {}
        self.helpers: dict[str, list[str]] = {}
        self.refuses: Exception | None = None
        self.closed = 0

    def inspect_container(self, container: str) -> dict[str, Any]:
        if self.refuses:
            raise self.refuses
        if container not in self.states:
            raise NotFound("no such container")
        return {"State": self.states[container]}

    def unpause(self, container: str) -> None:
        self.states[container]["Paused"] = False

    def containers(self, filters: dict[str, str]) -> list[dict[str, str]]:
        _, _, node = filters["label"].partition("=")
        return [{"Id": name} for name in self.helpers.get(node, [])]

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> FakeDaemon:
    made = FakeDaemon()
    monkeypatch.setattr(undo, "connect", lambda: made)
    return made


class Inside:
    """What ran in whose network; everything ends with ``code``."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, list[str]]] = []
        self.code = 0

    def enter(self, container: str, pid: int, argv: Sequence[str], *, stdin: bytes, timeout: float) -> Completed:
        self.ran.append((f"{container} process {pid}", list(argv)))
        return Completed(self.code, b"", b"QUORATE is still there\n")

    def run(self, client: object, helper: str, argv: Sequence[str], stdin: bytes, timeout: float) -> Completed:
        self.ran.append((helper, list(argv)))
        return Completed(self.code, b"", b"")


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Inside:
    made = Inside()
    monkeypatch.setattr(undo.entry, "enter", made.enter)
    monkeypatch.setattr(undo.helper, "run", made.run)
    return made


def unpause(container: str) -> Undo:
    return Undo("docker-unpause", {"container": container})


def rules_of(container: str, entry: str = "nsenter") -> Undo:
    return Undo("docker-network", {"container": container, "entry": entry, "argv": ARGV})


def test_nothing_to_undo_asks_no_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(undo, "connect")
    assert undo.undo_all([]) == []


def test_a_paused_container_goes_on_and_others_need_nothing(daemon: FakeDaemon) -> None:
    daemon.states = {"c1": {"Paused": True}, "c2": {"Paused": False}}
    expected = ["docker-unpause of c1 done", "docker-unpause of c2 done", "docker-unpause of gone done"]
    for _ in range(2):
        assert undo.undo_all([unpause("c1"), unpause("c2"), unpause("gone")]) == expected
        assert daemon.states["c1"] == {"Paused": False}
    assert daemon.closed == 2


def test_rules_are_removed_where_there_is_a_network(daemon: FakeDaemon, inside: Inside) -> None:
    daemon.states = {"c1": {"Pid": 11}, "dead": {"Pid": 0}, "c3": {"Pid": 13}}
    daemon.helpers = {"c3": ["h3"]}
    lines = undo.undo_all([rules_of("c1"), rules_of("dead"), rules_of("gone"), rules_of("c3", "helper")])
    assert [line.rpartition(" ")[2] for line in lines] == ["done"] * 4
    assert inside.ran == [("c1 process 11", ARGV), ("h3", ARGV)]


@pytest.mark.parametrize(
    ("entry", "says"), [("nsenter", "QUORATE is still there"), ("helper", "exit code 1"), ("none", "helper container")]
)
def test_a_command_that_fails_is_not_called_done(daemon: FakeDaemon, inside: Inside, entry: str, says: str) -> None:
    daemon.states = {"c1": {"Pid": 11}}
    daemon.helpers = {"c1": ["h1"]} if entry == "helper" else {}
    inside.code = 1
    (line,) = undo.undo_all([rules_of("c1", entry)])
    assert line.startswith("docker-network of c1 failed: ")
    assert says in line


@pytest.mark.parametrize("error", [APIError("server error"), ConnectionFailed("reset")])
def test_a_daemon_that_fails_is_said(daemon: FakeDaemon, error: Exception) -> None:
    daemon.refuses = error
    lines = undo.undo_all([unpause("c1"), rules_of("c2")])
    assert [line.partition(" failed: ")[0] for line in lines] == ["docker-unpause of c1", "docker-network of c2"]


def test_what_a_foreign_journal_asks_for_stops_nothing(daemon: FakeDaemon) -> None:
    daemon.states = {"c1": {"Paused": True, "Pid": 11}}
    lines = undo.undo_all(
        [
            Undo("format-disk", {"container": "c1"}),
            Undo("docker-unpause", {}),
            Undo("docker-network", {"container": "c1"}),
            unpause("c1"),
        ]
    )
    assert "knows no such action" in lines[0]
    assert lines[2] == "docker-network of c1 failed: the journal does not say how: 'argv'"
    assert lines[3] == "docker-unpause of c1 done"
