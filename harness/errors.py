"""What can go wrong, as types; every message says what happened, why, and what to do.

::

    QuorateError
     ├── UsageError              exit 64: the user asked for something that cannot be
     └── HarnessError            exit 3: the harness or its environment failed
          ├── EnvironmentFailed  a tool, a permission, an image or a resource is missing
          ├── NodeFailed         a node did not start, did not get ready, or refused a command
          ├── PhaseTimeout       a phase of the run took longer than it may
          └── FaultFailed        a fault could not be injected or healed

The command line prints the message as one line and never a traceback for any of these.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class QuorateError(Exception):
    """Base of everything that quorate raises on purpose."""


class UsageError(QuorateError):
    """The user asked for something that cannot be; exit code 64."""


class HarnessError(QuorateError):
    """The harness or its environment failed, so nothing was learnt about the target; exit code 3."""


class EnvironmentFailed(HarnessError):
    """A tool, a permission, an image or a resource that the run needs is not there."""


class NodeFailed(HarnessError):
    """A node did not start, did not get ready, or refused a command."""


class PhaseTimeout(HarnessError):
    """A phase of the run took longer than it may."""


class FaultFailed(HarnessError):
    """A fault could not be injected, verified or healed."""


def unknown_name(kind: str, name: str, valid: Iterable[str]) -> UsageError:
    """The usage error for a misspelt name: the nearest one and all valid ones."""
    names = sorted(valid)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return UsageError(f"there is no {kind} named {name!r}.{hint} Valid: {', '.join(names) or 'none'}")
