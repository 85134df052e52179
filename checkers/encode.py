"""From a history of register operations to integer columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from checkers.columns import CAS, MISMATCH, READ, WRITE, Columns
from harness.history import TYPE_CODES, Calls, History
from harness.op import FAIL, INFO, OK

CAS_MISMATCH = "cas-mismatch"
"""The error code of a cas that failed because it saw another value."""

_PLAIN = {int, str, type(None)}


@dataclass(frozen=True, slots=True)
class Encoded:
    """The columns and the way back.

    Args:
        columns: What is decided on.
        calls: The operations of the history.
        row: int64, per row of the columns the row of ``calls``.
        keys: Per key of the columns its name in the history.
        unusable: Per key of the columns, why nothing can be said about it.
    """

    columns: Columns
    calls: Calls
    row: NDArray[np.int64]
    keys: list[str | int | None]
    unusable: dict[int, str]


def token(value: Any) -> Any:
    """A hashable stand-in that is equal for equal JSON values and for no others."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, float) and value == value:  # noqa: PLR0124 - only NaN differs from itself
        return value
    try:
        text = msgspec.json.encode(value, order="deterministic")
        if b"." in text or b"e" in text:
            text = msgspec.json.encode(_WHOLE.decode(text))
        return (type(value) is bool, text)
    except (TypeError, ValueError, msgspec.MsgspecError, RecursionError):
        return (type(value).__name__, repr(value))


def _whole(text: str) -> int | float:
    """Within a list as well, 1.0 and 1 are one number."""
    number = float(text)
    return int(number) if number.is_integer() else number


_WHOLE: Final = msgspec.json.Decoder(float_hook=_whole)


def tokens(values: Sequence[Any]) -> Sequence[Any]:
    """Stand-ins of many values; those of plain integers and strings are themselves."""
    if set(map(type, values)) <= _PLAIN:
        return values
    return [token(value) for value in values]


def register(history: History, initial: Any = None) -> Encoded:
    """The columns of all reads, writes and cas.

    Left out, because they say nothing: failed writes, reads without an answer, failed cas other than
    ``cas-mismatch``.

    Args:
        history: With the f ``read`` (ok value: what was read), ``write`` (v) and ``cas`` ([old, new]).
        initial: The value of every register before the first write.
    """
    calls = history.calls()
    names: list[str | int | None] = [None, *history.keys]
    present = np.bincount(calls.key + 1, minlength=len(names)) > 0
    key = (np.cumsum(present) - 1)[calls.key + 1]
    keys = [names[code] for code in np.flatnonzero(present).tolist()]
    unusable: dict[int, str] = {}
    ok, unknown = (calls.outcome == TYPE_CODES[outcome] for outcome in (OK, INFO))
    f_code = {name: code for code, name in enumerate(history.fs)}
    reads, writes, cas = (calls.f == f_code.get(name, -1) for name in ("read", "write", "cas"))
    for row in np.flatnonzero(~(reads | writes | cas)).tolist():
        name = history.fs[calls.f[row]]
        unusable.setdefault(int(key[row]), f"event {calls.invoke[row]} is a {name!r}: not an operation of a register")
    mismatch = np.zeros(len(calls), dtype=np.bool_)
    for row in np.flatnonzero(cas & (calls.outcome == TYPE_CODES[FAIL])).tolist():
        error = history[int(calls.complete[row])].error
        mismatch[row] = error is not None and error.split(":", 1)[0] == CAS_MISMATCH
    pairs, bad = _pairs(calls, np.flatnonzero(cas & (ok | unknown | mismatch)))
    for row in bad:
        what = f"event {calls.invoke[row]} is a cas of {calls.argument[row]!r}, which is not [old, new]"
        unusable.setdefault(int(key[row]), what)
    use = (reads & ok) | (writes & (ok | unknown)) | (cas & (ok | unknown | mismatch))
    use[bad] = False
    old, new = _intern(calls, reads & use, writes & use, np.flatnonzero(cas & use), pairs, initial=initial)
    f = np.where(reads, READ, np.where(writes, WRITE, np.where(mismatch, MISMATCH, CAS))).astype(np.int8)
    new[mismatch] = -1
    rows = np.flatnonzero(use)
    local_old, local_new, count = _localise(key[rows], old[rows], new[rows], len(keys))
    columns = Columns(
        call=calls.invoke[rows],
        ret=calls.complete[rows],
        f=f[rows],
        key=key[rows].astype(np.int32),
        old=local_old,
        new=local_new,
        keys=len(keys),
        values=count,
    )
    return Encoded(columns, calls, rows, keys, unusable)


def _pairs(calls: Calls, rows: NDArray[np.intp]) -> tuple[list[Sequence[Any]], list[int]]:
    """The arguments of the cas in these rows, and the rows whose argument is not a pair."""
    pairs: list[Sequence[Any]] = []
    bad: list[int] = []
    for row in rows.tolist():
        value = calls.argument[row]
        if isinstance(value, list | tuple) and len(value) == 2:  # noqa: PLR2004 - a pair
            pairs.append(value)
        else:
            bad.append(row)
    return pairs, bad


def _intern(
    calls: Calls,
    reads: NDArray[np.bool_],
    writes: NDArray[np.bool_],
    cas: NDArray[np.intp],
    pairs: Sequence[Sequence[Any]],
    *,
    initial: Any,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids of the values, the same for all keys; 0 is the initial value."""
    read_rows, write_rows = np.flatnonzero(reads), np.flatnonzero(writes)
    parts = (
        tokens([calls.result[row] for row in read_rows.tolist()]),
        tokens([calls.argument[row] for row in write_rows.tolist()]),
        tokens([pair[0] for pair in pairs]),
        tokens([pair[1] for pair in pairs]),
    )
    distinct = {token(initial): None}
    for part in parts:
        distinct.update(dict.fromkeys(part))
    ids = dict(zip(distinct, range(len(distinct)), strict=True))
    old = np.full(len(calls), -1, dtype=np.int64)
    new = np.full(len(calls), -1, dtype=np.int64)
    for column, rows, place in ((old, read_rows, 0), (new, write_rows, 1), (old, cas, 2), (new, cas, 3)):
        column[rows] = list(map(ids.__getitem__, parts[place]))
    return old, new


def _localise(
    key: NDArray[np.intp], old: NDArray[np.int64], new: NDArray[np.int64], keys: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], int]:
    """Ids that belong to one key each: the initial values first."""
    count = int(max(old.max(initial=0), new.max(initial=0))) + 1
    home = np.full(count, -1, dtype=np.int64)
    writing, seeing = new >= 0, old > 0
    home[old[seeing]] = key[seeing]
    home[new[writing]] = key[writing]
    apart = np.array_equal(home[new[writing]], key[writing]) and np.array_equal(home[old[seeing]], key[seeing])
    if apart or keys == 1:
        local = [np.where(column > 0, column + keys - 1, np.where(column == 0, key, -1)) for column in (old, new)]
        return local[0].astype(np.int32), local[1].astype(np.int32), count + keys - 1
    # The initial values get the lowest codes, so the ranks of the codes are the ids.
    codes = [np.where(c > 0, keys + key * count + c, np.where(c == 0, key, -1)) for c in (old, new)]
    distinct = np.unique(np.concatenate([np.arange(keys), *(c[c >= 0] for c in codes)]))
    local = [np.where(c >= 0, np.searchsorted(distinct, c), -1) for c in codes]
    return local[0].astype(np.int32), local[1].astype(np.int32), len(distinct)
