"""``--model NAME`` and ``--model module:Class``: from words on the command line to a sequential model."""

import inspect
import os
import sys
import traceback
from importlib import import_module
from types import ModuleType
from typing import Any, Final

import msgspec

from checkers.linearizability.model import MISTAKES, Model
from harness import registry
from harness.errors import UsageError, unknown_name

NOT_GIVEN: Final = object()
"""No initial value was given; null is one."""


def load(name: str, initial: Any = NOT_GIVEN) -> Model:
    """The model of that name, or of the user's own class ``module:Class``.

    Args:
        name: As ``quorate checkers`` lists it; or a module and a class in it, the current directory included.
        initial: The value of every object before the first operation.

    Raises:
        UsageError: There is no such model, it is none, it cannot be made, or it has no initial value.
        EnvironmentFailed: The package that registered it cannot be imported.
    """
    if ":" not in name and name not in registry.names("model"):
        known = unknown_name("model", name, registry.names("model"))
        raise UsageError(f"{known}; or module:Class for one of your own")
    found = _own(name) if ":" in name else registry.load("model", name)
    if isinstance(found, Model) and initial is NOT_GIVEN:
        return found
    if not (isinstance(found, type) and issubclass(found, Model)):
        raise UsageError(f"{name} is no model but {_kind(found)}: name a subclass of quorate.Model")
    return _made(name, found, {} if initial is NOT_GIVEN else {"initial": initial})


def initial_value(text: str | None) -> Any:
    """The value that ``--initial`` gives as JSON.

    Raises:
        UsageError: It is no JSON.
    """
    if text is None:
        return NOT_GIVEN
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise UsageError(
            f"--initial {text!r} is no JSON ({error}): write a number, null, or a string within two sorts of quotes, "
            """'"free"'"""
        ) from error


def _own(name: str) -> Any:
    module_name, _, class_name = name.partition(":")
    module = _module(name, module_name)
    found: Any = module
    for part in class_name.split("."):
        found = getattr(found, part, None)
    if found is None:
        there = sorted(
            word
            for word, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, Model) and value.__module__ == module.__name__
        )
        raise UsageError(f"module {module_name} has no class {class_name!r}; its models: {', '.join(there) or 'none'}")
    return found


def _module(name: str, module_name: str) -> ModuleType:
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise UsageError(f"{name!r} names no model: write module:Class, as `import` would name the module")
    if os.getcwd() not in sys.path:  # noqa: PTH109 - an entry of sys.path is a string
        sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the same
    try:
        return import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            raise UsageError(
                f"there is no module {error.name!r} for --model {name}: looked in the current directory and among what "
                "is installed"
            ) from error
        raise UsageError(f"module {module_name} cannot be imported: {_where(error)}") from error
    except MISTAKES as error:  # anything can go wrong in the user's own code
        raise UsageError(f"module {module_name} cannot be imported: {_where(error)}") from error


def _made(name: str, model: type[Model], settings: dict[str, Any]) -> Model:
    if missing := sorted(getattr(model, "__abstractmethods__", ())):
        raise UsageError(f"the model {name} is not complete: write its method {' and '.join(missing)}")
    parameters = inspect.signature(model).parameters
    if settings and "initial" not in parameters:
        raise UsageError(f"the model {name} has no initial value to choose: leave --initial out")
    needed = [
        one.name
        for one in parameters.values()
        if one.default is one.empty
        and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
        and one.name not in settings
    ]
    if needed:
        raise UsageError(
            f"the model {name} cannot be made without {', '.join(needed)}: give defaults, or write a subclass that does"
        )
    try:
        return model(**settings)
    except MISTAKES as error:  # anything can go wrong in the user's own code
        raise UsageError(f"the model {name} cannot be made: {_where(error)}") from error


def _kind(found: Any) -> str:
    return f"the class {found.__name__}" if isinstance(found, type) else f"a {type(found).__name__}"


def _where(error: BaseException) -> str:
    """The error in one line, with the place in the user's code."""
    if isinstance(error, SyntaxError):
        return f"{error.msg} ({error.filename}, line {error.lineno})"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    last = frames[-1]
    text = " ".join(str(error).split())
    return f"{type(error).__name__}{': ' if text else ''}{text} ({last.filename}, line {last.lineno})"
