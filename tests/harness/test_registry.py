"""What is built in is found by name, and a misspelt name is answered with the nearest."""

from typing import get_args

import pytest

from harness import registry
from harness.errors import EnvironmentFailed, UsageError


@pytest.mark.parametrize("kind", get_args(registry.Kind))
def test_everything_that_is_registered_can_be_loaded_and_knows_its_name(kind: registry.Kind) -> None:
    names = registry.names(kind)

    assert names
    assert [registry.load(kind, name).name for name in names] == names


def test_a_misspelt_name_lists_the_nearest_and_all_valid_ones() -> None:
    valid = ", ".join(registry.names("target"))
    with pytest.raises(UsageError, match=rf"no target named 'ectd'. Did you mean 'etcd'\? Valid: {valid}"):
        registry.load("target", "ectd")


def test_a_package_that_cannot_be_imported_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        name = "broken"
        value = "no_such_module:Thing"

        def load(self) -> object:
            raise ImportError("No module named 'no_such_module'")

    monkeypatch.setattr(registry, "entry_points", lambda **_: [Broken()])

    with pytest.raises(EnvironmentFailed, match=r"'broken' cannot be loaded from no_such_module:Thing.*Reinstall"):
        registry.load("target", "broken")
