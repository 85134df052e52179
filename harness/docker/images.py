"""Images: which one a node uses, whether it is there, and how one is made of a root file system without a registry."""

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import ImageNotFound

from harness.docker.daemon import explained
from harness.errors import EnvironmentFailed

LAST_LINES = 3
"""How many lines of a failed tool an error message quotes."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is there.

    Args:
        reference: The name by which it was found.
        id: Digest of its configuration: what exactly runs.
        digests: Digests under which registries know it; empty for one made here.
    """

    reference: str
    id: str
    digests: tuple[str, ...]


def find(client: docker.DockerClient, candidates: Sequence[str]) -> Image | None:
    """The first of the candidates that is there; nothing is ever pulled."""
    for reference in candidates:
        with explained(f"look for the image {reference}"):
            try:
                found = client.api.inspect_image(reference)
            except ImageNotFound:
                continue
        return Image(reference, found["Id"], tuple(found.get("RepoDigests") or ()))
    return None


def require_tool(name: str, package: str, use: str) -> str:
    """The path of a program that a recipe needs.

    Raises:
        EnvironmentFailed: It is not installed; the message says which package has it.
    """
    path = shutil.which(name)
    if path is None:
        raise EnvironmentFailed(f"{name} is not installed, but {use} needs it: install {package}")
    return path


def run_tool(
    argv: Sequence[str], *, doing: str, folder: Path, timeout: float, environment: Mapping[str, str] | None = None
) -> str:
    """Run one step of a recipe and return what it wrote to its standard output.

    Args:
        argv: Command and arguments.
        doing: What it is for, for the message.
        folder: Where it runs.
        timeout: Seconds it may take.
        environment: All its variables; None for this process's own.

    Raises:
        EnvironmentFailed: It failed or took too long; the message quotes its last lines.
    """
    try:
        done = subprocess.run(
            argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise EnvironmentFailed(f"cannot {doing}: {argv[0]} did not end within {timeout:g} s") from None
    except OSError as error:
        raise EnvironmentFailed(f"cannot {doing}: {argv[0]} cannot be run: {error}") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines()[-LAST_LINES:]
        raise EnvironmentFailed(f"cannot {doing}: {argv[0]} says: {' / '.join(lines) or 'nothing'}")
    return done.stdout


def tar_of(files: Mapping[str, bytes], *, mode: int = 0o644) -> bytes:
    """A tar archive of files, by path; the same files always give the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in sorted(files.items()):
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def import_root(client: docker.DockerClient, archive: Path, reference: str, changes: Sequence[str]) -> None:
    """Make an image of a tar archive that holds a whole root file system.

    Args:
        client: Of the daemon.
        archive: The tar file.
        reference: Name and tag of the image.
        changes: Instructions of a Dockerfile: ``ENTRYPOINT ["/etcd"]``.

    Raises:
        HarnessError: The daemon refuses, for example because its disk is full.
    """
    repository, _, tag = reference.rpartition(":")
    with explained(f"make the image {reference}"), archive.open("rb") as file:
        answer = client.api.import_image_from_data(file, repository=repository, tag=tag, changes=list(changes))
    problem = import_problem(answer)
    if problem is not None:
        raise EnvironmentFailed(f"cannot make the image {reference}: Docker says: {problem}")


def import_problem(answer: str) -> str | None:
    """What went wrong during an import, from the JSON lines of the answer, whose HTTP status is 200 even then."""
    for line in answer.splitlines():
        if line.strip() and (problem := json.loads(line).get("error")):
            return str(problem)
    return None
