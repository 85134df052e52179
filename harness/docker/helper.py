"""The helper container: shares a node's network namespace and brings the tools that the node's image lacks.

It is the way in where the harness is not root on the Docker host (``harness.docker.entry``).
"""

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import docker
from docker.errors import NotFound

from harness.cluster import Completed
from harness.docker import entry, images, labels
from harness.docker.daemon import explained
from harness.docker.execute import execute
from harness.errors import EnvironmentFailed, NodeFailed

IMAGE: Final = "quorate/helper:1"
SUITE: Final = "bookworm"
PACKAGES: Final = ("iproute2", "iptables", "python3-minimal")
CAPABILITIES: Final = ("NET_ADMIN", "NET_RAW")
COMMAND: Final = ("sleep", "infinity")

BUILD_TIMEOUT: Final = 600.0
KILLED: Final = 137
"""Exit code of a command that SIGKILL ended."""

GRACE: Final = 5.0
"""Seconds more than a command may take that the harness waits for its being ended inside the helper."""


def create_arguments(name: str, node: str, marks: Mapping[str, str]) -> dict[str, object]:
    """How the helper of container ``node`` is made: arguments of the SDK's ``create_container``, host part apart."""
    return {
        "image": IMAGE,
        "name": f"{name}-helper",
        "command": list(COMMAND),
        "labels": {**marks, labels.HELPER_OF: node},
    }


def run(client: docker.DockerClient, helper: str, argv: Sequence[str], stdin: bytes, timeout: float) -> Completed:
    """Run a command in the helper; one that takes too long is ended there with SIGKILL.

    Raises:
        NodeFailed: It could not be started, or took too long.
    """
    bounded = ["timeout", "--signal=KILL", f"{timeout:g}", *argv]
    began = time.monotonic()
    done = execute(client, helper, bounded, stdin=stdin, timeout=timeout + GRACE, where="the helper container")
    if done.code == KILLED and time.monotonic() - began >= timeout:
        raise NodeFailed(f"`{' '.join(argv)}` did not end within {timeout:g} s in a node's network")
    return done


def start(client: docker.DockerClient, name: str, node: str, marks: Mapping[str, str]) -> str:
    """Start a helper in the network namespace of the container ``node``; returns the helper's id.

    Raises:
        EnvironmentFailed: Its image is absent.
        HarnessError: The daemon refuses.
    """
    if images.find(client, (IMAGE,)) is None:
        raise EnvironmentFailed(
            f"the image {IMAGE} is absent, and without root it is the only way into a node's network: "
            "run `quorate images build TARGET` once, which makes it too"
        )
    with explained(f"start the helper of {name}"):
        host = client.api.create_host_config(network_mode=f"container:{node}", cap_add=list(CAPABILITIES), init=True)
        helper = str(client.api.create_container(**create_arguments(name, node, marks), host_config=host)["Id"])
        client.api.start(helper)
    return helper


def remove(client: docker.DockerClient, helper: str) -> None:
    """Remove a helper; nothing happens when it is gone."""
    with explained("remove a helper container"):
        try:
            client.api.remove_container(helper, force=True, v=True)
        except NotFound:
            return


def build(client: docker.DockerClient) -> str:
    """Make the helper's image from Debian packages; returns its reference.

    Raises:
        EnvironmentFailed: A tool is missing, or a package could not be fetched.
    """
    tool = images.require_tool("mmdebstrap", "mmdebstrap", f"making the image {IMAGE}")
    with tempfile.TemporaryDirectory(prefix="quorate-image-") as folder:
        archive = Path(folder) / "root.tar"
        images.run_tool(
            [tool, "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(archive)],
            doing=f"make the image {IMAGE}",
            folder=Path(folder),
            timeout=BUILD_TIMEOUT,
        )
        images.import_root(client, archive, IMAGE, [])
    return IMAGE


def build_where_needed(client: docker.DockerClient) -> list[str]:
    """Make the helper's image where a node can be entered in no other way and it is absent; the reference made, if any.

    Raises:
        EnvironmentFailed: A tool is missing, or a package could not be fetched.
    """
    if not entry.no_nsenter(client.api.base_url) or images.find(client, (IMAGE,)) is not None:
        return []
    return [build(client)]
