"""Verdicts on histories that other projects recorded; read from beside the checkout, never copied."""

from pathlib import Path

import pytest
from readers import etcd_log, knossos_edn, mutex_edn

from checkers.register import RegisterChecker

DATA = Path(__file__).parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the recorded histories are not beside the checkout")

LINEARIZABLE = {2, 18, 38, 48, 56, 76, 80, 92, 98, 100, 102}


def test_etcd_logs() -> None:
    files = sorted((DATA / "porcupine" / "jepsen").glob("*.log"))
    assert len(files) == 52
    expected = {file.name: "valid" if int(file.stem[-3:]) in LINEARIZABLE else "invalid" for file in files}
    assert {file.name: RegisterChecker().check(etcd_log(file)).validity for file in files} == expected


@pytest.mark.parametrize(("folder", "count", "expected"), [("good", 53, "valid"), ("bad", 4, "invalid")])
def test_knossos_cas_register(folder: str, count: int, expected: str) -> None:
    files = sorted((DATA / "knossos" / "cas-register" / folder).glob("*.edn"))
    assert len(files) == count
    found = {file.name: RegisterChecker(initial=0).check(knossos_edn(file)).validity for file in files}
    assert found == {file.name: expected for file in files}


def test_knossos_mutex() -> None:
    """The file ends in the middle of a line in some copies; what is left of it then is linearizable."""
    file = DATA / "knossos" / "mutex" / "bad" / "etcd.edn"
    whole = file.read_text().rstrip().endswith(("}", "]", ")"))

    verdict = RegisterChecker(initial="free").check(mutex_edn(file))

    assert verdict.validity == ("invalid" if whole else "valid")
