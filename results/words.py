"""Values, operations, instants and durations as text for people.

Whatever came from a datastore passes through ``show`` or ``visible``: control characters, invisible characters and
those that turn the direction of writing are spelt out as escapes, so that text can neither hide nor reorder anything.
"""

import unicodedata
from typing import Any, Final

import msgspec

_SPELT_OUT: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})
_SECOND: Final = 1_000_000_000
_MILLISECOND: Final = 1_000_000

ITEMS: Final = 3
"""At most so many items of a list are shown."""


def visible(text: str) -> str:
    """The text with every character that cannot be seen spelt out as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spell(c) if unicodedata.category(c) in _SPELT_OUT else c for c in text)


def _spell(character: str) -> str:
    code = ord(character)
    if code < 1 << 8:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters: the end is replaced by dots."""
    return text if len(text) <= limit else text[: max(limit - 3, 0)] + "..."


def show(value: Any, limit: int = 40) -> str:
    """A value of the datastore as compact JSON; a long list says how many items it has."""
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple) and len(value) > ITEMS:
        text = "[" + ", ".join(show(item, 12) for item in value[:ITEMS]) + ", ...]"
        return shorten(text, limit) + f" ({len(value)} items)"
    if isinstance(value, str):
        return shorten(f'"{visible(value[: limit + 1])}"', limit)
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, UnicodeEncodeError):
        text = repr(value)
    return shorten(visible(text), limit)


def call_text(f: str, argument: Any, result: Any, outcome: str, limit: int = 40) -> str:
    """One operation in its shortest form: ``write 5``, ``read = 3``, ``cas 1 to 2: failed``."""
    name = shorten(visible(f), 20)
    text = name
    if f == "cas" and isinstance(argument, list | tuple) and len(argument) == len(("old", "new")):
        old, new = argument
        text = f"{name} {show(old, limit // 2)} to {show(new, limit // 2)}"
    elif argument is not None:
        text = f"{name} {show(argument, limit)}"
    if outcome == "fail":
        return f"{text}: failed"
    if outcome == "info":
        return f"{text}: unknown"
    if result != argument or argument is None:
        return f"{text} = {show(result, limit)}"
    return text


def transition(before: str, after: str) -> str:
    """What a step does to the state."""
    return f"the state stays {after}" if before == after else f"the state was {before} and becomes {after}"


def instant(ns: int) -> str:
    """An instant of the run in seconds with microseconds where they matter: ``12.031 s``."""
    return f"{ns / _SECOND:.3f} s" if ns % _MILLISECOND == 0 or ns >= 100 * _SECOND else f"{ns / _SECOND:.4f} s"


def duration(ns: int) -> str:
    """A duration in the unit that suits it: ``820 us``, ``3.1 ms``, ``5.00 s``, ``2 min 5 s``."""
    if ns < _MILLISECOND:
        return f"{ns / 1000:.0f} us"
    if ns < _SECOND:
        return f"{ns / 1e6:.3g} ms"
    if ns < 60 * _SECOND:
        return f"{ns / _SECOND:.3g} s"
    minutes, seconds = divmod(round(ns / _SECOND), 60)
    return f"{minutes} min {seconds} s"


def count(number: int, noun: str) -> str:
    """A number with its noun: ``1 key``, ``12 345 keys``."""
    return f"{group(number)} {noun}" + ("" if number == 1 else "s")


def group(number: int) -> str:
    """An integer with its thousands set apart."""
    return f"{number:,}".replace(",", " ")


def enumeration(items: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))
