"""A node that is a container: started, killed, paused and reached through the daemon, without any tool inside it."""

import asyncio
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import docker
from docker.errors import APIError, NotFound

from harness.cluster import Completed, Node, NodeState
from harness.docker import entry, helper, images, labels
from harness.docker.daemon import blocking, explain, explained
from harness.docker.entry import Entry
from harness.docker.execute import execute
from harness.errors import NodeFailed

LAST_LINES: Final = 5
"""How many lines of a dead node's log an error message quotes."""

STATES: Final = {
    "running": NodeState.RUNNING,
    "restarting": NodeState.RUNNING,
    "paused": NodeState.PAUSED,
    "created": NodeState.STOPPED,
    "exited": NodeState.STOPPED,
    "dead": NodeState.STOPPED,
    "removing": NodeState.MISSING,
}
"""Docker's word for the state of a container, and this project's."""


class DockerNode(Node):
    """One container of a cluster.

    Args:
        name: ``n1``, ``n2``, …

    Attributes:
        address: Its fixed address on the network of the run; empty until there is one.
        container: Id of the container; empty until it is made.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.address = ""
        self.container = ""
        self._way: Entry = "nsenter"
        self._client: docker.DockerClient | None = None
        self._labels: Mapping[str, str] = {}
        self._saved_log: bytes | None = None
        self._helper: tuple[str, int] | None = None
        self._helper_lock = asyncio.Lock()

    @property
    def entry(self) -> Entry:
        """How its network namespace is entered."""
        return self._way

    def place(self, address: str, way: Entry) -> None:
        """Say where the node will be, and how its network namespace is entered."""
        self.address, self._way = address, way

    def attach(self, client: docker.DockerClient, container: str, marks: Mapping[str, str]) -> None:
        """Take over the container that the cluster has made for this node; ``marks`` are the labels of the run."""
        self._client, self.container, self._labels = client, container, marks
        self._saved_log = None
        self._helper = None

    def detach(self) -> None:
        """Forget the container: it is removed."""
        self._client, self._helper = None, None

    async def state(self) -> NodeState:
        """What the daemon says about the container now."""
        if self._client is None:
            return NodeState.MISSING
        return await blocking(lambda: STATES[self._inspect()["Status"]])

    async def start(self) -> None:
        """Start the container again, at the same address; its network namespace is a new one."""
        await blocking(self._start)

    async def kill(self) -> None:
        """SIGKILL; a paused node must be let go for it, so some instructions may run in between."""
        await blocking(self._kill)

    async def pause(self) -> str:
        """Freeze the container's control group.

        Raises:
            NodeFailed: It does not run.
        """
        await blocking(self._pause)
        return "freezer"

    async def resume(self) -> None:
        """Thaw the container's control group."""
        await blocking(self._resume)

    async def run(self, argv: Sequence[str], *, timeout: float = 30.0) -> Completed:
        """Run a program of the image inside the container; many images hold none."""
        client, container = self._there("run a command")
        return await blocking(execute, client, container, argv, stdin=b"", timeout=timeout, where=self.name)

    async def put(self, path: str, data: bytes) -> None:
        """Write a file inside the container, which need not run; folders are made."""
        client, container = self._there("write a file")
        with explained(f"write {path} in {self.name}"):
            await blocking(client.api.put_archive, container, "/", images.tar_of({path: data}))

    async def get(self, path: str) -> bytes:
        """Read a file inside the container, which need not run."""
        return await blocking(self._get, path)

    async def files(self, folder: str) -> dict[str, bytes]:
        """Read all files below a folder inside the container, which need not run."""
        return await blocking(self._files, folder)

    async def log(self) -> bytes:
        """Standard output and error so far, also after a crash, and after a start of the cluster that failed."""
        if self._client is None and self._saved_log is not None:
            return self._saved_log
        return await blocking(self._log)

    async def in_network(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 10.0) -> Completed:
        """Run a tool inside the node's network namespace, from outside the node.

        Args:
            argv: Command and arguments; the tool is the host's, or the helper image's (iptables, ip, python3).
            stdin: What it reads.
            timeout: Seconds it may take.

        Raises:
            NodeFailed: The node does not run, so it has no network; or the command took too long.
            EnvironmentFailed: There is no way in.
        """
        client, container = self._there("enter its network")
        pid = await blocking(self._pid)
        if self._way == "nsenter":
            return await blocking(entry.enter, container, pid, argv, stdin=stdin, timeout=timeout)
        async with self._helper_lock:
            mate = await blocking(self._helper_for, pid)
        return await blocking(helper.run, client, mate, argv, stdin, timeout)

    async def check_alive(self) -> None:
        """Make sure that the container has not ended right after its start.

        Raises:
            NodeFailed: It has; the message says why and quotes its last lines.
        """
        await blocking(self._check_alive)

    async def save_log(self) -> None:
        """Keep the log for when the container is gone, where there is one."""
        if self._client is not None:
            self._saved_log = await blocking(self._log)

    def _there(self, doing: str) -> tuple[docker.DockerClient, str]:
        if self._client is None:
            raise NodeFailed(f"cannot {doing}: the container of {self.name} is not there")
        return self._client, self.container

    def _inspect(self) -> Mapping[str, Any]:
        """The ``State`` of the container; Docker's words, ``Status`` first of all."""
        client, container = self._there("see its state")
        with explained(f"see the state of {self.name}"):
            try:
                state: Mapping[str, Any] = client.api.inspect_container(container)["State"]
            except NotFound:
                return {"Status": "removing", "Pid": 0, "ExitCode": 0, "OOMKilled": False}
        return state

    def _pid(self) -> int:
        pid = int(self._inspect()["Pid"])
        if not pid:
            raise NodeFailed(f"{self.name} does not run, so it has no network that could be entered")
        return pid

    def _start(self) -> None:
        client, container = self._there("start")
        if self._inspect()["Status"] in ("running", "paused"):
            return
        with explained(f"start {self.name}"):
            client.api.start(container)
        self._check_alive()

    def _check_alive(self) -> None:
        state = self._inspect()
        if STATES[state["Status"]] in (NodeState.STOPPED, NodeState.MISSING):
            raise NodeFailed(why_ended(self.name, state, self._log()))

    def _kill(self) -> None:
        client, container = self._there("kill")
        self._unless(lambda: client.api.kill(container, "SIGKILL"), ("is not running",), f"kill {self.name}")
        if self._inspect()["Status"] == "paused":
            self._resume()
            self._unless(lambda: client.api.kill(container, "SIGKILL"), ("is not running",), f"kill {self.name}")

    def _pause(self) -> None:
        client, container = self._there("pause")
        self._unless(lambda: client.api.pause(container), ("already paused",), f"pause {self.name}")

    def _resume(self) -> None:
        client, container = self._there("resume")
        harmless = ("is not paused", "not running")
        self._unless(lambda: client.api.unpause(container), harmless, f"resume {self.name}")

    @staticmethod
    def _unless(call: Callable[[], object], harmless: Sequence[str], doing: str) -> None:
        """Do it, unless the daemon refuses because things are as they should be already."""
        with explained(doing):
            try:
                call()
            except APIError as error:
                if not any(part in str(error.explanation).lower() for part in harmless):
                    raise

    def _get(self, path: str) -> bytes:
        with self._archive(path) as archive:
            if archive is None:
                raise NodeFailed(f"there is no {path} in {self.name}")
            member = archive.extractfile(archive.getmembers()[0])
            if member is None:
                raise NodeFailed(f"{path} in {self.name} is not a file")
            return member.read()

    def _files(self, folder: str) -> dict[str, bytes]:
        with self._archive(folder) as archive:
            if archive is None:
                return {}
            # The names in the archive begin with the folder's own.
            found = ((member.name.partition("/")[2], archive.extractfile(member)) for member in archive.getmembers())
            return {name: file.read() for name, file in found if file is not None and name}

    @contextmanager
    def _archive(self, path: str) -> Iterator[tarfile.TarFile | None]:
        """What is at ``path``, as Docker packs it; None where there is nothing."""
        client, container = self._there("read a file")
        try:
            chunks, _ = client.api.get_archive(container, path)
            packed = b"".join(chunks)
        except NotFound:
            yield None
            return
        except APIError as error:
            raise explain(error, f"read {path} in {self.name}") from error
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            yield archive

    def _log(self) -> bytes:
        client, container = self._there("read its log")
        with explained(f"read the log of {self.name}"):
            return bytes(client.api.logs(container, stdout=True, stderr=True))

    def _helper_for(self, pid: int) -> str:
        """The helper of the namespace that process ``pid`` lives in; a restarted node needs a new one."""
        client, container = self._there("enter its network")
        if self._helper is not None:
            mate, of = self._helper
            if of == pid:
                return mate
            helper.remove(client, mate)
            self._helper = None
        name = f"{self._labels[labels.PREFIX]}-{self.name}"
        mate = helper.start(client, name, container, self._labels)
        self._helper = (mate, pid)
        return mate


def why_ended(name: str, state: Mapping[str, Any], log: bytes) -> str:
    """One line that says why a node's main process ended.

    Args:
        name: Of the node.
        state: ``State`` of ``docker inspect``.
        log: What the node wrote.
    """
    if state.get("OOMKilled"):
        return (
            f"node {name} ran out of memory and was ended by the kernel: give it a higher limit, or use fewer nodes "
            f"on this machine ({state.get('ExitCode')})"
        )
    lines = log.decode(errors="replace").strip().splitlines()[-LAST_LINES:]
    return f"node {name} ended with code {state.get('ExitCode')}. Its last lines: {' / '.join(lines) or 'none'}"
