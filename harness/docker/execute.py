"""Runs a command inside a container, with standard input and a deadline, which the SDK's own call does not offer."""

import contextlib
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any, Final

import docker

from harness.cluster import Completed
from harness.docker.daemon import explained
from harness.errors import NodeFailed

STDOUT: Final = 1
STDERR: Final = 2
NOT_STARTED: Final = (126, 127)
RUNTIME_FAILED: Final = b"OCI runtime exec failed"
"""How the daemon says, on the command's own output, that there is no such program."""

_HEADER: Final = struct.Struct(">BxxxL")
_CHUNK: Final = 65536


def split_frames(data: bytes) -> tuple[bytes, bytes]:
    """Standard output and error from Docker's multiplexed stream (Engine API, "attach": 8 bytes of header a frame)."""
    streams = {STDOUT: bytearray(), STDERR: bytearray()}
    position = 0
    while position + _HEADER.size <= len(data):
        stream, size = _HEADER.unpack_from(data, position)
        position += _HEADER.size
        streams.setdefault(stream, bytearray()).extend(data[position : position + size])
        position += size
    return bytes(streams[STDOUT]), bytes(streams[STDERR])


def execute(
    client: docker.DockerClient, container: str, argv: Sequence[str], *, stdin: bytes, timeout: float, where: str
) -> Completed:
    """Run ``argv`` in the container and wait for its end.

    Args:
        client: Of the daemon.
        container: Its id.
        argv: Command and arguments.
        stdin: What the command reads.
        timeout: Seconds it may take.
        where: The container in words, for messages.

    Raises:
        NodeFailed: It could not be started, or took too long (it may go on running then).
    """
    words = " ".join(argv)
    with explained(f"run `{words}` in {where}"):
        execution = client.api.exec_create(container, list(argv), stdin=True)["Id"]
        stream = client.api.exec_start(execution, socket=True)
        try:
            output = _converse(stream, stdin, timeout)
        except TimeoutError:
            raise NodeFailed(f"`{words}` did not end within {timeout:g} s in {where}") from None
        finally:
            _close(stream)
        code = client.api.exec_inspect(execution)["ExitCode"]
    stdout, stderr = split_frames(output)
    if code in NOT_STARTED and stdout.startswith(RUNTIME_FAILED):
        raise NodeFailed(f"`{words}` could not be started in {where}: the image does not hold that program")
    return Completed(int(code), stdout, stderr)


def _close(stream: Any) -> None:
    """Close the connection for good: the SDK keeps the HTTP response that holds it as an attribute of the stream."""
    response = getattr(stream, "_response", None)
    (stream if response is None else response).close()


def _converse(stream: Any, stdin: bytes, timeout: float) -> bytes:
    """Send ``stdin`` and read until the end.

    The SDK hands out the bare socket, but the reader of the HTTP response may have read the first frames of a quick
    command together with the headers: so reading goes on through that reader.
    """
    raw: socket.socket = getattr(stream, "_sock", stream)
    response = getattr(stream, "_response", None)
    reader = response.raw._fp.fp if response is not None else raw.makefile("rb")  # noqa: SLF001 - no public way to it
    deadline = time.monotonic() + timeout
    raw.settimeout(timeout)
    with contextlib.suppress(BrokenPipeError):  # a command that reads nothing may have ended already
        raw.sendall(stdin)
    with contextlib.suppress(OSError):  # the same, for the end of its input
        raw.shutdown(socket.SHUT_WR)
    output = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        raw.settimeout(left)
        chunk = reader.read1(_CHUNK)
        if not chunk:
            return bytes(output)
        output += chunk
