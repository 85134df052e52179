"""Images: tools that are missing or fail, archives, and imports that fail behind an answer that says 200."""

import io
import sys
import tarfile
from pathlib import Path

import pytest

from harness.docker.images import import_problem, require_tool, run_tool, tar_of
from harness.errors import EnvironmentFailed


def test_a_tool_that_is_missing() -> None:
    with pytest.raises(EnvironmentFailed, match="no-such-tool is not installed, but a recipe needs it: install it-pkg"):
        require_tool("no-such-tool", "it-pkg", "a recipe")


def test_a_tool_that_fails_is_quoted_in_one_line(tmp_path: Path) -> None:
    code = "import sys; print('a\\nb\\nc\\nlast', file=sys.stderr); sys.exit(3)"
    with pytest.raises(EnvironmentFailed, match=r"^cannot make it: \S+ says: b / c / last$"):
        run_tool([sys.executable, "-c", code], doing="make it", folder=tmp_path, timeout=30)


def test_a_tool_that_hangs(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed, match=r"did not end within 0\.05 s"):
        run_tool(["sleep", "60"], doing="make it", folder=tmp_path, timeout=0.05)


def test_an_archive_is_the_same_every_time() -> None:
    data = tar_of({"/usr/bin/x": b"program", "/a": b""}, mode=0o755)
    assert data == tar_of({"/a": b"", "/usr/bin/x": b"program"}, mode=0o755)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert archive.getnames() == ["a", "usr/bin/x"]
        assert archive.getmember("usr/bin/x").mode == 0o755


def test_an_import_that_fails_half_way() -> None:
    assert import_problem('{"status":"sha256:ab"}\r\n') is None
    answer = '{"status":"Importing"}\r\n{"errorDetail":{"message":"disk"},"error":"no space left on device"}\r\n'
    assert import_problem(answer) == "no space left on device"
