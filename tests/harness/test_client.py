"""Clients over blocking drivers: one thread each, and nobody waits for one that hangs."""

import asyncio
import subprocess
import sys
import threading

import pytest

from harness.client import BlockingClient, DidNotHappen
from harness.cluster import Node
from harness.op import INVOKE, Op

READ = Op(0, 0, 0, INVOKE, "read")
NODE: Node = object()  # type: ignore[assignment]  # nothing of it is used

HANGING = """
import asyncio, threading
from harness.client import BlockingClient
from harness.op import INVOKE, Op

class Hanging(BlockingClient):
    def connect(self, node): pass
    def request(self, op): asked.set(); threading.Event().wait()
    def disconnect(self): pass

async def main():
    client = Hanging()
    await client.open(None)
    request = asyncio.ensure_future(client.invoke(Op(0, 0, 0, INVOKE, "read")))
    await asyncio.to_thread(asked.wait)
    request.cancel()
    await client.close()

asked = threading.Event()
asyncio.run(main())
print("ended")
"""


class Recording(BlockingClient):
    """Notes what is called in which thread."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.threads: set[threading.Thread] = set()
        self.error: Exception | None = None

    def connect(self, node: Node) -> None:
        self._note("connect")

    def request(self, op: Op) -> Op:
        self._note("request")
        return op.ok(1)

    def disconnect(self) -> None:
        self._note("disconnect")

    def _note(self, what: str) -> None:
        self.calls.append(what)
        self.threads.add(threading.current_thread())
        if self.error is not None:
            raise self.error


async def closed(client: Recording) -> None:
    """Close, and wait for the end of its thread."""
    await client.close()
    for thread in client.threads:
        await asyncio.to_thread(thread.join)


async def test_everything_happens_in_one_thread_of_its_own_in_order() -> None:
    client = Recording()
    await client.open(NODE)
    assert (await client.invoke(READ)).value == 1
    await closed(client)

    assert client.calls == ["connect", "request", "disconnect"]
    assert len(client.threads) == 1
    assert threading.main_thread() not in client.threads


async def test_what_the_driver_raises_reaches_the_scheduler() -> None:
    client = Recording()
    await client.open(NODE)
    client.error = DidNotHappen("refused: read-only")
    with pytest.raises(DidNotHappen, match="read-only"):
        await client.invoke(READ)
    client.error = None
    assert (await client.invoke(READ)).value == 1
    await closed(client)


async def test_a_failure_to_disconnect_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    client = Recording()
    await client.open(NODE)
    client.error = OSError("already gone")
    await closed(client)

    assert "could not disconnect: OSError: already gone" in caplog.text


async def test_closing_a_client_that_was_never_opened_does_nothing() -> None:
    client = Recording()
    await client.close()
    assert client.calls == []


def test_a_request_that_never_ends_does_not_hold_up_the_end_of_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", HANGING], capture_output=True, text=True, check=False, timeout=60)

    assert (done.stdout, done.returncode) == ("ended\n", 0), done.stderr
