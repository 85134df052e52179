"""Options of targets, workloads and faults: declared as data, parsed from ``name=value`` words, listed by the CLI."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import UsageError, unknown_name

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Option:
    """One setting that a user can choose.

    Args:
        name: As written on the command line: ``reads``, ``election-timeout``.
        default: Its value when nothing is said; its type is the option's type.
        help: One sentence.
        choices: The only values allowed; empty when any value of the type is.
        unit: ``ms``, ``s``, ``ops/s``, ``entries``: shown with the default.
        minimum: Smallest value of a number; None for no bound.
        maximum: Largest value of a number; None for no bound, but infinity is never a value.
    """

    name: str
    default: Value
    help: str
    choices: tuple[str, ...] = ()
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None

    def parse(self, text: str) -> Value:
        """The value that ``text`` means.

        Raises:
            UsageError: It is not of the option's type, or not among its choices.
        """
        if self.choices and text not in self.choices:
            raise UsageError(f"option {self.name} is {text!r}, but it takes {' | '.join(self.choices)}")
        kind = type(self.default)
        if kind is bool:
            truth = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
            if text.lower() not in truth:
                raise UsageError(f"option {self.name} is {text!r}, but it takes true | false")
            return truth[text.lower()]
        if kind not in (int, float):
            return text
        try:
            number = kind(text)
        except ValueError:
            unit = f" ({self.unit})" if self.unit else ""
            raise UsageError(f"option {self.name} is {text!r}, but it takes a number{unit}") from None
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        if not (low <= number <= high and abs(number) < math.inf):
            raise UsageError(f"option {self.name} is {text}, but it takes {self._range()}")
        return number

    def _range(self) -> str:
        """The numbers that it takes, in words."""
        bounds = [("at least", self.minimum), ("at most", self.maximum)]
        return " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None) or "a finite number"


def parse_options(owner: str, options: Sequence[Option], words: Iterable[str]) -> dict[str, Any]:
    """The full setting of ``owner`` from ``name=value`` words: what is given, and the default of the rest.

    Raises:
        UsageError: A word has no ``=``, a name is unknown, or a value does not fit.
    """
    by_name = {option.name: option for option in options}
    values: dict[str, Any] = {option.name: option.default for option in options}
    for word in words:
        name, separator, text = word.partition("=")
        if not separator:
            raise UsageError(f"{word!r} is not an option of {owner}: write it as name=value")
        if name not in by_name:
            raise unknown_name(f"option of {owner}", name, by_name)
        values[name] = by_name[name].parse(text)
    return values


def as_words(values: Mapping[str, Any], options: Sequence[Option]) -> list[str]:
    """The ``name=value`` words of what differs from the defaults: what a repeat command must say."""
    words = []
    for option in options:
        value = values.get(option.name, option.default)
        if value != option.default:
            words.append(f"{option.name}={str(value).lower() if isinstance(value, bool) else value}")
    return words
