"""The disk of a simulated machine."""

from harness.simulated.disk import Disk


def test_journals_and_values_keep_what_was_put_there() -> None:
    disk = Disk()
    disk.values["term"] = 3
    disk.journal("log").extend("abc")
    del disk.journal("log")[1:]

    assert (disk.values["term"], disk.journal("log"), disk.journal("other")) == (3, ["a"], [])
