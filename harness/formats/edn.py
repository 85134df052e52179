"""EDN, the notation of Clojure's data, as JSON values: what Jepsen and Knossos print.

The parser keeps its own stack, so that nesting costs no recursion, and it reads every character once.

JSON has fewer kinds of values. Keywords, symbols and characters become strings (a keyword without its colon); ratios,
``##Inf`` and ``##NaN`` strings of their text; lists and vectors arrays; sets arrays in a fixed order; keys of maps
strings. A tag is dropped and its value kept, whatever it is (``#jepsen.history.Op{...}``, ``#inst "..."``,
``#object[...]``), but for jepsen.independent's tuples, which stay ``Pair``.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from harness.formats.events import BadInput, Pair

DEEPEST: Final = 100
"""How deep values may be nested."""

_BLANK = r"(?>[\s,]+|;[^\n]*+)*+"
_STOP = r"\s,\[\](){}\";"

_TOKEN: Final = re.compile(
    rf"""{_BLANK}(?:
      (?P<atom>[^#\\{_STOP}][^{_STOP}]*+)
    | (?P<open>\#?\{{|[\[(])
    | (?P<close>[\])}}])
    | (?P<plain>"[^"\\]*+")
    | (?P<string>\#?"(?>[^"\\]|\\.)*+")
    | (?P<char>\\.[^{_STOP}]*+)
    | (?P<discard>\#_)
    | (?P<special>\#\#[^{_STOP}]*+)
    | (?P<namespaced>\#::?[^{_STOP}]*+)
    | (?P<tag>\#[A-Za-z][^{_STOP}]*+)
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
).match

_CLOSING: Final = {"[": "]", "(": ")", "{": "}", "#{": "}"}

_SCALAR = rf'(?>:(?!:)[^{_STOP}]++|-?[0-9]{{1,18}}+(?![^{_STOP}])|nil(?![^{_STOP}])|"[^"\\]*+")'

_FLAT: Final = re.compile(
    rf"{_BLANK}(?:\#jepsen\.history\.Op[ ]?)?"
    rf"\{{((?>[\s,]*+:(?!:)[^{_STOP}]++[\s,]*+(?>{_SCALAR}|\[(?>[\s,]*+{_SCALAR})*+[\s,]*+\]))*+)[\s,]*+\}}"
).match
"""A map from keywords to scalars and vectors of scalars: nearly every event of nearly every file."""

_FIELD: Final = re.compile(rf':([^{_STOP}]++)[\s,]*+("[^"]*+"|\[[^\]"]*+(?:"[^"]*+"[^\]"]*+)*+\]|[^{_STOP}]++)').findall

_INTEGER: Final = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|([0-9]+))N?\Z").match
_FLOAT: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?M?\Z").match
_RATIO: Final = re.compile(r"[+-]?[0-9]+/[0-9]+\Z").match
_SYMBOL: Final = re.compile(r"(?![0-9]|[+-][0-9])[^:@^`~'\\][^@^`~\\]*\Z").match
_WORDS: Final = {"nil": None, "true": True, "false": False}
_CHARACTERS: Final = {"newline": "\n", "return": "\r", "space": " ", "tab": "\t", "formfeed": "\f", "backspace": "\b"}
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "\\": "\\"}
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_MOST_DIGITS: Final = 4000
_SHOWN: Final = 40
_REMEMBERED: Final = 1 << 16


@dataclass(slots=True)
class _Open:
    """A collection, a tag or a discard that waits for what is inside it."""

    kind: str
    start: int
    items: list[Any] = field(default_factory=list)


class _Scalars(dict[str, Any]):
    """What scalars and flat vectors mean, by their text; a history holds the same ones again and again."""

    def __missing__(self, text: str) -> Any:
        if text.isdigit():
            # Times and indices are all different: nothing is gained by remembering them.
            return int(text)
        value = _atom(text) if text[0] not in '["' else text[1:-1] if text[0] == '"' else parse(text, 0)[0]
        if len(self) >= _REMEMBERED:
            self.clear()
        self[text] = value
        return value


def forms(text: str) -> Iterator[tuple[int, Any]]:
    """Each value with its offset: those of the one vector or list that the text is, or one after the other.

    Raises:
        BadInput: At the first thing that is no EDN; what stands before it has been given.
    """
    scalars, size = _Scalars(), len(text)
    first = _next(text, 0)
    closing = _CLOSING[first["open"]] if first["open"] in ("[", "(") else ""
    opened, at = first.start("open"), first.end() if closing else 0
    while True:
        if flat := _FLAT(text, at):
            fields = _FIELD(flat[1])
            event = {name: scalars[value] for name, value in fields}
            if len(event) == len(fields):
                yield flat.start(1) - 1, event
                at = flat.end()
                continue
        token = _next(text, at)
        if token["close"] and token["close"] == closing:
            at, closing = token.end(), ""
            token = _next(text, at)
            if token["end"] is None:
                raise BadInput(_start(token), f"{_short(token)} stands behind the end of the history: remove it")
        if token["end"] is not None:
            break
        if token["discard"]:
            _, at = parse(text, token.end())
            continue
        value, at = parse(text, at)
        yield _start(token), value
    if closing:
        raise BadInput(size, f"the {_word(text[opened])} that is opened {where(text, opened)} is not closed: cut off?")


def parse(text: str, at: int) -> tuple[Any, int]:
    """The value that starts at or behind ``at``, and the offset behind it.

    Raises:
        BadInput: There is none, or it is no EDN.
    """
    stack: list[_Open] = []
    while True:
        token = _next(text, at)
        kind, at = token.lastgroup, token.end()
        if kind == "open" or kind in ("tag", "discard", "namespaced"):
            if len(stack) == DEEPEST:
                raise BadInput(_start(token), f"nested deeper than {DEEPEST} levels, which no operation is")
            stack.append(_Open(token[kind] if kind == "open" else f"{kind}{token[kind]}", _start(token)))
            continue
        if kind == "end":
            if not stack:
                raise BadInput(at, "the text ends where a value should stand")
            opened = stack[-1]
            raise BadInput(
                at, f"the {_word(opened.kind)} that begins {where(text, opened.start)} is not ended: cut off?"
            )
        value = _collection(stack, token) if kind == "close" else _leaf(token)
        while stack and stack[-1].kind[0] in "tdn":
            wrapper = stack.pop()
            if wrapper.kind[0] == "d":
                break
            value = _tagged(wrapper, value)
        else:
            if not stack:
                return value, at
            stack[-1].items.append(value)


def only(text: str) -> Any:
    """The one value that a text is.

    Raises:
        BadInput: It is no EDN, or more than one value.
    """
    value, at = parse(text, 0)
    token = _next(text, at)
    if token["end"] is None:
        raise BadInput(_start(token), f"{_short(token)} stands where nothing should: remove it")
    return value


def where(text: str, offset: int) -> str:
    """An offset for a person."""
    return f"at line {text.count(chr(10), 0, offset) + 1}, column {offset - text.rfind(chr(10), 0, offset)}"


def _next(text: str, at: int) -> re.Match[str]:
    """The next token."""
    token = _TOKEN(text, at)
    if token is None:
        blank = re.compile(_BLANK).match(text, at)
        offset = blank.end() if blank else at
        if text[offset] == '"' or text.startswith('#"', offset):
            raise BadInput(offset, "the string that begins here is not ended: cut off?")
        raise BadInput(offset, f"{text[offset : offset + _SHOWN].partition(chr(10))[0]!r} is no EDN")
    return token


def _start(token: re.Match[str]) -> int:
    return token.start(token.lastgroup or 0)


def _short(token: re.Match[str]) -> str:
    text = token[token.lastgroup or 0]
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}...")


def _word(kind: str) -> str:
    """What an opening bracket begins."""
    return {"[": "vector", "(": "list", "{": "map", "#{": "set", "d": "discarded value", "t": "tag"}.get(
        kind if kind in _CLOSING else kind[0], "map"
    )


def _collection(stack: list[_Open], token: re.Match[str]) -> Any:
    """The value of the innermost collection, which ``token`` closes."""
    if not stack or _CLOSING.get(stack[-1].kind) != token["close"]:
        begun = f" {_word(stack[-1].kind)}" if stack else ""
        raise BadInput(_start(token), f"{token['close']!r} closes no open{begun or ' bracket'}")
    opened = stack.pop()
    items = opened.items
    if opened.kind == "{":
        if len(items) % 2:
            raise BadInput(opened.start, "a map whose last key has no value")
        names = list(map(_key, items[::2]))
        if len(set(names)) < len(names):
            raise BadInput(opened.start, "a map with two keys that are the same string: keys of maps become strings")
        return dict(zip(names, items[1::2], strict=True))
    return sorted(items, key=_order) if opened.kind == "#{" else items


def _key(key: Any) -> str:
    return key if isinstance(key, str) else msgspec.json.encode(key).decode()


def _order(value: Any) -> tuple[str, Any]:
    """Numbers before everything else, which is ordered by its text."""
    if type(value) is int or type(value) is float:
        return "", value
    return type(value).__name__, msgspec.json.encode(value, order="sorted")


def _tagged(wrapper: _Open, value: Any) -> Any:
    if wrapper.kind.endswith(("independent.Tuple", "MapEntry")) and isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 - a pair
        return Pair(value)
    return value


def _leaf(token: re.Match[str]) -> Any:
    """The value of a token that stands alone."""
    text = token[token.lastgroup or 0]
    try:
        return _LEAVES[token.lastgroup or ""](text)
    except ValueError as error:
        raise BadInput(_start(token), str(error)) from error


def _atom(text: str) -> Any:
    """A keyword, a number, a symbol or one of nil, true and false."""
    if text[0] == ":" and len(text) > 1 and text != "::":
        return text.lstrip(":")
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"{text[:_SHOWN]!r}... has {len(text)} characters, more than a number or a name may have")
    if whole := _INTEGER(text):
        return int(whole[1] + (whole[2] or whole[3]), 16 if whole[2] else 10)
    if _FLOAT(text):
        number = float(text.rstrip("M"))
        return number if number - number == 0 else text
    if _RATIO(text) or _SYMBOL(text):
        return text
    raise ValueError(f"{text[:_SHOWN]!r} is no EDN: neither a number nor a name")


def _character(text: str) -> str:
    name = text[1:]
    if len(name) == 1:
        return name
    if name in _CHARACTERS:
        return _CHARACTERS[name]
    if re.fullmatch("u[0-9a-fA-F]{4}", name):
        return _sound(chr(int(name[1:], 16)))
    raise ValueError(f"{text[:_SHOWN]!r} is no EDN: there is no such character")


def _string(text: str) -> str:
    """A string with escapes; of a regular expression, its source."""
    if text[0] == "#":
        return text[2:-1]

    def character(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        if found[2] not in _ESCAPES:
            raise ValueError(f"a string with the escape {found[0]!r}, which EDN does not have")
        return _ESCAPES[found[2]]

    return _sound(_ESCAPE.sub(character, text[1:-1]))


def _sound(text: str) -> str:
    """Text with the halves of surrogate pairs put together."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ValueError("a string with one half of a surrogate pair, which is no character") from None


_LEAVES: Final[dict[str, Callable[[str], Any]]] = {
    "atom": _atom,
    "plain": lambda text: text[1:-1],
    "string": _string,
    "char": _character,
    "special": str,
}
