"""The multiplexed stream of the Engine API."""

import struct

from harness.docker.execute import STDERR, STDOUT, split_frames


def frame(stream: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(data)) + data


def test_frames_are_sorted_by_stream() -> None:
    data = frame(STDOUT, b"one ") + frame(STDERR, b"bad") + frame(STDOUT, b"two")
    assert split_frames(data) == (b"one two", b"bad")


def test_a_stream_that_breaks_off_gives_what_there_was() -> None:
    assert split_frames(frame(STDOUT, b"whole") + frame(STDOUT, b"cut off")[:-3]) == (b"wholecut ", b"")
    assert split_frames(b"\x01\x00") == (b"", b"")
