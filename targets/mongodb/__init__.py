"""MongoDB: the target, its clients and its images."""

from targets.mongodb.target import MongoDB

__all__ = ["MongoDB"]
