"""Every error of the daemon as one line that says what to do."""

import asyncio
import threading
from typing import Any

import pytest
from docker.errors import APIError, DockerException

from harness.docker.daemon import blocking, connect, explain, unreachable
from harness.errors import EnvironmentFailed, HarnessError, NodeFailed


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("write /var/lib: no space left on device", EnvironmentFailed, "disk of the Docker daemon is full"),
        ("failed to create endpoint: Address already in use", EnvironmentFailed, "an address or port is in use"),
        ("Pool overlaps with other one on this address space", EnvironmentFailed, "the subnet is taken"),
        ('The container name "/q" is already in use by container "ab"', EnvironmentFailed, "quorate cleanup"),
        ("fork: cannot allocate memory", EnvironmentFailed, "out of memory"),
        ('exec: "etcd": executable file not found in $PATH', NodeFailed, "does not hold that program"),
        ("something\n  else.", NodeFailed, "Docker says: something else"),
    ],
)
def test_what_the_daemon_says_means(text: str, kind: type[HarnessError], words: str) -> None:
    error = explain(APIError("500", explanation=text), "start n1")
    assert type(error) is kind
    assert str(error).startswith("cannot start n1: ")
    assert words in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (PermissionError(13, "denied"), "no permission to use Docker"),
        (FileNotFoundError(2, "no file"), "Install docker.io and start dockerd"),
        (ConnectionRefusedError(111, "refused"), "no daemon listens"),
        (OSError("odd\nthing"), "odd thing"),
    ],
)
def test_why_there_is_no_daemon(cause: OSError, words: str) -> None:
    wrapped = DockerException("Error while fetching server API version", ConnectionError("aborted", cause))
    assert words in unreachable(wrapped if words != "odd thing" else cause)


def test_no_socket(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(EnvironmentFailed, match="Docker is not there"):
        connect()


async def test_a_cancellation_waits_for_the_request_under_way() -> None:
    entered, release, done = threading.Event(), threading.Event(), []

    def request() -> None:
        entered.set()
        release.wait()
        done.append(True)

    task = asyncio.ensure_future(blocking(request))
    await asyncio.to_thread(entered.wait)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [True]
