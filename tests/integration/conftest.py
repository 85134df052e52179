"""Real clusters that serve."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

import docker
import pytest

from harness.docker.cluster import DockerCluster
from harness.docker.entry import Entry
from harness.ready import all_ready
from harness.target import ContainerTarget
from targets.cassandra import Cassandra
from targets.etcd import Etcd
from targets.mongodb import MongoDB

Made = Callable[..., AbstractAsyncContextManager[tuple[DockerCluster, Any]]]


@pytest.fixture
def cluster_of(tmp_path: Path) -> Made:
    """Makes a context in which a cluster of a target is up and every member serves."""

    @asynccontextmanager
    async def make(
        kind: type[ContainerTarget], *, nodes: int = 3, entry: Entry | None = None, **settings: Any
    ) -> AsyncIterator[tuple[DockerCluster, ContainerTarget]]:
        target = kind({name.replace("_", "-"): value for name, value in settings.items()})
        names = [f"n{number}" for number in range(1, nodes + 1)]
        cluster = DockerCluster(target, names, run_id=f"test/{uuid.uuid4().hex}", folder=tmp_path, entry=entry)
        try:
            await cluster.up()
            await target.assemble(cluster)
            await all_ready(target, cluster)
            yield cluster, target
        finally:
            await cluster.down()

    return make


@pytest.fixture
def etcd_cluster(cluster_of: Made) -> Made:
    """Makes clusters of etcd."""
    return partial(cluster_of, Etcd)


@pytest.fixture
def cassandra_cluster(cluster_of: Made) -> Made:
    """Makes clusters of Cassandra."""
    return partial(cluster_of, Cassandra)


@pytest.fixture
def mongodb_cluster(cluster_of: Made) -> Made:
    """Makes replica sets of MongoDB."""
    return partial(cluster_of, MongoDB)


@pytest.fixture
def in_docker() -> Callable[[], tuple[set[str], set[str]]]:
    """What Docker holds now: ids of containers and of networks."""

    def look() -> tuple[set[str], set[str]]:
        with closing(docker.from_env()) as client:
            containers = {thing["Id"] for thing in client.api.containers(all=True)}
            return containers, {thing["Id"] for thing in client.api.networks()}

    return look
