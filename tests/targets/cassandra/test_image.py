"""Where images come from, without building one."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.errors import EnvironmentFailed
from targets.cassandra import image


class Repository(http.server.BaseHTTPRequestHandler):
    """A Maven repository that holds one jar."""

    def do_GET(self) -> None:
        found = self.path == "/org/example/a.jar"
        self.send_response(200 if found else 404)
        self.end_headers()
        if found:
            self.wfile.write(b"jar")

    def log_message(self, *words: Any) -> None:
        pass


@contextmanager
def repository() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Repository) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


GOOD = {"org/example/a.jar": hashlib.sha256(b"jar").hexdigest()}


def test_the_official_image_comes_first() -> None:
    assert image.candidates("5.0.4") == ("cassandra:5.0.4", "quorate/cassandra:5.0.4")


def test_jars_are_pinned_and_for_linux() -> None:
    pinned = image.jars("5.0.4")
    assert "org/apache/cassandra/cassandra-all/5.0.4/cassandra-all-5.0.4.jar" in pinned
    assert all(len(bytes.fromhex(digest)) == 32 for digest in pinned.values())
    assert not [path for path in pinned if "osx" in path or "windows" in path]
    assert len({Path(path).name for path in pinned}) == len(pinned)


def test_a_version_without_a_recipe() -> None:
    with pytest.raises(EnvironmentFailed, match=r"there is no recipe for Cassandra 3\.11\.0: known are 5\.0\.4"):
        image.build("3.11.0")


def test_a_missing_tool_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailed, match=r"mmdebstrap is not installed.*install mmdebstrap"):
        image.build("5.0.4")


def test_jars_are_put_where_the_official_image_has_them() -> None:
    with repository() as address:
        assert image.fetch(GOOD, address) == {"/opt/cassandra/lib/a.jar": b"jar"}


def test_a_jar_that_is_another_one_is_refused() -> None:
    with repository() as address, pytest.raises(EnvironmentFailed, match=r"a\.jar is not the file that is pinned"):
        image.fetch({"org/example/a.jar": "0" * 64}, address)


def test_a_jar_that_is_not_there_is_named() -> None:
    with repository() as address, pytest.raises(EnvironmentFailed, match=r"cannot fetch .*b\.jar: 404"):
        image.fetch({"org/example/b.jar": "0" * 64}, address)


def test_a_repository_that_does_not_answer_is_named() -> None:
    with pytest.raises(EnvironmentFailed, match=r"cannot fetch .*Check the network"):
        image.fetch(GOOD, "http://127.0.0.1:9")
