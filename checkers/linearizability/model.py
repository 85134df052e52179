"""Sequential models: what an object does when nobody disturbs anybody.

A user's own model is a class with ``init`` and ``step``; everything else has a default. The built-in data types are
models too, which know besides how to decide in linear time (``fast``) and how to tell of a conflict (``explain``).
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from checkers.linearizability.decision import Conflict, Decision
    from checkers.linearizability.explain import Narrator
    from checkers.linearizability.operations import Operations
    from checkers.linearizability.texts import Texts
    from checkers.linearizability.twins.zones import Columns
    from harness.history import Calls


class _Word:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name

    def __reduce__(self) -> str:
        return self._name


UNKNOWN: Final = _Word("UNKNOWN")
"""The result of an operation that nobody heard of again."""

ILLEGAL: Final = _Word("ILLEGAL")
"""What ``step`` returns where the operation cannot have happened in that state."""


MOST_STATES: Final = 1 << 16
"""As many states may follow one operation in one state."""


class ModelFailed(Exception):
    """The model raised an error, or broke what it promises; the message is one line that says which, and on what."""


MISTAKES: Final = (Exception, SystemExit)
"""What a user's code may raise; a Ctrl-C is none, and ends the whole."""


def in_words(error: BaseException) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(": ")


@dataclass(frozen=True, slots=True)
class Operation:
    """One whole operation as a model sees it.

    Args:
        f: What was done.
        argument: The value of the invocation.
        result: The value of the completion; ``UNKNOWN`` where the outcome is unknown.
        key: The independent object; None where there is only one.
        process: Who did it; always 0 unless the model is ``per_process``.
        failed: It failed, and that itself is an observation (``Model.observed_failures``).
        version: What the datastore numbered it; None unless the model is ``versioned`` and there is one.
    """

    f: str
    argument: Any = None
    result: Any = None
    key: str | int | None = None
    process: int = 0
    failed: bool = False
    version: int | None = None


class Model(ABC):
    """A sequential specification.

    States and operations are values: ``step`` is pure and is asked once for each distinct pair. A state must be
    hashable, or ``equal`` and ``hash`` be overridden.

    Attributes:
        name: As ``quorate check --model`` names it.
        summary: One sentence.
        vocabulary: Per f, what its value is; an operation with another f leaves its part undecided. Empty: any f.
        observed_failures: Error codes (what stands before the colon) with which a failure is an observation. An
            operation that failed with any other did not happen.
        pure: The f that never change the state: where their outcome is unknown, they are left out.
        resultless: The f whose result says nothing but that they happened. Where evidence shows that an operation of
            unknown outcome with any other f happened, ``fast`` is not believed: it would take no result for one.
        per_process: Whether it matters who does it.
        versioned: Whether the versions that the datastore gave are part of the specification.
        keyed: Whether a value ``[key, value]`` in a file of another project names an independent object.
        nondeterministic: Whether ``step`` returns the possible states, as an iterable of at most ``MOST_STATES``
            (empty: illegal).
    """

    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    vocabulary: ClassVar[Mapping[str, str]] = {}
    observed_failures: ClassVar[frozenset[str]] = frozenset()
    pure: ClassVar[frozenset[str]] = frozenset({"read"})
    resultless: ClassVar[frozenset[str]] = frozenset()
    per_process: ClassVar[bool] = False
    versioned: ClassVar[bool] = False
    keyed: ClassVar[bool] = True
    nondeterministic: ClassVar[bool] = False

    @abstractmethod
    def init(self) -> Any:
        """The state before the first operation; of a nondeterministic model still one state."""

    @abstractmethod
    def step(self, state: Any, op: Operation) -> Any:
        """The state after ``op``, or ``ILLEGAL``; of an ``UNKNOWN`` result, the state after it if it did happen."""

    def partition(self, op: Operation) -> Hashable:
        """Operations with different answers are on independent objects."""
        return op.key

    def partition_codes(
        self, calls: "Calls", keys: "tuple[str | int, ...]"
    ) -> "tuple[NDArray[np.int32], tuple[Hashable, ...]] | None":
        """What ``partition`` says of all operations at once; None, and it is asked for each.

        Args:
            calls: The operations.
            keys: What the codes of their keys mean.

        Returns:
            Per operation its part, dense in the order in which they first occur, and the names of the parts.
        """
        del calls, keys
        return None

    def equal(self, one: Any, two: Any) -> bool:
        """Whether two states are the same."""
        return bool(one == two)

    def hash(self, state: Any) -> int:
        """Equal states have equal hashes."""
        return hash(state)

    def describe(self, op: Operation) -> str:
        """The operation in a sentence, after the name of who did it: ``read of 17``."""
        argument = "" if op.argument is None else f" of {show(op.argument)}"
        result = "" if op.result is None or op.result == op.argument else f" -> {show(op.result)}"
        return f"{op.f}{argument}{result}"

    def describe_state(self, state: Any) -> str:
        """The state in a picture, short."""
        return _short(_state(state))

    def fast(self, operations: "Operations") -> "Decision | None":
        """Decide what can be decided in about linear time; None, or ``UNDECIDED`` parts, are left to the ladder."""
        del operations
        return None

    def registers(self, operations: "Operations") -> "Columns | None":
        """The operations as those of registers, where they are: the search then knows all transitions without ``step``.

        The columns need not be in the order of the invocations over all parts.
        """
        del operations
        return None

    def strings(self, operations: "Operations") -> "Texts | None":
        """The operations, of one part, as those of a string; as ``registers``."""
        del operations
        return None

    def explain(self, conflict: "Conflict", tell: "Narrator") -> tuple[str, str]:
        """The name of the anomaly that a conflict of ``fast`` proves, and a sentence that needs no code to be read."""
        raise NotImplementedError(f"{type(self).__name__} has no rule {conflict.rule!r}: {tell.did(conflict.rows[0])}")


def told(model: Model, op: Operation) -> str:
    """The operation in the words of a model; where it has none, as data: words must not cost a verdict."""
    try:
        words = model.describe(op)
    except MISTAKES:
        words = None
    return words if isinstance(words, str) else Model.describe(model, op)


def state_told(model: Model, state: Any) -> str:
    """The same of a state."""
    try:
        words = model.describe_state(state)
    except MISTAKES:
        words = None
    return words if isinstance(words, str) else _short(_repr(state))


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except MISTAKES:
        return f"a {type(value).__name__}"


def show(value: Any) -> str:
    """A value for a sentence: short, and always data."""
    try:
        text = _repr(value) if isinstance(value, bytes) else msgspec.json.encode(value).decode()
    except (TypeError, ValueError, msgspec.MsgspecError, RecursionError):
        text = _repr(value)
    return _short(text)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - what fits in a sentence


def _state(state: Any) -> str:
    """A state of values and of what stands for values (``harness.values.token``), in containers of any kind."""
    if state is None:
        return "nothing"
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], bytes):  # noqa: PLR2004 - a stand-in
        return state[1].decode(errors="replace")
    if isinstance(state, frozenset | set):
        return f"{{{_some(sorted(map(_state, state)))}}}"
    if isinstance(state, tuple | list):
        return f"[{_some([_state(one) for one in state[: _MEMBERS + 1]])}]"
    return show(state)


_MEMBERS: Final = 12


def _some(texts: list[str]) -> str:
    return ", ".join(texts[:_MEMBERS] + ["..."] * (len(texts) > _MEMBERS))
