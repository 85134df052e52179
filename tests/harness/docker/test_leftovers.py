"""What runs left, from the daemon's lists."""

import os
from typing import Any

from harness.docker.labels import process_started
from harness.docker.leftovers import Leftover, group


def thing(run: str, pid: int, started: str, **rest: Any) -> dict[str, Any]:
    marks = {"quorate.run": run, "quorate.pid": str(pid), "quorate.started": started, "quorate.folder": f"/{run}"}
    return {"Labels": marks, **rest}


def test_one_entry_a_run() -> None:
    now = process_started(os.getpid()) or ""
    containers = [
        thing("b", os.getpid(), now, Names=["/quorate-b-n2"]),
        thing("b", os.getpid(), now, Names=["/quorate-b-n1"]),
        thing("a", os.getpid(), "1", Names=["/quorate-a-n1"]),
    ]
    networks = [thing("b", os.getpid(), now, Name="quorate-b"), thing("c", 0, "", Name="quorate-c")]
    assert group(containers, networks) == [
        Leftover("a", os.getpid(), False, "/a", ("quorate-a-n1",), ()),
        Leftover("b", os.getpid(), True, "/b", ("quorate-b-n1", "quorate-b-n2"), ("quorate-b",)),
        Leftover("c", 0, False, "/c", (), ("quorate-c",)),
    ]
