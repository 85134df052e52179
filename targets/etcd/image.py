"""Where etcd's image comes from: the official one by tag, or one made of distribution packages."""

import os
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from harness.docker import helper, images
from harness.docker.daemon import connect
from harness.errors import EnvironmentFailed

OFFICIAL: Final = "quay.io/coreos/etcd"
OURS: Final = "quorate/etcd"

DEBIAN: Final = {"3.4.23": "bookworm"}
"""Versions that a Debian release has as package ``etcd-server``, and the release."""

MODULE: Final = "go.etcd.io/etcd/server/v3"
"""The Go module of the server; it exists from 3.5.0 on."""

FIRST_MODULE: Final = (3, 5)
TIMEOUT: Final = 900.0
BINARY: Final = "usr/bin/etcd"
CHANGES: Final = (f'ENTRYPOINT ["/{BINARY}"]', 'ENV PATH="/usr/bin"')


def candidates(version: str) -> tuple[str, str]:
    """The references to look for, in this order: the official image, then the one made here."""
    return (f"{OFFICIAL}:v{version}", f"{OURS}:{version}")


def build(version: str) -> Sequence[str]:
    """Make the image of that version, and the helper image where this machine needs it; returns their references.

    Two builds at the same time do not disturb each other: each works in a folder of its own.

    Raises:
        EnvironmentFailed: There is no recipe for that version, a tool is missing, or a download failed.
    """
    reference = candidates(version)[1]
    with closing(connect()) as client, tempfile.TemporaryDirectory(prefix="quorate-image-") as name:
        folder = Path(name)
        archive = _debian(version, folder) if version in DEBIAN else _modules(version, folder)
        images.import_root(client, archive, reference, CHANGES)
        return [reference, *helper.build_where_needed(client)]


def has_module(version: str) -> bool:
    """Whether that version is published as a Go module; words that are no version are not."""
    numbers = version.split("-", maxsplit=1)[0].split(".")
    return len(numbers) == len("abc") and all(map(str.isdigit, numbers)) and tuple(map(int, numbers)) >= FIRST_MODULE


def _debian(version: str, folder: Path) -> Path:
    """A root file system that holds the package and the libraries that it needs, and no shell."""
    tool = images.require_tool("mmdebstrap", "mmdebstrap", f"making etcd {version} from Debian's package")
    archive = folder / "root.tar"
    images.run_tool(
        [tool, "--variant=extract", "--include=etcd-server", DEBIAN[version], str(archive)],
        doing=f"make etcd {version} from Debian's package",
        folder=folder,
        timeout=TIMEOUT,
    )
    return archive


def _modules(version: str, folder: Path) -> Path:
    """A root file system that holds one static binary, compiled from Go modules."""
    doing = f"build etcd {version} from Go modules"
    if not has_module(version):
        raise EnvironmentFailed(
            f"there is no recipe for etcd {version}: known are {', '.join(DEBIAN)} (Debian) and every version from "
            "3.5.0 on (Go modules). Write it as 3.5.21"
        )
    go = images.require_tool("go", "golang", doing)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-modcacherw"}
    source, archive = folder / "source", folder / "root.tar"
    source.mkdir()
    for arguments in (
        ["mod", "init", "quorate.invalid/image"],
        ["get", f"{MODULE}@v{version}"],
        ["build", "-trimpath", "-ldflags", "-s -w", "-o", str(folder / "etcd"), MODULE],
    ):
        images.run_tool([go, *arguments], doing=doing, folder=source, timeout=TIMEOUT, environment=environment)
    archive.write_bytes(images.tar_of({BINARY: (folder / "etcd").read_bytes()}, mode=0o755))
    return archive
