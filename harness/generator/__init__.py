"""Generators: immutable values that say what is done next; the full algebra of Jepsen's table."""

from harness.generator.base import Generator

__all__ = ["Generator"]
