"""The values of a history: each distinct JSON value once, and a code wherever it occurs."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from harness.errors import UsageError

PLAIN: Final = {int, str, type(None)}
"""Types whose values are equal exactly when Python says so."""

_SCALARS: Final = {*PLAIN, bool}
_CONTAINERS: Final = (list, tuple, dict, set, frozenset)

NULL: Final = 0
"""The code of null."""


def token(value: Any) -> Any:
    """A hashable stand-in that is equal for equal JSON values and for no others.

    What a program has and JSON has not (bytes, NaN, objects) is equal to what has the same type and ``repr``.

    Raises:
        UsageError: It is nested too deep.
    """
    if type(value) in PLAIN:
        return value
    if isinstance(value, float) and value == value:  # noqa: PLR0124 - only NaN differs from itself
        return value
    try:
        text = msgspec.json.encode(value, order="deterministic")
        # Only strings and nulls can stand for something that JSON has not.
        if (b'"' in text or b"null" in text) and not _is_json(value):
            return _foreign(value)
        if b"." in text or b"e" in text:
            text = msgspec.json.encode(_WHOLE.decode(text))
        return (type(value) is bool, text)
    except (TypeError, ValueError, msgspec.MsgspecError):
        return (type(value).__name__, repr(value))
    except RecursionError as error:
        raise UsageError("a value is nested too deep to be compared: such a history cannot be held") from error


def _is_json(value: Any) -> bool:
    """Whether its JSON is that of no other value: bytes would become a string, and NaN null."""
    if isinstance(value, _CONTAINERS):
        members = value.values() if isinstance(value, dict) else value
        return set(map(type, members)) <= _SCALARS or all(map(_is_json, members))
    return type(value) in _SCALARS or (isinstance(value, float) and value - value == 0)


def _foreign(value: Any) -> Any:
    if isinstance(value, dict):
        return frozenset((token(name), token(member)) for name, member in value.items())
    if isinstance(value, _CONTAINERS):
        return tuple(map(token, value))
    return (type(value).__name__, repr(value))


def is_whole(value: Any) -> bool:
    """Whether it is an integer, however JSON wrote it: 2.0 is one, true is none."""
    return type(value) is int or (type(value) is float and value.is_integer())


def _whole(text: str) -> int | float:
    """Within a list as well, 1.0 and 1 are one number."""
    number = float(text)
    return int(number) if number.is_integer() else number


_WHOLE: Final = msgspec.json.Decoder(float_hook=_whole)


_ADDING: Final = threading.Lock()
"""Checkers ask for codes from several threads."""


class Values:
    """Distinct JSON values; equal values have one code, and null has the code ``NULL``."""

    def __init__(self) -> None:
        self._codes: dict[Any, int] = {None: NULL}
        self._table: list[Any] = [None]

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, code: int) -> Any:
        return self._table[code]

    def code(self, value: Any) -> int:
        """The code of a value, a new one when it was not there yet."""
        stand_in = token(value)
        code = self._codes.get(stand_in)
        return self._add(stand_in, value) if code is None else code

    def _add(self, stand_in: Any, value: Any) -> int:
        with _ADDING:
            code = self._codes.get(stand_in)
            if code is None:
                code = self._codes[stand_in] = self._new(value)
        return code

    def _new(self, value: Any) -> int:
        self._table.append(value)
        return len(self._table) - 1

    def codes(self, values: Sequence[Any]) -> list[int]:
        """The codes of many."""
        if not set(map(type, values)) <= PLAIN:
            return list(map(self.code, values))
        with _ADDING:
            new = [value for value in dict.fromkeys(values) if value not in self._codes]
            self._codes.update(zip(new, range(len(self._table), len(self._table) + len(new)), strict=True))
            self._table += new
        return list(map(self._codes.__getitem__, values))

    def integers(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Per code the integer that it stands for (0 where it stands for none), and whether it stands for one."""
        whole = [is_whole(value) and abs(value) < 1 << 62 for value in self._table]
        numbers = [int(value) if fits else 0 for value, fits in zip(self._table, whole, strict=True)]
        return np.array(numbers, dtype=np.int64), np.array(whole, dtype=np.bool_)


class Decoded(Sequence[Any]):
    """The values behind a column of codes; made when asked for."""

    def __init__(self, values: Values, codes: NDArray[np.int32]) -> None:
        self._values = values
        self._codes = codes

    def __len__(self) -> int:
        return len(self._codes)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> "Decoded": ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Decoded(self._values, self._codes[index])
        return self._values[self._codes[index]]

    def __iter__(self) -> Iterator[Any]:
        return map(self._values.__getitem__, self._codes.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Iterable) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # like a list
