"""What the conflicts of mutexes are called, and how they are told."""

from checkers.linearizability.explain import Narrator
from checkers.linearizability.model import show


class Sentences:
    """One for each rule of ``twins.mutex``."""

    def __init__(self, tell: Narrator) -> None:
        self.tell = tell

    def _who(self, row: int) -> str:
        return f"p{int(self.tell.operations.process[row])}"

    def _node(self, row: int) -> str:
        node = self.tell.node(row)
        return "" if node is None else f" ({node})"

    def double_lock(self, rows: tuple[int, ...]) -> tuple[str, str]:
        """Two who hold it at once."""
        second, first, *more = rows
        tell, ops = self.tell, self.tell.operations
        sentence = (
            f"{tell.did(second)} was granted while {self._who(first)}{self._node(first)} still held it since "
            f"{tell.did(first)}"
        )
        releases = [row for row in more if ops.f[row] == ops.code("release")]
        again = [row for row in more if row not in releases]
        if again:
            sentence += f", acquired again by {tell.did(again[-1])}" + (" among others" if len(again) > 1 else "")
        if not releases:
            return "double-lock", f"{sentence}, and never released it" + (" in full" if again else "")
        return "double-lock", f"{sentence}, and only then released it: {tell.did(releases[0])}"

    def stale_token(self, rows: tuple[int, ...]) -> tuple[str, str]:
        """A token that does not fence off who held it before."""
        first, second = rows
        tell = self.tell
        old, new = (show(tell.operation(row).result) for row in rows)
        return "stale-token", (
            f"{tell.did(second)} was given the fencing token {new}, although an earlier holder had {old}: "
            f"{tell.did(first)}; so writes of the earlier holder are not fenced off"
        )

    def release_of_free(self, rows: tuple[int, ...]) -> tuple[str, str]:
        """A release by who does not hold it."""
        *before, release = rows
        tell = self.tell
        sentence = f"{tell.did(release)} succeeded, although {self._who(release)} did not hold it"
        if before:
            sentence += f": it had released it before, by {tell.did(before[-1])}, and not acquired it again"
        return "release-of-free", sentence

    def refused_free(self, rows: tuple[int, ...]) -> tuple[str, str]:
        """Told that it is held while nobody holds it."""
        refused, *around = rows
        tell, ops = self.tell, self.tell.operations
        sentence = f"{tell.did(refused)} was told that somebody held it, although nobody can have"
        for row in around:
            if ops.f[row] == ops.code("release"):
                sentence += f"; the last holder had released it: {tell.did(row)}"
            else:
                sentence += f"; the next to get it was {tell.did(row)}"
        return "refused-while-free", sentence
