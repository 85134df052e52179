"""Simulated datastores: designs whose guarantees are known, to test the harness itself and to learn with."""

from targets.simulated.target import Simulated

__all__ = ["Simulated"]
