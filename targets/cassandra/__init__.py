"""Cassandra: the target, its clients and its images."""

from targets.cassandra.target import Cassandra

__all__ = ["Cassandra"]
