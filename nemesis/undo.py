"""Undoes journalled changes from any process: action names and their arguments are data, this is what they mean.

Every action may be done twice, and tolerates that what it would undo is gone.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

import docker
from docker.errors import NotFound

from harness.cluster import Completed
from harness.docker import entry, helper, labels
from harness.docker.daemon import connect, explained
from harness.errors import FaultFailed, HarnessError
from nemesis.fault import Undo

LIMIT = 10.0
"""Seconds that one action may take."""


def undo_all(undo: Sequence[Undo]) -> list[str]:
    """Do all of it, each in spite of the others' failures; what was done and what failed, in words."""
    if not undo:
        return []
    lines = []
    with closing(connect()) as client:
        for one in undo:
            container = str(one.arguments.get("container", ""))
            what = f"{one.action} of {container[:12]}"
            try:
                with explained("undo it"):
                    _act(client, one, container)
            except HarnessError as error:
                lines.append(f"{what} failed: {error}")
            except (KeyError, TypeError) as error:
                lines.append(f"{what} failed: the journal does not say how: {error}")
            else:
                lines.append(f"{what} done")
    return lines


def _act(client: docker.DockerClient, one: Undo, container: str) -> None:
    if one.action not in ACTIONS:
        raise FaultFailed("this version of quorate knows no such action: use the one that wrote the journal")
    ACTIONS[one.action](client, container, one.arguments)


def _unpause(client: docker.DockerClient, container: str, arguments: Mapping[str, Any]) -> None:
    """Let a container go on; one that is gone or not paused needs nothing."""
    del arguments
    try:
        if client.api.inspect_container(container)["State"]["Paused"]:
            client.api.unpause(container)
    except NotFound:
        return


def _network(client: docker.DockerClient, container: str, arguments: Mapping[str, Any]) -> None:
    """Run a command in a container's network namespace; one that does not run has none, and no rules either."""
    try:
        pid = int(client.api.inspect_container(container)["State"]["Pid"])
    except NotFound:
        return
    if not pid:
        return
    argv = list(arguments["argv"])
    if arguments["entry"] == "nsenter":
        _succeeded(entry.enter(container, pid, argv, stdin=b"", timeout=LIMIT))
        return
    mates = client.api.containers(filters={"label": f"{labels.HELPER_OF}={container}"})
    if not mates:
        raise FaultFailed("its helper container is gone, and with it the way into its network")
    for mate in mates:
        _succeeded(helper.run(client, mate["Id"], argv, b"", LIMIT))


def _succeeded(done: Completed) -> None:
    if done.code:
        raise FaultFailed(done.stderr.decode(errors="replace").strip() or f"exit code {done.code}")


ACTIONS: Mapping[str, Callable[[docker.DockerClient, str, Mapping[str, Any]], None]] = {
    "docker-unpause": _unpause,
    "docker-network": _network,
}
