"""Random streams: named, independent of each other, repeatable."""

from harness.random import Streams


def numbers(seed: int, name: str) -> list[float]:
    stream = Streams(seed).stream(name)
    return [stream.random() for _ in range(5)]


def test_the_same_seed_and_name_give_the_same_numbers() -> None:
    assert numbers(7, "nemesis") == numbers(7, "nemesis")


def test_another_seed_or_name_gives_others() -> None:
    assert len({tuple(numbers(seed, name)) for seed in (1, 2) for name in ("a", "b")}) == 4


def test_a_new_consumer_does_not_shift_the_others() -> None:
    streams = Streams(7)
    streams.stream("newcomer").random()

    assert [streams.stream("nemesis").random()] == numbers(7, "nemesis")[:1]
