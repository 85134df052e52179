"""``verdict.json``: the conclusion of a run, as its checkers gave it."""

from pathlib import Path

import msgspec

from checkers.verdict import RunVerdict
from harness.errors import UsageError


def encode(verdict: RunVerdict) -> bytes:
    """The bytes of ``verdict.json``: indented JSON with a final newline."""
    return msgspec.json.format(msgspec.json.encode(verdict), indent=2) + b"\n"


def read(path: Path) -> RunVerdict:
    """The verdict in the file; fields that a later version adds are ignored.

    Raises:
        UsageError: It is missing or damaged.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=RunVerdict)
    except OSError as error:
        raise UsageError(
            f"cannot read the verdict {path}: {error.strerror or error}. Make it with `quorate check {path.parent}`"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the verdict {path} is damaged: {error}. Make it again with `quorate check {path.parent}`"
        ) from error
