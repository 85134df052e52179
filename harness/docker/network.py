"""The network of a run: internal, with a pinned subnet that nothing else uses and a fixed address per node."""

import ipaddress
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, Final

import docker
from docker.errors import APIError

from harness.docker.daemon import explain, explained
from harness.errors import EnvironmentFailed

POOLS: Final = tuple(map(IPv4Network, ("10.213.0.0/16", "172.29.0.0/16", "198.18.0.0/16")))
"""Where subnets are looked for, in this order."""

PREFIX: Final = 24
FIRST_HOST: Final = 11
"""Last number of n1's address; the bridge itself, and with it the clients, is at .1."""

_ROUTE_DESTINATION, _ROUTE_MASK = 1, 7


def free_subnets(taken: Iterable[IPv4Network], pools: Sequence[IPv4Network] = POOLS) -> list[IPv4Network]:
    """The subnets of the pools that overlap nothing that is taken, in order."""
    used = list(taken)
    return [
        subnet
        for pool in pools
        for subnet in pool.subnets(new_prefix=PREFIX)
        if not any(subnet.overlaps(other) for other in used)
    ]


def addresses(subnet: IPv4Network, names: Sequence[str]) -> dict[str, str]:
    """The fixed address of every node, by name."""
    return {name: str(subnet[FIRST_HOST + number]) for number, name in enumerate(names)}


def parse_routes(table: str) -> list[IPv4Network]:
    """The destinations in the text of /proc/net/route, without the default route."""
    networks = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) <= _ROUTE_MASK:
            continue
        address, mask = (_kernel_address(fields[column]) for column in (_ROUTE_DESTINATION, _ROUTE_MASK))
        if int(mask):
            networks.append(ipaddress.IPv4Network(f"{address}/{mask}", strict=False))
    return networks


def taken_subnets(client: docker.DockerClient) -> list[IPv4Network]:
    """What the networks of Docker and the routes of this machine use.

    Raises:
        HarnessError: The daemon does not answer.
    """
    with explained("list the networks of Docker"):
        networks = client.api.networks()
    routes = Path("/proc/net/route")
    return [
        *(subnet for network in networks for subnet in _configured(network)),
        *(parse_routes(routes.read_text(encoding="ascii")) if routes.exists() else ()),
    ]


def create(
    client: docker.DockerClient, name: str, labels: Mapping[str, str], pools: Sequence[IPv4Network] = POOLS
) -> IPv4Network:
    """Make the internal network ``name`` on the first free subnet, which is returned.

    Another run may take the same subnet at the same moment: then the next one is tried.

    Raises:
        EnvironmentFailed: No subnet of the pools is free, or the daemon refuses.
    """
    for subnet in free_subnets(taken_subnets(client), pools):
        ipam = docker.types.IPAMConfig(
            pool_configs=[docker.types.IPAMPool(subnet=str(subnet), gateway=str(subnet[1]))],
        )
        try:
            client.api.create_network(name, driver="bridge", ipam=ipam, internal=True, labels=dict(labels))
        except APIError as error:
            if "overlaps" in str(error.explanation):
                continue
            raise explain(error, f"make the network {name}") from error
        return subnet
    raise EnvironmentFailed(
        f"no subnet is free in {', '.join(map(str, pools))}: networks of Docker or routes of this machine use all of "
        "them. Remove what is left over with `quorate cleanup` and `docker network prune`"
    )


def _configured(network: Mapping[str, Any]) -> list[IPv4Network]:
    configs = (network.get("IPAM") or {}).get("Config") or []
    subnets = [ipaddress.ip_network(config["Subnet"]) for config in configs if config.get("Subnet")]
    return [subnet for subnet in subnets if isinstance(subnet, IPv4Network)]


def _kernel_address(text: str) -> IPv4Address:
    """An address as /proc/net/route writes it: hexadecimal, in the byte order of this machine."""
    return IPv4Address(socket.inet_ntoa(struct.pack("=L", int(text, 16))))
