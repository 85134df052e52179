"""The probe's program, run for real against this machine."""

import subprocess

from nemesis import probe


def answering(*addresses: str) -> set[str]:
    done = subprocess.run(probe.command(addresses), capture_output=True, text=True, check=True)
    return set(probe.parse(done.stdout))


def test_a_kernel_answers_where_nothing_listens_and_one_that_drops_does_not() -> None:
    assert answering() == set()
    assert answering("127.0.0.1", "127.0.0.2") == {"127.0.0.1", "127.0.0.2"}


def test_what_cannot_be_reached_does_not_answer() -> None:
    """In a network namespace of its own only the loopback is there, and it is down."""
    done = subprocess.run(
        ["unshare", "--user", "--net", *probe.command(["127.0.0.1", "192.0.2.1"])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert probe.parse(done.stdout) == frozenset()


def test_the_answers_are_the_lines() -> None:
    assert probe.parse("10.0.0.1\n10.0.0.3\n") == {"10.0.0.1", "10.0.0.3"}
    assert probe.parse("") == frozenset()
