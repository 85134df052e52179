"""Where images come from, without building one."""

from pathlib import Path

import pytest

from harness.errors import EnvironmentFailed
from targets.etcd import image


def test_the_official_image_comes_first() -> None:
    assert image.candidates("3.6.16") == ("quay.io/coreos/etcd:v3.6.16", "quorate/etcd:3.6.16")


@pytest.mark.parametrize(
    ("version", "known"),
    [("3.5.0", True), ("3.6.16", True), ("3.6.0-rc.1", True), ("3.4.23", False), ("3.6", False), ("latest", False)],
)
def test_versions_that_are_go_modules(version: str, known: bool) -> None:
    assert image.has_module(version) is known


def test_a_version_without_a_recipe(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed, match=r"there is no recipe for etcd 3\.3\.1"):
        image._modules("3.3.1", tmp_path)


def test_a_missing_compiler_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailed, match=r"go is not installed.*install golang"):
        image._modules("3.6.16", tmp_path)
