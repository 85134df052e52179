"""An immutable array whose copies share what they have in common."""

from typing import Generic, TypeVar

T = TypeVar("T")

BITS = 5
WIDTH = 1 << BITS
MASK = WIDTH - 1


class Vector(Generic[T]):
    """Entries by number, None at first; replacing one copies two short tuples, whatever the length.

    Args:
        chunks: The entries, ``WIDTH`` in each.
    """

    __slots__ = ("_chunks",)

    def __init__(self, chunks: tuple[tuple[T | None, ...], ...] = ()) -> None:
        self._chunks = chunks

    def __getitem__(self, number: int) -> T | None:
        chunk = number >> BITS
        return self._chunks[chunk][number & MASK] if chunk < len(self._chunks) else None

    def put(self, number: int, entry: T) -> "Vector[T]":
        """A copy in which that entry is replaced."""
        chunks = list(self._chunks)
        at = number >> BITS
        while at >= len(chunks):
            chunks.append((None,) * WIDTH)
        chunk = list(chunks[at])
        chunk[number & MASK] = entry
        chunks[at] = tuple(chunk)
        return Vector(tuple(chunks))
