"""What ``quorate doctor`` says about Docker here."""

from contextlib import closing

import docker

from harness.docker import entry, helper, images, network
from harness.docker.daemon import connect, explained
from harness.doctor import Check
from harness.errors import HarnessError


def probe() -> list[Check]:
    """Daemon, free subnet and the ways into a node; ``docker:`` checks are those that every cluster needs."""
    try:
        with closing(connect()) as client:
            return [_daemon(client), _subnet(client), *_ways(client)]
    except HarnessError as error:
        return [Check("docker: daemon", False, str(error))]


def _daemon(client: docker.DockerClient) -> Check:
    with explained("ask Docker for its version"):
        version = client.api.version()
    return Check("docker: daemon", True, f"version {version['Version']} at {client.api.base_url}")


def _subnet(client: docker.DockerClient) -> Check:
    free = network.free_subnets(network.taken_subnets(client))
    pools = ", ".join(map(str, network.POOLS))
    if not free:
        return Check("docker: free subnet", False, f"none in {pools}: remove networks that nobody needs")
    return Check("docker: free subnet", True, f"{free[0]} ({len(free)} free in {pools})")


def _ways(client: docker.DockerClient) -> list[Check]:
    reason = entry.no_nsenter(client.api.base_url)
    built = images.find(client, (helper.IMAGE,)) is not None
    absent = f"the image {helper.IMAGE} is absent; `quorate images build TARGET` makes it where it is needed"
    way = "nsenter" if reason is None else "helper container" if built else f"none: {reason}, and {absent}"
    return [
        Check("docker: way into a node", reason is None or built, way),
        Check("entry: nsenter", reason is None, reason or "this process is root on the Docker host"),
        Check("entry: helper container", built, f"image {helper.IMAGE}" if built else absent),
    ]
