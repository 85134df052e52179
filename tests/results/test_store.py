"""The run store: folders, the link to the latest, and what is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sample_runs

from harness.errors import EnvironmentFailed, UsageError
from results import verdict_file
from results.store import RunFolder, runs

STARTED = datetime(2026, 3, 1, 10, tzinfo=UTC)


def make(root: Path, seed: int = 7) -> RunFolder:
    folder = RunFolder.create(root, "etcd", seed, STARTED)
    folder.write_record(sample_runs.record(seed=seed))
    return folder


def test_the_folder_is_named_after_time_and_seed(tmp_path: Path) -> None:
    assert make(tmp_path).path == tmp_path / "etcd" / "20260301T100000Z-7"
    assert make(tmp_path).path.name == "20260301T100000Z-7-2"


def test_latest_moves_to_the_newest_run(tmp_path: Path) -> None:
    make(tmp_path, 1)
    second = make(tmp_path, 2)

    assert RunFolder.open(tmp_path / "latest").path == second.path
    assert not (tmp_path / "latest").readlink().is_absolute()


def test_a_run_is_opened_by_any_file_in_it(tmp_path: Path) -> None:
    folder = make(tmp_path)
    folder.history.write_text("")

    assert RunFolder.open(folder.history) == RunFolder.open(folder.path) == folder


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "latest", "a b"])
def test_a_name_that_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a run"):
        RunFolder.create(tmp_path, name, 1, STARTED)


def test_what_is_no_run_says_what_it_is(tmp_path: Path) -> None:
    folder = make(tmp_path)

    with pytest.raises(UsageError, match=f"holds 1 runs.*{folder.path.name}"):
        RunFolder.open(tmp_path / "etcd")
    with pytest.raises(UsageError, match="there is no run at"):
        RunFolder.open(tmp_path / "nothing")
    with pytest.raises(UsageError, match=r"neither run\.json nor history\.jsonl"):
        RunFolder.open(folder.nodes)


def test_runs_are_listed_newest_first(tmp_path: Path) -> None:
    first, second = make(tmp_path, 1), make(tmp_path, 2)

    assert runs(tmp_path) == [second, first]
    assert runs(tmp_path / "none") == []


def test_a_damaged_record_or_verdict_is_one_line(tmp_path: Path) -> None:
    folder = make(tmp_path)
    folder.run_json.write_text("{")
    folder.verdict.write_text("[]")

    with pytest.raises(UsageError, match="is damaged"):
        folder.read_record()
    with pytest.raises(UsageError, match="is damaged"):
        verdict_file.read(folder.verdict)
    folder.run_json.unlink()
    with pytest.raises(UsageError, match=r"cannot read the run record .* `quorate check .*history\.jsonl`"):
        folder.read_record()


def test_a_verdict_survives_writing_and_reading(tmp_path: Path) -> None:
    folder = make(tmp_path)
    folder.write(folder.verdict, verdict_file.encode(sample_runs.valid()))

    assert verdict_file.read(folder.verdict) == sample_runs.valid()
    assert [path.name for path in folder.path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    folder = make(tmp_path)

    with pytest.raises(EnvironmentFailed, match="cannot write"):
        folder.write(folder.path / "no" / "where", b"")
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFailed, match="cannot make the run folder"):
        RunFolder.create(tmp_path / "file", "etcd", 1, STARTED)
