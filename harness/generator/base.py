"""The contract of a generator."""

from abc import ABC


class Generator(ABC):  # noqa: B024 - grows its methods in the next commit
    """An immutable source of operations."""
