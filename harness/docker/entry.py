"""The two ways into a node's network namespace from outside: nsenter on the host, or a helper container."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from harness.cluster import Completed
from harness.errors import EnvironmentFailed, NodeFailed

Entry = Literal["nsenter", "helper"]

LOCAL_SCHEMES: Final = ("http+docker://localhost", "unix://")
"""What the base address of the SDK begins with when the daemon is reached through a socket of this machine."""


def no_nsenter(base_url: str, *, root: bool | None = None, tool: str | None = None) -> str | None:
    """Why nsenter cannot be used with the daemon at that address; None when it can.

    Args:
        base_url: Of the daemon, as the SDK has it.
        root: Whether this process is root; None to ask.
        tool: Path of nsenter, empty for none; None to look.
    """
    if not base_url.startswith(LOCAL_SCHEMES):
        return f"the Docker daemon is not on this machine ({base_url})"
    if not (os.geteuid() == 0 if root is None else root):
        return "this process is not root"
    if not ((shutil.which("nsenter") or "") if tool is None else tool):
        return "nsenter is not installed (package util-linux)"
    return None


def choose(base_url: str) -> Entry:
    """The way in that fits this machine: nsenter where it works, because it needs nothing else."""
    return "helper" if no_nsenter(base_url) else "nsenter"


def enter(container: str, pid: int, argv: Sequence[str], *, stdin: bytes, timeout: float) -> Completed:
    """Run a tool of this machine in the network namespace of a container.

    Process numbers may be used again, or mean nothing here when the daemon counts them in another namespace. A rule
    that lands in a stranger's network would be a disaster: so the namespace is opened first, and used only when the
    process still belongs to the container.

    Args:
        container: Id of the container.
        pid: Its main process, as the daemon says.
        argv: Command and arguments.
        stdin: What the command reads.
        timeout: Seconds it may take.

    Raises:
        NodeFailed: The container does not run any more, or the command took too long.
        EnvironmentFailed: The process is not the container's, or nsenter cannot be run.
    """
    try:
        namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise NodeFailed(f"the network of process {pid} cannot be entered: {error.strerror}") from error
    try:
        _check_owner(container, pid, namespace)
        done = subprocess.run(
            ["nsenter", f"--net=/proc/self/fd/{namespace}", *argv],
            input=stdin,
            capture_output=True,
            timeout=timeout,
            pass_fds=(namespace,),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NodeFailed(f"`{' '.join(argv)}` did not end within {timeout:g} s in a node's network") from None
    except FileNotFoundError as error:
        raise EnvironmentFailed("nsenter is not installed, but entering a node needs it: install util-linux") from error
    finally:
        os.close(namespace)
    return Completed(done.returncode, done.stdout, done.stderr)


def _check_owner(container: str, pid: int, namespace: int) -> None:
    try:
        groups = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NodeFailed(f"process {pid} of a node has ended") from error
    own = Path("/proc/self/ns/net").stat()
    if container not in groups or os.fstat(namespace).st_ino == own.st_ino:
        raise EnvironmentFailed(
            f"process {pid} is not that of container {container[:12]}: Docker counts processes in another namespace. "
            "Let the harness use helper containers, or run it on the Docker host"
        )
