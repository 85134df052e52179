"""The simulated network: latency, order, cuts."""

import asyncio
from typing import Any

import pytest

from harness.random import Streams
from harness.simulated.loop import SECOND, VirtualLoop, run
from harness.simulated.network import Network

MILLISECOND = SECOND // 1000


class Rig:
    """A network of three nodes that note what arrives, from whom and when."""

    def __init__(self, seed: int = 1, latency: int = 10 * MILLISECOND) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self.loop = loop
        self.seen: list[tuple[int, str, str, Any]] = []
        names = ["n1", "n2", "n3"]
        receivers = {name: self._receiver(name) for name in names}
        self.network = Network(loop, names, receivers, latency=latency, streams=Streams(seed))

    def _receiver(self, name: str) -> Any:
        return lambda sender, message: self.seen.append((self.loop.now, sender, name, message))

    def send(self, source: str, to: str, message: Any) -> None:
        self.network.outgoing(source)[to].send(message)


def test_messages_arrive_in_order_after_about_the_latency() -> None:
    async def main() -> list[tuple[int, str, str, Any]]:
        rig = Rig()
        for number in range(100):
            rig.send("n1", "n2", number)
        await asyncio.sleep(1)
        return rig.seen

    seen = run(main())

    assert [(source, to, message) for _, source, to, message in seen] == [("n1", "n2", n) for n in range(100)]
    assert all(5 * MILLISECOND <= time <= 15 * MILLISECOND for time, *_ in seen)
    assert len({time for time, *_ in seen}) > 1


def test_a_cut_is_directed_and_loses_what_is_in_flight() -> None:
    async def main() -> list[tuple[str, str, Any]]:
        rig = Rig()
        rig.send("n1", "n2", "in flight")
        rig.network.cut(frozenset({("n1", "n2")}))
        rig.send("n1", "n2", "while cut")
        rig.send("n2", "n1", "back")
        rig.network.cut(frozenset())
        rig.send("n1", "n2", "after")
        await asyncio.sleep(1)
        return [(source, to, message) for _, source, to, message in rig.seen]

    assert sorted(run(main())) == [("n1", "n2", "after"), ("n2", "n1", "back")]


def test_the_cut_pairs_are_all_that_is_wanted_and_show_in_reachable() -> None:
    async def main() -> None:
        network = Rig().network
        network.cut(frozenset({("n1", "n2"), ("n2", "n3")}))
        network.cut(frozenset({("n2", "n3")}))

        assert network.cut_pairs == {("n2", "n3")}
        assert network.reachable("n1", "n2")
        assert not network.reachable("n2", "n3")
        assert network.reachable("n3", "n2")
        assert network.reachable("n3", "n3")

    run(main())


def test_a_cut_of_an_unknown_node_changes_nothing() -> None:
    async def main() -> None:
        network = Rig().network
        with pytest.raises(KeyError, match="n9"):
            network.cut(frozenset({("n1", "n2"), ("n9", "n1")}))

        assert network.reachable("n1", "n2")

    run(main())


def test_what_one_link_carries_does_not_change_the_latencies_of_another() -> None:
    async def main(noise: int) -> list[int]:
        rig = Rig()
        for _ in range(noise):
            rig.send("n3", "n1", "noise")
        for number in range(5):
            rig.send("n1", "n2", number)
            await asyncio.sleep(0.1)
        return [time for time, source, *_ in rig.seen if source == "n1"]

    assert run(main(0)) == run(main(50))
