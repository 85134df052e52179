"""Where Cassandra's image comes from: the official one by tag, or one made of Debian's Java and Maven Central's jars.

The jars of a version are pinned by their SHA-256 in ``jars.json``: what
``mvn dependency:copy-dependencies -Dmdep.useRepositoryLayout=true`` finds for ``org.apache.cassandra:cassandra-all``,
without the native libraries of systems other than Linux.
"""

import hashlib
import json
import os
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

import requests

from harness.docker import helper, images
from harness.docker.daemon import connect
from harness.errors import EnvironmentFailed

OFFICIAL: Final = "cassandra"
OURS: Final = "quorate/cassandra"

CENTRAL: Final = "https://repo1.maven.org/maven2"
LIBRARY: Final = "/opt/cassandra/lib"
"""Where the official image has the jars, too."""

SUITE: Final = "bookworm"
PACKAGES: Final = ("openjdk-17-jre-headless", "base-files")
"""Java, and the folders that a root file system has."""

EPOCH: Final = "1735689600"
"""Time of every file, so that the same packages and jars give the same layer."""

DOWNLOADS: Final = 8
"""Jars that are fetched at the same time."""

ANSWER: Final = 60.0
"""Seconds in which Maven Central must answer."""

TIMEOUT: Final = 900.0
CHANGES: Final = ('CMD ["java", "-version"]', 'ENV PATH="/usr/bin:/bin"')


def candidates(version: str) -> tuple[str, str]:
    """The references to look for, in this order: the official image, then the one made here."""
    return (f"{OFFICIAL}:{version}", f"{OURS}:{version}")


def jars(version: str) -> Mapping[str, str]:
    """The jars of that version: path in a Maven repository → SHA-256.

    Raises:
        EnvironmentFailed: There is no recipe for it.
    """
    pinned = json.loads(Path(__file__).with_name("jars.json").read_text(encoding="utf-8"))
    if version not in pinned:
        raise EnvironmentFailed(f"there is no recipe for Cassandra {version}: known are {', '.join(pinned)}")
    found: Mapping[str, str] = pinned[version]
    return found


def build(version: str) -> Sequence[str]:
    """Make the image of that version, and the helper image where this machine needs it; returns their references.

    Raises:
        EnvironmentFailed: There is no recipe for that version, a tool is missing, or a download failed or was
            not what is pinned.
    """
    reference, pinned = candidates(version)[1], jars(version)
    doing = f"make Cassandra {version} from Debian's Java"
    tool = images.require_tool("mmdebstrap", "mmdebstrap", doing)
    with closing(connect()) as client, tempfile.TemporaryDirectory(prefix="quorate-image-") as name:
        folder = Path(name)
        files = folder / "jars.tar"
        files.write_bytes(images.tar_of(fetch(pinned)))
        archive = folder / "root.tar"
        images.run_tool(
            [
                tool,
                "--variant=extract",
                f"--include={','.join(PACKAGES)}",
                f"--extract-hook=tar-in {files} /",
                # The way to Java has the machine's architecture in its name, so a link leads there.
                '--extract-hook=cd "$1/usr/bin" && ln -s ../lib/jvm/java-17-openjdk-*/bin/java java',
                SUITE,
                str(archive),
            ],
            doing=doing,
            folder=folder,
            timeout=TIMEOUT,
            environment={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
        )
        images.import_root(client, archive, reference, CHANGES)
        return [reference, *helper.build_where_needed(client)]


def fetch(pinned: Mapping[str, str], repository: str = CENTRAL) -> dict[str, bytes]:
    """Download jars; returns path in the image → content.

    Args:
        pinned: Path in the repository → SHA-256.
        repository: Address of a Maven repository.

    Raises:
        EnvironmentFailed: One could not be fetched, or is not the one that is pinned.
    """
    with ThreadPoolExecutor(DOWNLOADS) as pool:
        contents = list(pool.map(partial(_fetch_one, repository), pinned, pinned.values()))
    return {f"{LIBRARY}/{PurePosixPath(path).name}": data for path, data in zip(pinned, contents, strict=True)}


def _trusted() -> str | bool:
    """The certificates that this machine trusts: requests would only know its own, and not those of a proxy."""
    paths = ssl.get_default_verify_paths()
    return os.environ.get("REQUESTS_CA_BUNDLE") or paths.cafile or paths.capath or True


def _fetch_one(repository: str, path: str, digest: str) -> bytes:
    address = f"{repository}/{path}"
    try:
        answer = requests.get(address, timeout=ANSWER, verify=_trusted())
        answer.raise_for_status()
    except requests.RequestException as error:
        reason = " ".join(str(error).split())
        raise EnvironmentFailed(f"cannot fetch {address}: {reason}. Check the network, or set HTTPS_PROXY") from error
    data = answer.content
    if hashlib.sha256(data).hexdigest() != digest:
        raise EnvironmentFailed(f"{address} is not the file that is pinned: its SHA-256 is not {digest}")
    return data
