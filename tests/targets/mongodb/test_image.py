"""Where images come from, without building one."""

import tarfile
from pathlib import Path

import pytest

from harness.docker import images
from harness.errors import EnvironmentFailed
from targets.mongodb import image


def test_the_official_image_comes_first() -> None:
    assert image.candidates("6.0.27") == ("mongo:6.0.27", "quorate/mongodb:6.0.27")


def test_a_version_without_a_recipe_names_those_with_one() -> None:
    with pytest.raises(
        EnvironmentFailed, match=r"no recipe for MongoDB 7\.0\.1: known are 6\.0\.27, 5\.0\.4.*docker pull"
    ):
        image.recipe("7.0.1")


def test_a_machine_without_a_recipe() -> None:
    with pytest.raises(EnvironmentFailed, match="is for x86_64, and this machine is aarch64"):
        image.recipe("6.0.27", "aarch64")


@pytest.mark.parametrize("version", image.WHEELS)
def test_every_wheel_is_pinned_by_its_digest(version: str) -> None:
    assert len(bytes.fromhex(image.recipe(version, "x86_64").digest)) == 32


def test_the_program_and_the_folder_of_its_data_are_added_to_the_root(tmp_path: Path) -> None:
    archive = tmp_path / "root.tar"
    archive.write_bytes(images.tar_of({"lib/libssl.so": b"library"}))
    image.add(archive, b"program")
    with tarfile.open(archive) as root:
        found = {member.name: (member.isdir(), member.mode) for member in root}
        program = root.extractfile("usr/bin/mongod")
        assert program is not None
        assert program.read() == b"program"
    assert found == {
        "lib/libssl.so": (False, 0o644),
        "usr/bin/mongod": (False, 0o755),
        "data": (True, 0o755),
        "data/db": (True, 0o755),
    }


def test_a_missing_tool_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailed, match=r"mmdebstrap is not installed.*install mmdebstrap"):
        image._root("6.0.27", tmp_path)
