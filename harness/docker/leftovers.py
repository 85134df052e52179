"""What runs have left in Docker: found by labels, removed whatever state it is in."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import docker
from docker.errors import APIError, NotFound

from harness.docker import labels
from harness.docker.daemon import connect, explain, explained

ROUNDS: Final = 20
PAUSE: Final = 0.25
"""How often removal is tried, and seconds between: a request under way may still add something."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """What one run has in Docker now.

    Args:
        run_id: Of the run.
        pid: Of the harness that made it.
        alive: Whether that very process still runs.
        folder: Of the run.
        containers: Names.
        networks: Names.
    """

    run_id: str
    pid: int
    alive: bool
    folder: str
    containers: tuple[str, ...]
    networks: tuple[str, ...]


def find() -> list[Leftover]:
    """Everything of every run, those that still go on included, sorted by run.

    Raises:
        HarnessError: The daemon cannot be asked.
    """
    with closing(connect()) as client, explained("list what runs left in Docker"):
        containers = client.api.containers(all=True, filters={"label": f"{labels.OURS}=1"})
        networks = client.api.networks(filters={"label": f"{labels.OURS}=1"})
    return group(containers, networks)


def group(containers: Iterable[Mapping[str, Any]], networks: Iterable[Mapping[str, Any]]) -> list[Leftover]:
    """One ``Leftover`` a run, from the daemon's lists."""
    found: dict[str, tuple[dict[str, str], list[str], list[str]]] = {}
    for thing in containers:
        found.setdefault(thing["Labels"][labels.RUN], (thing["Labels"], [], []))[1].append(_name(thing))
    for thing in networks:
        found.setdefault(thing["Labels"][labels.RUN], (thing["Labels"], [], []))[2].append(str(thing["Name"]))
    result = []
    for run_id, (marks, names, nets) in sorted(found.items()):
        pid = int(marks.get(labels.PID) or 0)
        alive = labels.alive(pid, marks.get(labels.STARTED, ""))
        folder = marks.get(labels.FOLDER, "")
        result.append(Leftover(run_id, pid, alive, folder, tuple(sorted(names)), tuple(sorted(nets))))
    return result


def remove(run_id: str) -> list[str]:
    """Remove everything of that run; returns what was removed, in words. May be called at any time, also twice.

    Raises:
        HarnessError: Something resists; the message says what.
    """
    with closing(connect()) as client:
        return remove_all(client, run_id)


def remove_all(client: docker.DockerClient, run_id: str) -> list[str]:
    """The same, through a connection that is open."""
    removed: list[str] = []
    mark = {"label": f"{labels.RUN}={run_id}"}
    problem: APIError | None = None
    for _ in range(ROUNDS):
        with explained(f"list what run {run_id} has in Docker"):
            containers = client.api.containers(all=True, filters=mark)
            networks = client.api.networks(filters=mark)
        if not containers and not networks:
            return removed
        with ThreadPoolExecutor(max_workers=8) as threads:
            problems = list(threads.map(lambda thing: _remove_container(client, thing, removed), containers))
        problems += [_remove_network(client, thing, removed) for thing in networks]
        problem = next(filter(None, problems), None)
        if problem is not None:
            time.sleep(PAUSE)
    if problem is None:
        return removed
    raise explain(problem, f"remove what is left of run {run_id}")


def _remove_container(client: docker.DockerClient, thing: Mapping[str, Any], removed: list[str]) -> APIError | None:
    """Remove one container; a paused one is let go first, because some daemons cannot kill it otherwise."""
    if thing.get("State") == "paused":
        _attempt(lambda: client.api.unpause(thing["Id"]))
    problem = _attempt(lambda: client.api.remove_container(thing["Id"], force=True, v=True))
    if problem is None:
        removed.append(f"container {_name(thing)}")
    return problem


def _remove_network(client: docker.DockerClient, thing: Mapping[str, Any], removed: list[str]) -> APIError | None:
    problem = _attempt(lambda: client.api.remove_network(thing["Id"]))
    if problem is None:
        removed.append(f"network {thing['Name']}")
    return problem


def _attempt(call: Callable[[], object]) -> APIError | None:
    """What the daemon says against it; None when it is done, or there was nothing left to do."""
    try:
        call()
    except NotFound:
        return None
    except APIError as error:
        return error
    return None


def _name(container: Mapping[str, Any]) -> str:
    return str(container["Names"][0]).lstrip("/")
