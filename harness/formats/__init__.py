"""Histories of other projects: which format a file has, and what is in it.

Every reader turns text into events, up to the first thing that it cannot read. The events before that are the history,
and its ``damage`` says where and why it ends: such a history is never valid.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from harness.errors import UsageError, unknown_name
from harness.formats import edn, events, jsontext, log
from harness.formats.detect import HEAD, detect
from harness.formats.events import OBSERVED, BadInput, Keys, Meaning, NilReads
from harness.history import History
from harness.history_file import Damage

QUORATE: Final = "quorate"


@dataclass(frozen=True, slots=True)
class Format:
    """One notation for histories.

    Args:
        name: As ``--from`` has it.
        summary: Whose it is.
        source: From a text to the fields of each event, with its offset.
        meaning: What its events mean where nothing else is said.
    """

    name: str
    summary: str
    source: Callable[[str], Iterator[tuple[int, Any]]]
    meaning: Meaning


FORMATS: Final = {
    one.name: one
    for one in (
        Format("jsonl", "JSON objects, one a line", jsontext.objects, Meaning("initial")),
        Format("jepsen-edn", "Jepsen's history.edn, one map a line", edn.forms, Meaning()),
        Format("jepsen-json", "Jepsen's history as a JSON array", jsontext.objects, Meaning()),
        Format("jepsen-log", "the lines of jepsen.util in a log", log.events, Meaning("initial", OBSERVED)),
        Format("knossos-edn", "Knossos' histories, one vector or list of maps", edn.forms, Meaning()),
        Format(
            "porcupine-kv",
            "Porcupine's kv text, one map with a :key a line",
            edn.forms,
            Meaning("initial", keys="none"),
        ),
    )
}
"""All but quorate's own."""

NAMES: Final = (QUORATE, *FORMATS)


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says of a file; None for what its format says.

    Args:
        name: Its format.
        nil_reads: See ``Meaning``.
        failed_cas: See ``Meaning``.
        keys: See ``Meaning``.
    """

    name: str | None = None
    nil_reads: NilReads | None = None
    failed_cas: str | None = None
    keys: Keys | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A history, the name of the format that it was read from, and how that was understood in words of options."""

    history: History
    format: str
    meaning: str = ""


def read(source: Path | bytes, options: Options = Options()) -> Recorded:
    """The history in a file, or in the bytes of one.

    Raises:
        UsageError: There is no such file, its format is unknown, or an option does not fit it.
    """
    head = source[:HEAD] if isinstance(source, bytes) else _bytes(source, HEAD)
    name = options.name or detect(head)
    if name is None:
        begins = head[:20].decode("utf-8", "replace")
        whose = source if isinstance(source, Path) else "standard input"
        raise UsageError(
            f"{whose}: line 1, column 1: {begins!r} begins no history of a known format. Say which it is: --from "
            f"{' | '.join(NAMES)}"
        )
    if name == QUORATE:
        return Recorded(_own(source, options), name)
    if name not in FORMATS:
        raise unknown_name("format", name, NAMES)
    form = FORMATS[name]
    usual = form.meaning
    meaning = Meaning(
        options.nil_reads or usual.nil_reads, options.failed_cas or usual.failed_cas, options.keys or usual.keys
    )
    history = _foreign(source if isinstance(source, bytes) else _bytes(source), form, meaning)
    return Recorded(history, name, f"--nil-reads {meaning.nil_reads} --failed-cas {meaning.failed_cas}")


def _own(source: Path | bytes, options: Options) -> History:
    if options.nil_reads or options.failed_cas or options.keys not in (None, "none", "tagged"):
        raise UsageError(
            "quorate's own files say what they mean: --nil-reads, --failed-cas and --keys are for files from elsewhere "
            "(--from jsonl reads such a file as one)"
        )
    if isinstance(source, Path):
        return History.read(source)
    return History.load(BytesIO(source))


def _foreign(data: bytes, form: Format, meaning: Meaning) -> History:
    text, undecodable = _text(data)
    found, bad = events.ops(form.source(text), meaning)
    if undecodable and (bad is None or bad.offset >= len(text)):
        bad = undecodable
    return History(found, None if bad is None else _damage(text, bad))


def _text(data: bytes) -> tuple[str, BadInput | None]:
    """What is UTF-8, without a byte order mark, and what is wrong behind it."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode(), None
    except UnicodeDecodeError as error:
        text = data[: error.start].decode()
        return text, BadInput(len(text), f"the byte 0x{data[error.start]:02x} is no UTF-8: save the file as UTF-8")


def _damage(text: str, bad: BadInput) -> Damage:
    line = text.count("\n", 0, bad.offset) + 1
    column = bad.offset - text.rfind("\n", 0, bad.offset)
    return Damage(line, f"column {column}: {' '.join(bad.reason.split())}")


def _bytes(path: Path, size: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise UsageError(f"cannot read the history {path}: {error.strerror or error}") from error
