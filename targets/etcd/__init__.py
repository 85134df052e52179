"""etcd: the target, its clients and its images."""

from targets.etcd.target import Etcd

__all__ = ["Etcd"]
