"""Which way into a node, and that no stranger's network is ever entered."""

import os

import pytest

from harness.docker.entry import enter, no_nsenter
from harness.errors import EnvironmentFailed, NodeFailed

LOCAL = "http+docker://localhost"


@pytest.mark.parametrize(
    ("base_url", "root", "tool", "reason"),
    [
        (LOCAL, True, "/usr/bin/nsenter", None),
        (LOCAL, False, "/usr/bin/nsenter", "not root"),
        (LOCAL, True, "", "nsenter is not installed"),
        ("http://192.0.2.7:2375", True, "/usr/bin/nsenter", "not on this machine"),
    ],
)
def test_when_nsenter_works(base_url: str, root: bool, tool: str, reason: str | None) -> None:
    said = no_nsenter(base_url, root=root, tool=tool)
    assert said is None if reason is None else reason in (said or "")


def test_a_process_that_is_not_the_containers_is_refused() -> None:
    with pytest.raises(EnvironmentFailed, match="is not that of container"):
        enter("f" * 64, os.getpid(), ["true"], stdin=b"", timeout=5)


def test_a_process_that_does_not_exist() -> None:
    with pytest.raises(NodeFailed, match="cannot be entered"):
        enter("f" * 64, 2**22 + 1, ["true"], stdin=b"", timeout=5)
