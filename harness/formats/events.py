"""From the fields of an event, as a file of another project has them, to ``Op``; and what it left to be guessed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import msgspec

from harness.evidence import Evidence
from harness.op import FAIL, INFO, INVOKE, MOST_32, MOST_64, MOST_FS, NEMESIS, OK, Op, Type

NilReads = Literal["unknown", "initial"]
Keys = Literal["auto", "pairs", "tagged", "none"]

OBSERVED: Final = "observed"
IGNORED: Final = "ignored"
MISMATCH: Final = "cas-mismatch"
"""The error of a failed cas that saw another value than it expected."""

MILLISECOND: Final = 1_000_000
"""Nanoseconds between the events of a file that has no times."""

_TYPES: Final[dict[Any, Type]] = {name: kind for kind in (INVOKE, OK, FAIL, INFO) for name in (kind, f":{kind}")}
READS: Final = frozenset({"read", "get"})
"""What may see nothing."""

_PAIR: Final = 2
_STEP: Final = 3
_STEP_READS: Final = ("read", "r")
_STEPS: Final = (*_STEP_READS, "write", "w")
_KEYS: Final = (str, int)
_LIKE_KEYS: Final = (str, int, float)
_RARE: Final = frozenset({"node", "version", "evidence"})
_SHOWN: Final = 60
_NOBODY: Final = ("", None)


class BadInput(Exception):
    """A text stops being what it should be.

    Args:
        offset: Where, in characters.
        reason: What is wrong, why, and what to do.
    """

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason


class Pair(list[Any]):
    """A key and a value: a tuple of jepsen.independent."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the events of a format mean where formats differ.

    Args:
        nil_reads: Of an ok ``read`` or ``get`` of nil: ``unknown``, nobody knows what it saw; ``initial``, it saw that
            there was no value. The same of the reads of a ``txn``.
        failed_cas: Which failed cas have seen another value than they expected: ``ignored``, only those whose error is
            ``cas-mismatch``; ``observed``, besides those without an error; otherwise, besides those with this error.
        keys: Whether values are pairs ``[key value]`` of independent objects; ``auto``, when all invocations look so;
            ``tagged``, when all have the tag of jepsen.independent.
    """

    nil_reads: NilReads = "unknown"
    failed_cas: str = IGNORED
    keys: Keys = "auto"


class _Row(NamedTuple):
    """One event, checked, but for the numbers of its process and its time."""

    offset: int
    process: int | str
    type: Type
    f: str
    key: str | int | None
    value: Any
    time: Any
    node: str | None
    error: str | None
    version: int | None
    evidence: Evidence | None


def ops(source: Iterable[tuple[int, Any]], meaning: Meaning) -> tuple[Iterator[Op], BadInput | None]:
    """The events up to the first bad one, and what is wrong with that.

    Args:
        source: Per event its offset and its fields; raises ``BadInput`` where the text ends being readable.
        meaning: Of the format.
    """
    rows, bad = _rows(source)
    if meaning.keys == "pairs" or (meaning.keys != "none" and are_pairs(rows, tagged=meaning.keys == "tagged")):
        rows, unpaired = _split(rows)
        bad = unpaired or bad
    return _numbered(rows, meaning), bad


def _rows(source: Iterable[tuple[int, Any]]) -> tuple[list[_Row], BadInput | None]:
    rows: list[_Row] = []
    pending: dict[int | str, tuple[str, str | int | None]] = {}
    fs: set[str] = set()
    try:
        for offset, fields in source:
            row = _row(offset, fields, pending)
            fs.add(row.f)
            if len(fs) > MOST_FS:
                return rows, BadInput(offset, f"more than {MOST_FS} different values of f")
            rows.append(row)
    except BadInput as bad:
        return rows, bad
    return rows, None


def _row(offset: int, fields: Any, pending: dict[int | str, tuple[str, str | int | None]]) -> _Row:
    if type(fields) is not dict:
        raise BadInput(offset, f"an event is a map with its process, type, f and value, and not {_short(fields)}")
    get = fields.get
    type_ = get("type")
    kind = _TYPES.get(type_) if type(type_) is str else None
    if kind is None:
        raise BadInput(offset, f"an event of type {_short(type_)}: it must be invoke, ok, fail or info")
    process = get("process")
    if type(process) is not int or not NEMESIS <= process < MOST_32:
        process = _process(offset, process)
    f, key, error = get("f"), get("key"), get("error")
    if key is not None and type(key) not in _KEYS:
        raise _no_key(offset, key)
    if kind != INVOKE:
        # What a completion leaves out is as in its invocation.
        begun_f, begun_key = pending.pop(process, _NOBODY)
        f = begun_f if f is None else f
        key = begun_key if key is None else key
    if type(f) is not str or not f:
        raise BadInput(offset, f"an event of process {_short(process)} whose f is {_short(f)}: it must be a name")
    if f[0] == ":":
        f = f[1:]
    if kind == INVOKE:
        pending[process] = f, key
    error = None if error is None else _error(error)
    node, version, evidence = (None, None, None) if _RARE.isdisjoint(fields) else _details(offset, fields)
    return _Row(offset, process, kind, f, key, get("value"), get("time"), node, error, version, evidence)


def _details(offset: int, fields: dict[str, Any]) -> tuple[str | None, int | None, Evidence | None]:
    """What few files have."""
    node, version, evidence = map(fields.get, ("node", "version", "evidence"))
    known = type(version) is int and 0 <= version <= MOST_64
    try:
        facts = None if evidence is None else msgspec.convert(evidence, Evidence)
    except msgspec.ValidationError as error:
        raise BadInput(offset, f"evidence that cannot be understood: {error}") from error
    return None if node is None else _text(node), version if known else None, facts


def _process(offset: int, process: Any) -> int | str:
    """A number, or a name that becomes one."""
    if type(process) is int:
        raise BadInput(offset, f"process {_short(process)} is out of range: 0 to {MOST_32 - 1}")
    name = process.lstrip(":") if isinstance(process, str) else ""
    if not name:
        raise BadInput(offset, f"an event whose process is {_short(process)}: it must be a number or a name")
    if name == "nemesis":
        return NEMESIS
    if name.isascii() and name.isdigit() and len(name) < len(str(MOST_32)):
        return int(name)
    return name


def _error(error: Any) -> str:
    """An error as ``code: words``."""
    if isinstance(error, list) and error and isinstance(error[0], str):
        code, *rest = error
        return f"{code}: {' '.join(map(_text, rest))}" if rest else str(code)
    return _text(error).removeprefix(":")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _short(value: Any) -> str:
    if value is None:
        return "missing"
    text = repr(value) if isinstance(value, str) else _text(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _no_key(offset: int, key: Any, advice: str = "") -> BadInput:
    """Any text that stood for it could be another key as well."""
    return BadInput(offset, f"the key {_short(key)}: a key must be a string or an integer{advice}")


def _is_pair(value: Any) -> bool:
    """Whether it is a key and a value, be it a key that nobody can have."""
    return type(value) is Pair or (isinstance(value, list) and len(value) == _PAIR and isinstance(value[0], _LIKE_KEYS))


def are_pairs(rows: Iterable[_Row | Op], *, tagged: bool = False) -> bool:
    """Whether all values are a key and a value, or are said to be; the two values of a cas alone do not look so."""
    found = False
    for row in rows:
        if row.type != INVOKE or row.process == NEMESIS:
            continue
        surely = type(row.value) is Pair
        if row.key is not None or not (surely or (_is_pair(row.value) and not tagged)):
            return False
        if row.f == "cas" and not surely and not (isinstance(row.value[1], list) and len(row.value[1]) == _PAIR):
            return False
        found = True
    return found


def _split(rows: Sequence[_Row]) -> tuple[list[_Row], BadInput | None]:
    """The same with keys, and the first invocation or tuple that has none."""
    keyed: list[_Row] = []
    pending: dict[int | str, Any] = {}
    for row in rows:
        if row.process == NEMESIS or row.key is not None:
            keyed.append(row)
            continue
        two = isinstance(row.value, list) and len(row.value) == _PAIR
        key, value = row.value if two else (None, row.value)
        if row.type == INVOKE:
            if not two:
                return keyed, BadInput(row.offset, f"the value {_short(row.value)} is no pair of a key and a value")
            if type(key) not in _KEYS:
                return keyed, _no_key(row.offset, key, "; if values are no pairs, say --keys none")
            pending[row.process] = key
        else:
            begun = pending.pop(row.process, None)
            # An ok tuple with another key answers another question: the history says so, and is malformed.
            if not (_is_pair(row.value) and type(key) in _KEYS) or (key != begun and row.type != OK):
                key, value = begun, row.value
        keyed.append(row._replace(key=key, value=value))
    return keyed, None


def _numbered(rows: Sequence[_Row], meaning: Meaning) -> Iterator[Op]:
    numbers = _numbers(rows)
    timed = all(type(row.time) is int and 0 <= row.time <= MOST_64 for row in rows)
    unknown = meaning.nil_reads == "unknown"
    mismatch = _mismatch(meaning.failed_cas)
    for index, (_, process, kind, f, key, value, time, node, error, version, evidence) in enumerate(rows):
        if kind == OK and unknown and process != NEMESIS:
            if value is None and f in READS:
                kind, error = INFO, error or "nil: what was read is not known"  # noqa: PLW2901 - this is what it means
            elif f == "txn":
                value = known(value)  # noqa: PLW2901 - the same
        elif kind == FAIL and f == "cas" and mismatch(error):
            error = f"{MISMATCH}: {error or 'failed'}"  # noqa: PLW2901 - this is what it means
        number = numbers[process] if type(process) is str else process
        instant = time if timed else index * MILLISECOND
        yield Op(index, instant, number, kind, f, key, value, node, error, version, evidence)  # type: ignore[arg-type]  # a str has its number


def known(transaction: Any) -> Any:
    """A transaction of reads and writes without its reads of nil, of which nobody knows what they saw."""
    steps = transaction if isinstance(transaction, list | tuple) else ()
    if not all(isinstance(step, list | tuple) and len(step) == _STEP and step[0] in _STEPS for step in steps):
        return transaction
    told = [step for step in steps if step[2] is not None or step[0] not in _STEP_READS]
    return told if len(told) < len(steps) else transaction


def _numbers(rows: Sequence[_Row]) -> dict[Any, int]:
    """Numbers for the processes that have names, above all others."""
    fresh = max((row.process for row in rows if isinstance(row.process, int)), default=-1) + 1
    named = dict.fromkeys(row.process for row in rows if isinstance(row.process, str))
    return {name: fresh + number for number, name in enumerate(named)}


def _mismatch(failed_cas: str) -> Callable[[str | None], bool]:
    """Whether the failure of a cas with this error is to be taken for an observation."""
    if failed_cas == IGNORED:
        return lambda _: False
    if failed_cas == OBSERVED:
        return lambda error: error is None
    return lambda error: error is not None and error.split(":", 1)[0] == failed_cas
