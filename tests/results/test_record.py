"""The run record on disk."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import sample_runs

from results.record import decode, encode, parse_instant


def test_a_record_survives_writing_and_reading() -> None:
    record = sample_runs.record()

    assert decode(encode(record)) == record


def test_fields_of_a_later_version_are_ignored() -> None:
    data = json.loads(encode(sample_runs.record())) | {"colour": "blue"}

    assert decode(json.dumps(data).encode()) == sample_runs.record()


def test_time_zero_of_the_history_is_where_the_load_began() -> None:
    began = sample_runs.record().load_began

    assert began == datetime(2026, 3, 1, 10, 0, 2, 100_000, tzinfo=UTC)
    assert sample_runs.record(phases=()).load_began is None


def test_an_instant_without_a_zone_is_utc() -> None:
    assert parse_instant("2026-03-01T10:00:00").utcoffset() == timedelta(0)


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(b'{"name": 7}')
