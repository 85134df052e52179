"""What the options mean, and which of them are refused together."""

from typing import Any

import pytest

from harness.errors import UsageError
from harness.options import parse_options
from targets.mongodb import consistency
from targets.mongodb.consistency import OPTIONS


def settings(*words: str) -> dict[str, Any]:
    return parse_options("mongodb", OPTIONS, words)


def test_the_defaults_are_the_strongest() -> None:
    how = consistency.of(settings())
    assert how.write_concern.document == {"w": "majority"}
    assert how.read_concern.document == {"level": "linearizable"}
    assert how.transaction_read_concern.document == {"level": "snapshot"}
    assert (how.read_preference, how.causal, how.discovery) == ("primary", False, True)


@pytest.mark.parametrize(
    ("words", "document"),
    [
        (["w=0"], {"w": 0}),
        (["w=1", "j=false"], {"w": 1, "j": False}),
        (["w=2", "j=true"], {"w": 2, "j": True}),
        (["w=majority", "j=true"], {"w": "majority", "j": True}),
    ],
)
def test_write_concerns(words: list[str], document: dict[str, Any]) -> None:
    assert consistency.of(settings(*words)).write_concern.document == document


@pytest.mark.parametrize(
    ("read", "within"),
    [("local", "local"), ("available", "local"), ("majority", "majority"), ("snapshot", "snapshot")],
)
def test_read_concerns_of_transactions(read: str, within: str) -> None:
    how = consistency.of(settings(f"read-concern={read}"))
    assert how.read_concern.level == read
    assert how.transaction_read_concern.level == within


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["w=most"], "option w is 'most', but it takes 0, 1, another number of members, or majority"),
        (["w=-1"], "option w is '-1'"),
        (["w=0", "j=true"], "w=0 waits for nothing"),
        (["w=00", "j=true"], "w=0 waits for nothing"),
        (["w=0", "causal-session=true", "read-concern=local"], "a session takes no unacknowledged writes"),
        (["read-preference=secondary"], "only the primary answers linearizable reads"),
        (["causal-session=true"], "a causal session cannot read with read-concern=linearizable: use majority"),
        (["causal-session=true", "read-concern=available"], "read-concern=available: use local, majority or snapshot"),
    ],
)
def test_what_cannot_go_together(words: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=why) as raised:
        consistency.of(settings(*words))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("mode", ["primaryPreferred", "secondary", "secondaryPreferred", "nearest"])
def test_reads_prefer_the_node_of_their_client_and_take_any_other(mode: str) -> None:
    how = consistency.of(settings("read-concern=local", f"read-preference={mode}"))
    assert how.preference("n2").document == {"mode": mode, "tags": [{"node": "n2"}, {}]}


def test_the_primary_is_the_primary_wherever_the_client_is() -> None:
    assert consistency.of(settings()).preference("n2").document == {"mode": "primary"}
