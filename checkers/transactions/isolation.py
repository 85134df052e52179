"""What each anomaly of transactions rules out, and what is left open as long as cycles are not looked for.

Adya: Weak Consistency: A Generalized Theory and Optimistic Implementations for Distributed Transactions, 1999, for
G1a, G1b and cursor stability; Cerone, Bernardi, Gotsman: A Framework for Transactional Consistency Models with Atomic
Visibility, 2015, for read atomic and the rule INT; Kingsbury, Alvaro: Elle, 2020, for the rest.
"""

from collections.abc import Mapping
from typing import Final

from checkers.verdict import Guarantee

MODELS: Final = (
    "read-uncommitted",
    "read-committed",
    "read-atomic",
    "cursor-stability",
    "snapshot-isolation",
    "serializable",
)
"""Each but cursor stability implies all before it; read atomic and cursor stability do not imply each other."""

_OF_UNCOMMITTED: Final = MODELS
_OF_COMMITTED: Final = MODELS[1:]
_OF_ATOMIC: Final = ("read-atomic", "snapshot-isolation", "serializable")
_OF_CURSOR: Final = ("cursor-stability", "snapshot-isolation", "serializable")

RULED_OUT: Final[Mapping[str, tuple[str, ...]]] = {
    "thin-air-read": _OF_UNCOMMITTED,
    "duplicate-elements": _OF_UNCOMMITTED,
    "G1a": _OF_COMMITTED,
    "G1b": _OF_COMMITTED,
    "incompatible-order": _OF_COMMITTED,
    "future-read": _OF_COMMITTED,
    "internal": _OF_ATOMIC,
    "lost-update": _OF_CURSOR,
    "unseen-append": MODELS[-2:],
}
"""Per anomaly the models that it rules out, the weakest first."""

OPEN: Final = "cycles of dependencies (G0, G1c, G-single, G2) were not looked for"
"""Why a model that nothing rules out is not said to hold."""


def standings(found: Mapping[str, int]) -> tuple[Guarantee, ...]:
    """Where each model stands after these anomalies (name and count)."""
    broken: dict[str, str] = {}
    for name, models in RULED_OUT.items():
        if found.get(name):
            for model in models:
                broken.setdefault(model, name)
    return tuple(
        Guarantee(model, "violated", broken[model]) if model in broken else Guarantee(model, "undecided", OPEN)
        for model in MODELS
    )
