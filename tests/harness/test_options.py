"""Options are declared once; words of the command line become typed values and words again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.options import Option, as_words, parse_options

OPTIONS = (
    Option("reads", "linearizable", "How reads are served.", choices=("linearizable", "serializable")),
    Option("snapshot-count", 100_000, "Entries between two snapshots.", unit="entries", minimum=1),
    Option("election-timeout", 1.5, "Silence before an election.", unit="s", minimum=0.1),
    Option("unsafe-no-fsync", False, "Never wait for the disk."),
    Option("reads-share", 0.5, "Share of reads.", minimum=0, maximum=1),
    Option("offset", 0.0, "Of a clock, either way.", unit="s"),
)
NOT_SAID = {"reads-share": 0.5, "offset": 0.0}


def test_what_is_not_given_has_its_default() -> None:
    assert parse_options("etcd", OPTIONS, []) == {
        "reads": "linearizable",
        "snapshot-count": 100_000,
        "election-timeout": 1.5,
        "unsafe-no-fsync": False,
        **NOT_SAID,
    }


def test_words_become_values_of_the_option_s_type() -> None:
    words = ["reads=serializable", "snapshot-count=10", "election-timeout=2", "unsafe-no-fsync=yes"]

    values = parse_options("etcd", OPTIONS, words)

    assert values == {
        "reads": "serializable",
        "snapshot-count": 10,
        "election-timeout": 2.0,
        "unsafe-no-fsync": True,
        **NOT_SAID,
    }


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("reads", "write it as name=value"),
        ("raeds=serializable", "Did you mean 'reads'"),
        ("reads=fast", "linearizable | serializable"),
        ("snapshot-count=many", r"takes a number \(entries\)"),
        ("snapshot-count=1.5", r"takes a number \(entries\)"),
        ("snapshot-count=0", "at least 1"),
        ("election-timeout=nan", "at least 0.1"),
        ("election-timeout=inf", "at least 0.1"),
        ("reads-share=1.5", "at least 0 and at most 1"),
        ("reads-share=-0.1", "at least 0 and at most 1"),
        ("offset=nan", "a finite number"),
        ("offset=-inf", "a finite number"),
        ("unsafe-no-fsync=maybe", "true | false"),
    ],
)
def test_a_mistake_is_named_with_what_would_be_right(word: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_options("etcd", OPTIONS, [word])


@given(
    st.sampled_from(["linearizable", "serializable"]),
    st.integers(1, 10**9),
    st.floats(0.1, 1e6),
    st.booleans(),
)
def test_values_survive_the_way_to_words_and_back(reads: str, count: int, timeout: float, unsafe: bool) -> None:
    values = {"reads": reads, "snapshot-count": count, "election-timeout": timeout, "unsafe-no-fsync": unsafe}

    assert parse_options("etcd", OPTIONS, as_words(values, OPTIONS)) == values | NOT_SAID
