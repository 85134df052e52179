"""A cluster of containers on a network of its own."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import docker

from harness.cluster import Cluster
from harness.docker import entry as ways
from harness.docker import images, labels, leftovers, network
from harness.docker.daemon import blocking, connect, explained
from harness.docker.entry import Entry
from harness.docker.images import Image
from harness.docker.node import DockerNode
from harness.errors import EnvironmentFailed, HarnessError
from harness.options import as_words
from harness.parallel import all_of
from harness.target import ContainerTarget, NodeSpec

MEBI = 1 << 20


class DockerCluster(Cluster):
    """The nodes of one run as containers of unmodified images.

    Args:
        target: What runs in them.
        names: Of the nodes, in order.
        run_id: Of the run; everything in Docker is labelled with it.
        folder: Of the run, for the label.
        entry: How the nodes' network namespaces are entered: ``nsenter``, ``helper``, or None to choose.
        pools: Where a free subnet is looked for.
    """

    kind = "docker"
    nodes: tuple[DockerNode, ...]

    def __init__(
        self,
        target: ContainerTarget,
        names: Sequence[str],
        *,
        run_id: str,
        folder: Path,
        entry: Entry | None = None,
        pools: Sequence[IPv4Network] = network.POOLS,
    ) -> None:
        self._target = target
        self._names = tuple(names)
        self._run_id = run_id
        self._prefix = object_name(run_id)
        self._labels = {**labels.of_run(run_id, folder), labels.PREFIX: self._prefix}
        self._entry = entry
        self._pools = pools
        self._client: docker.DockerClient | None = None
        self._facts: dict[str, Any] = {}
        self.nodes = tuple(DockerNode(name) for name in names)

    async def up(self) -> None:
        """Make the network and the containers, and start all in parallel.

        Raises:
            EnvironmentFailed: Docker, an image, a subnet, memory or disk is missing; nothing is left behind.
            NodeFailed: A container did not start, or ended at once; nothing is left behind.
        """
        try:
            await self._up()
        except BaseException:
            await self._keep_logs()
            await self.down()
            raise

    async def down(self) -> None:
        """Remove containers, helpers and network, found by their labels, in whatever state they are."""
        client = self._client
        if client is None:
            return
        await blocking(leftovers.remove_all, client, self._run_id)
        for node in self.nodes:
            node.detach()
        self._client = None
        client.close()

    def facts(self) -> dict[str, Any]:
        """Docker's version, the subnet, the way in, and per node address, container and image with its digests.

        ``image`` and ``digest`` are those of the first node; without a registry's digest it is the image's own id.
        """
        return {"kind": self.kind, **self._facts}

    async def _up(self) -> None:
        client = await blocking(connect)
        self._client = client
        way = self._entry or ways.choose(client.api.base_url)
        found = await blocking(self._find_images, client)
        subnet = await blocking(network.create, client, self._prefix, self._labels, self._pools)
        addresses = network.addresses(subnet, self._names)
        specs = {name: self._target.node_spec(name, addresses) for name in self._names}
        for node in self.nodes:
            node.place(addresses[node.name], way)
        await all_of(self._make(client, node, specs[node.name], found[node.name]) for node in self.nodes)
        self._facts = await blocking(self._describe, client, subnet, way, found)
        await all_of(node.start() for node in self.nodes)
        await all_of(node.check_alive() for node in self.nodes)

    def _find_images(self, client: docker.DockerClient) -> dict[str, Image]:
        """The image of each node, looked for before anything is made: the addresses are still those of an example."""
        example = network.addresses(self._pools[0], self._names)
        return {name: self._image(client, self._target.node_spec(name, example)) for name in self._names}

    def _image(self, client: docker.DockerClient, spec: NodeSpec) -> Image:
        found = images.find(client, (spec.image, *spec.fallbacks))
        if found is not None:
            return found
        words = "".join(f" --option {word}" for word in as_words(self._target.settings, self._target.options))
        raise EnvironmentFailed(
            f"the image {spec.image} is absent: make one with `quorate images build {self._target.name}{words}`, "
            f"or fetch it with `docker pull {spec.image}`"
        )

    async def _make(self, client: docker.DockerClient, node: DockerNode, spec: NodeSpec, image: Image) -> None:
        container = await blocking(self._create, client, node, spec, image)
        node.attach(client, container, self._labels)
        for path, data in spec.files.items():
            await node.put(path, data)

    def _create(self, client: docker.DockerClient, node: DockerNode, spec: NodeSpec, image: Image) -> str:
        arguments = container_arguments(self._prefix, node.name, spec, image.id, self._labels)
        api = client.api
        with explained(f"make the container of {node.name}"):
            host = api.create_host_config(**host_arguments(self._prefix, spec))
            endpoint = api.create_endpoint_config(ipv4_address=node.address)
            networking = api.create_networking_config({self._prefix: endpoint})
            made = api.create_container(**arguments, host_config=host, networking_config=networking)
        return str(made["Id"])

    def _describe(
        self, client: docker.DockerClient, subnet: IPv4Network, way: Entry, found: Mapping[str, Image]
    ) -> dict[str, Any]:
        with explained("ask Docker for its version"):
            version = client.api.version()
        first = found[self._names[0]]
        return {
            "docker": version["Version"],
            "kernel": version.get("KernelVersion", ""),
            "subnet": str(subnet),
            "entry": way,
            "image": first.reference,
            "digest": (*first.digests, first.id)[0],
            "nodes": {
                node.name: {
                    "address": node.address,
                    "container": node.container,
                    "image": found[node.name].reference,
                    "image_id": found[node.name].id,
                    "digests": list(found[node.name].digests),
                }
                for node in self.nodes
            },
        }

    async def _keep_logs(self) -> None:
        """Keep what the nodes wrote before a start that failed is undone; not having it must not hide the failure."""
        for node in self.nodes:
            try:
                await node.save_log()
            except (HarnessError, asyncio.CancelledError):
                continue


def object_name(run_id: str) -> str:
    """The name of the run's network, and the beginning of its containers' names: what Docker accepts."""
    return "quorate-" + re.sub(r"[^A-Za-z0-9_.-]+", "-", run_id)


def container_arguments(
    prefix: str, name: str, spec: NodeSpec, image: str, marks: Mapping[str, str]
) -> dict[str, object]:
    """How the container of a node is made: arguments of the SDK's ``create_container``.

    Args:
        prefix: Beginning of the names of the run.
        name: Of the node.
        spec: What it runs.
        image: Id of the image, so that it cannot change under the run.
        marks: Labels of the run.
    """
    return {
        "image": image,
        "name": f"{prefix}-{name}",
        "hostname": name,
        "command": list(spec.command),
        "entrypoint": list(spec.entrypoint) or None,
        "environment": dict(spec.environment),
        "labels": {**marks, labels.NODE: name},
    }


def host_arguments(network_name: str, spec: NodeSpec) -> dict[str, object]:
    """The host's part of it: never restarted behind the harness' back, and its log kept whatever the daemon prefers."""
    return {
        "network_mode": network_name,
        "restart_policy": {"Name": "no"},
        "log_config": docker.types.LogConfig(type="json-file"),
        "mem_limit": None if spec.memory is None else spec.memory * MEBI,
        "memswap_limit": None if spec.memory is None else spec.memory * MEBI,
    }
