"""The guardian: a process that outlives the harness, and heals and removes everything when the harness is killed.

It holds the reading end of a pipe whose writing end only the harness has. When the harness ends in order it says
``dismiss``. When the pipe ends without that word the harness is dead, however it died. It has a session of its own, so
that neither Ctrl-C nor a kill of the harness' process group reaches it.
"""

import subprocess
import sys
import time
from pathlib import Path

from harness.errors import EnvironmentFailed, HarnessError

WORD = b"dismiss"
ARMED = b"armed\n"

AGAIN_AFTER = 1.0
"""Seconds until what was left is removed once more: the daemon may still carry out a request of the dead harness."""


class Guardian:
    """The harness' side.

    Args:
        process: The guardian.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    @classmethod
    def start(cls, run_id: str, folder: Path) -> "Guardian":
        """Start the guardian of a run; from now on nothing of the run outlives this process for long.

        Raises:
            EnvironmentFailed: It does not come up, so nothing would heal after a SIGKILL.
        """
        process = subprocess.Popen(
            [sys.executable, "-m", "nemesis.guardian", run_id, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        guardian = cls(process)
        if process.stdout is None or process.stdout.readline() != ARMED:
            guardian.dismiss()
            raise EnvironmentFailed(
                f"the guardian, which heals when this process is killed, does not start with {sys.executable}. "
                "Reinstall quorate there"
            )
        return guardian

    def dismiss(self) -> None:
        """Tell it that the run ended in order, and wait for its end."""
        self._process.communicate(WORD)

    def call(self) -> None:
        """Let it do what it would do if this process died: the run failed, and something may be left of it."""
        self._process.communicate()


def main(run_id: str, folder: Path) -> None:
    """Wait for the harness to end; act when it did not say that all is well."""
    sys.stdout.buffer.write(ARMED)
    sys.stdout.buffer.flush()
    if sys.stdin.buffer.read() == WORD:
        return
    lines = ["the harness did not end in order: healing, then removing everything of its run", *heal(folder)]
    lines += remove(run_id)
    time.sleep(AGAIN_AFTER)
    lines += remove(run_id)
    write_log(folder, lines)


def heal(folder: Path) -> list[str]:
    """Undo what the journal of the run says is not healed."""
    from nemesis.journal import pending
    from nemesis.undo import undo_all

    try:
        return undo_all(pending(folder / "faults.jsonl"))
    except (HarnessError, OSError) as error:
        return [f"could not heal: {error}"]


def remove(run_id: str) -> list[str]:
    """Remove the containers and the network of the run."""
    from harness.docker import leftovers

    try:
        return [f"removed {thing}" for thing in leftovers.remove(run_id)]
    except HarnessError as error:
        return [f"could not remove everything: {error}. Run `quorate cleanup`"]


def write_log(folder: Path, lines: list[str]) -> None:
    """Say what was done in ``guardian.log`` of the run; a folder that is gone wants no log."""
    if not folder.is_dir():
        return
    with (folder / "guardian.log").open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
