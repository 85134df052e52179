"""``batch``: two keys that are always written together, by one batch."""

from typing import ClassVar

from workloads.write_isolation import WriteIsolation


class Batch(WriteIsolation):
    """As ``write-isolation``, but the two numbers are kept apart: a batch may become visible piece by piece."""

    name: ClassVar[str] = "batch"
    summary: ClassVar[str] = "Writes two keys in one batch and reads both; finds batches that were seen in part."
    interface: ClassVar[str] = "batch"
