"""Undoes journalled changes from any process: action names and their arguments are data, this is what they mean.

Every action may be done twice, and tolerates that what it would undo is gone.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

import docker
from docker.errors import APIError, NotFound

from harness.docker import entry, helper, labels
from harness.docker.daemon import connect
from harness.errors import HarnessError
from nemesis.fault import Undo

LIMIT = 5.0
"""Seconds that one action may take."""


def undo_all(undo: Sequence[Undo]) -> list[str]:
    """Do all of it, each in spite of the others' failures; what was done and what failed, in words."""
    if not undo:
        return []
    lines = []
    with closing(connect()) as client:
        for one in undo:
            container = str(one.arguments["container"])
            try:
                ACTIONS[one.action](client, container, one.arguments)
            except (HarnessError, APIError) as error:
                lines.append(f"{one.action} of {container[:12]} failed: {error}")
            else:
                lines.append(f"{one.action} of {container[:12]} done")
    return lines


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
        entry.enter(container, pid, argv, stdin=b"", timeout=LIMIT)
        return
    for mate in client.api.containers(filters={"label": f"{labels.HELPER_OF}={container}"}):
        helper.run(client, mate["Id"], argv, b"", LIMIT)


ACTIONS: Mapping[str, Callable[[docker.DockerClient, str, Mapping[str, Any]], None]] = {
    "docker-unpause": _unpause,
    "docker-network": _network,
}
