"""The connection to the Docker daemon, and its errors in one line each."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from harness.errors import EnvironmentFailed, HarnessError, NodeFailed

P = ParamSpec("P")
T = TypeVar("T")

TIMEOUT = 60
"""Seconds that one request to the daemon may take."""

UNIX = "unix://"
DEFAULT_HOST = "unix:///var/run/docker.sock"

CONNECTIONS = 32
"""Requests that may be under way at the same time."""

KNOWN: tuple[tuple[str, type[HarnessError], str], ...] = (
    ("no space left on device", EnvironmentFailed, "the disk of the Docker daemon is full: free some space there"),
    (
        "address already in use",
        EnvironmentFailed,
        "an address or port is in use already: see what holds it, or run `quorate cleanup`",
    ),
    (
        "pool overlaps",
        EnvironmentFailed,
        "the subnet is taken by another network: remove that one, or run `quorate cleanup`",
    ),
    (
        "is already in use by container",
        EnvironmentFailed,
        "a container of that name is left over from another run: run `quorate cleanup`",
    ),
    (
        "cannot allocate memory",
        EnvironmentFailed,
        "this machine is out of memory: use fewer nodes, or end other programs",
    ),
    ("executable file not found", NodeFailed, "the image does not hold that program"),
    ("no such file or directory: unknown", NodeFailed, "the image does not hold that program"),
)
"""Part of the daemon's message, in lower case, what kind of error that is, and what it means for the user."""


def connect() -> docker.DockerClient:
    """A client of the daemon that the environment names (``DOCKER_HOST``, or the local socket).

    Raises:
        EnvironmentFailed: There is no daemon, or it may not be used; the message says what to do.
    """
    try:
        _knock(os.environ.get("DOCKER_HOST") or DEFAULT_HOST)
        return docker.from_env(timeout=TIMEOUT, max_pool_size=CONNECTIONS)
    except (DockerException, OSError) as error:
        raise EnvironmentFailed(unreachable(error)) from error


def _knock(host: str) -> None:
    """Connect to a local socket and hang up: where none listens, the SDK would leave its own socket open."""
    if not host.startswith(UNIX):
        return
    with socket.socket(socket.AF_UNIX) as knocking:
        knocking.settimeout(TIMEOUT)
        knocking.connect(host.removeprefix(UNIX))


def unreachable(error: BaseException) -> str:
    """Why the daemon cannot be talked to, and what to do, from the error of the attempt."""
    causes = list(_causes(error))
    if any(isinstance(cause, PermissionError) for cause in causes):
        return (
            "there is no permission to use Docker: run as root, or add your user to the group docker and log in again"
        )
    if any(isinstance(cause, FileNotFoundError) for cause in causes):
        return "Docker is not there: its socket does not exist. Install docker.io and start dockerd, or set DOCKER_HOST"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "Docker does not answer: its socket exists, but no daemon listens. Start dockerd"
    return f"Docker cannot be used: {_one_line(error)}. Check that `docker version` answers"


def explain(error: BaseException, doing: str) -> HarnessError:
    """The one-line error for a request to the daemon that failed.

    Args:
        error: What the Docker SDK raised.
        doing: What was being done: ``start n1``.
    """
    if not isinstance(error, APIError):
        return EnvironmentFailed(f"cannot {doing}: {unreachable(error)}")
    text = str(error.explanation or error)
    for part, kind, meaning in KNOWN:
        if part in text.lower():
            return kind(f"cannot {doing}: {meaning} (Docker says: {_one_line(text)})")
    return NodeFailed(f"cannot {doing}: Docker says: {_one_line(text)}")


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn whatever the Docker SDK raises inside into a one-line error."""
    try:
        yield
    except (DockerException, RequestException) as error:
        raise explain(error, doing) from error


async def blocking(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``call`` in a thread; a cancellation takes effect only when it has returned.

    A request that is under way would otherwise go on behind the back of whoever cleans up.
    """
    future = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait({future})
        if not future.cancelled():
            future.exception()
        raise


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it holds as arguments and what it came from, all the way down."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, *one.args]


def _one_line(error: object) -> str:
    return " ".join(str(error).split()).rstrip(".")
