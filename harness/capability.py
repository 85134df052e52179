"""What a fault says about itself before a run starts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capability:
    """Whether a fault can work here: the back-end that would do it, or the reason why none can."""

    available: bool
    backend: str = ""
    reason: str = ""
