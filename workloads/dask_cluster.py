"""Deciding on a Dask cluster: for histories that one machine decides too slowly."""

import asyncio
import contextlib
import pickle
import queue
import time
import warnings
from asyncio import CancelledError
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from checkers.linearizability import parallel
from checkers.linearizability.checker import Decider
from checkers.linearizability.decide import decide
from checkers.linearizability.decision import UNDECIDED, Budget, Decision
from checkers.linearizability.model import Model
from checkers.linearizability.operations import Operations
from harness.errors import EnvironmentFailed

if TYPE_CHECKING:
    from distributed import Client, Future

_GROUPS_PER_THREAD: Final = 4
"""So that a worker that is done early finds more to do."""

_FEWEST: Final = 1000
"""Operations in a group that are worth being sent."""

_ANSWER: Final = 10
"""Seconds in which the scheduler must answer."""

_PATIENCE: Final = 30
"""Seconds without any worker after which nobody is waited for."""

_LOOK: Final = 1.0
"""Seconds between two looks at the cluster."""


@contextlib.contextmanager
def decider(address: str, patience: float = _PATIENCE) -> Iterator[Decider]:
    """What decides on the workers of a cluster; the verdict is the one that it would be here.

    Groups of parts are sent with nothing but their own values. When a worker dies, the cluster gives its group to
    another one; a group that no worker survives, or that the cluster loses, is undecided, with that as the reason.

    Args:
        address: Of the scheduler, ``tcp://10.0.0.5:8786``.
        patience: Seconds for which the cluster may be without any worker.

    Raises:
        EnvironmentFailed: The package ``distributed`` is missing, or no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError as missing:
        raise EnvironmentFailed(f"Dask is not installed ({missing}): pip install 'quorate[dask]'") from missing
    try:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, _meet(address)).result()
        client = Client(address, timeout=_ANSWER, set_as_default=False)
    except Exception as error:  # whatever stands there instead of a scheduler can answer anything
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EnvironmentFailed(
            f"no Dask scheduler answers at {address!r}: {why}. Start one (`dask scheduler`), or check without it"
        ) from error
    with client:
        yield _Cluster(client, patience)


async def _meet(address: str) -> None:
    """Shake hands once: a ``Client`` that cannot is not able to close either, and prints a traceback in the end.

    Raises:
        OSError: Nobody answers.
        ValueError: It is no address.
    """
    from distributed.comm import connect
    from distributed.security import Security

    security = Security().get_connection_args("client")
    async with asyncio.timeout(_ANSWER + 2):
        comm = await connect(address, timeout=_ANSWER, **security)
    comm.abort()


class _Cluster:
    """Decides where a client's workers are."""

    def __init__(self, client: "Client", patience: float) -> None:
        self._client = client
        self._patience = patience

    def __call__(self, operations: Operations, model: Model, budget: Budget) -> Decision:
        threads = self._threads()
        slots = sum(threads) or 1
        groups = parallel.split(operations, max(1, min(_GROUPS_PER_THREAD * slots, len(operations) // _FEWEST)))
        memory = budget.memory // max(threads, default=1)
        waiting = list(reversed(groups))
        running: dict[Future[Decision], parallel.Group] = {}
        found: list[tuple[parallel.Group, Decision]] = []
        done: queue.SimpleQueue[Future[Decision]] = queue.SimpleQueue()
        seen = time.monotonic()
        while waiting or running:
            while waiting and len(running) < slots:
                group = waiting.pop()
                future = self._send(group, model, budget.left, memory)
                running[future] = group
                future.add_done_callback(done.put)
            with contextlib.suppress(queue.Empty):
                future = done.get(timeout=_LOOK)
                group = running.pop(future)
                found.append((group, _outcome(future, group)))
                continue
            if self._threads():
                seen = time.monotonic()
            elif time.monotonic() - seen > self._patience:
                why = f"the Dask cluster had no worker for {self._patience:.3g} s"
                found += [(group, _undecided(group, why)) for group in (*waiting, *running.values())]
                self._client.cancel(list(running), force=True)
                break
        return parallel.join(operations.parts, found)

    def _threads(self) -> list[int]:
        """Of each worker; none where the scheduler does not answer."""
        try:
            return list(self._client.nthreads().values())
        except (OSError, TimeoutError, RuntimeError):
            return []

    def _send(self, group: parallel.Group, model: Model, seconds: float, memory: int) -> "Future[Decision]":
        import cloudpickle

        with warnings.catch_warnings():
            # Data that lies with a worker would be lost with it; in the task it is as large as it has to be.
            warnings.filterwarnings("ignore", "Sending large graph")
            call = _Call(parallel.compact(group.operations), model, seconds, memory)
            return self._client.submit(pickle.loads, cloudpickle.dumps(call), pure=False)


class _Call:
    """Is decided where it is unpickled.

    So what a worker cannot unpickle, such as a model from a module that it does not have, is an error of the task; it
    would be the end of a worker that unpickles it as the argument of one.
    """

    def __init__(self, *arguments: Any) -> None:
        self._arguments = arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return _decide, self._arguments


def _decide(operations: Operations, model: Model, seconds: float, memory: int) -> Decision:
    """On a worker."""
    return decide(operations, model, Budget(seconds, memory))


def _outcome(future: "Future[Decision]", group: parallel.Group) -> Decision:
    try:
        found: Decision = future.result(timeout=_ANSWER)
    except (Exception, CancelledError) as error:  # noqa: BLE001 - whatever happened there, here it is a reason
        text = str(error).splitlines()
        why = f"the Dask cluster could not decide it: {type(error).__name__}{': ' + text[0] if text else ''}"
        return _undecided(group, why)
    return found


def _undecided(group: parallel.Group, why: str) -> Decision:
    parts = len(group.parts)
    return Decision(np.full(parts, UNDECIDED, dtype=np.int8), {}, dict.fromkeys(range(parts), why))
