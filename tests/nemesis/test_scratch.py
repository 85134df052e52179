"""Whether rules can be set here at all, tried where it touches nothing."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nemesis import iptables
from nemesis.scratch import try_iptables


def fake_tools(folder: Path, **scripts: str) -> str:
    """A PATH on which only these tools are."""
    for name, body in scripts.items():
        tool = folder / name.replace("_", "-")
        tool.write_text(f"#!/bin/sh\n{body}\n")
        tool.chmod(0o755)
    return str(folder)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("iptables") is None, reason="needs root and iptables")
def test_it_works_here_and_leaves_no_rule() -> None:
    assert asyncio.run(try_iptables()) == ""
    assert iptables.CHAIN.encode() not in subprocess.run(["iptables", "-S"], capture_output=True, check=True).stdout


async def test_a_tool_that_is_missing_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", fake_tools(tmp_path, unshare="exit 0"))
    assert await try_iptables() == "iptables is not installed (package iptables)"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'unshare failed: Operation not\n permitted' >&2; exit 1", "unshare failed: Operation not permitted"),
        ("exit 4", "iptables ended with code 4"),
    ],
)
async def test_the_reason_is_what_the_tool_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    monkeypatch.setenv("PATH", fake_tools(tmp_path, unshare=script, iptables="", iptables_restore=""))
    assert await try_iptables() == reason
