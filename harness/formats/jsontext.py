"""Events as JSON objects: one a line, one after the other, or the members of an array."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from harness.formats.events import BadInput

DEEPEST: Final = 100
"""How deep values may be nested."""

_BLANK: Final = re.compile(r"[\s,]*+").match
_OPENING: Final = re.compile(r"[\[{]").findall
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]").search


def _infinite(name: str) -> str:
    return f"##{name}"


def _number(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise ValueError(f"the number {text[:40]} is out of range")
    return number


_decode: Final = json.JSONDecoder(parse_constant=_infinite, parse_float=_number).raw_decode


def objects(text: str) -> Iterator[tuple[int, Any]]:
    """Each value with its offset.

    Raises:
        BadInput: At the first thing that is no JSON; what stands before it has been given.
    """
    at = _end(text, 0)
    array = text.startswith("[", at)
    opened = at
    colons, halves = '":' in text and re.search(r'[{,]\s*":', text) is not None, _HALF(text) is not None
    if array:
        at = _end(text, at + 1)
    while at < len(text):
        if array and text[at] == "]":
            behind = _end(text, at + 1)
            if behind < len(text):
                raise BadInput(behind, "something stands behind the end of the history: remove it")
            return
        value, end = _value(text, at)
        if halves:
            _check_halves(value, at)
        if colons and isinstance(value, dict):
            value = {name.removeprefix(":"): field for name, field in value.items()}
        yield at, value
        at = _end(text, end)
    if array:
        raise BadInput(at, f"the array that begins at character {opened + 1} is not closed: cut off?")


def _end(text: str, at: int) -> int:
    """Behind blanks and commas."""
    blank = _BLANK(text, at)
    return blank.end() if blank else at


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        value, end = _decode(text, at)
    except json.JSONDecodeError as error:
        cut = ": cut off?" if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated") else ""
        raise BadInput(error.pos, f"this is no JSON: {error.msg}{cut}") from error
    except ValueError as error:
        raise BadInput(at, f"an event with a number that cannot be held: {str(error).partition(';')[0]}") from error
    except RecursionError as error:
        raise BadInput(at, f"nested deeper than {DEEPEST} levels, which no operation is") from error
    if len(_OPENING(text, at, end)) > DEEPEST and _depth(value) > DEEPEST:
        raise BadInput(at, f"nested deeper than {DEEPEST} levels, which no operation is")
    return value, end


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [
        inner
        for one in level
        for inner in (one.values() if isinstance(one, dict) else one)
        if isinstance(inner, dict | list)
    ]:
        depth += 1
    return depth + 1


def _check_halves(value: Any, at: int) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadInput(at, "a string with one half of a surrogate pair, which is no character") from None
