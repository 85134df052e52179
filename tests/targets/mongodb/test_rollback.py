"""What is told of rolled back documents."""

import bson
import pytest

from targets.mongodb import rollback


def test_every_document_is_a_line_below_their_number() -> None:
    files = {
        "b.cells/removed.2.bson": bson.encode({"_id": 3, "value": 4}),
        "a.lists/removed.1.bson": bson.encode({"_id": "k", "value": [1]}) + bson.encode({"_id": "l", "value": []}),
    }
    assert rollback.told(files).decode().splitlines() == [
        "rolled back: 3 documents",
        'a.lists/removed.1.bson: {"_id": "k", "value": [1]}',
        'a.lists/removed.1.bson: {"_id": "l", "value": []}',
        'b.cells/removed.2.bson: {"_id": 3, "value": 4}',
    ]


def test_a_file_that_is_cut_off_hides_no_other() -> None:
    whole = bson.encode({"_id": 1})
    head, told, problem = rollback.told({"a.bson": whole[:-3], "b.bson": whole}).decode().splitlines()
    assert (head, told) == ("rolled back: 1 documents", 'b.bson: {"_id": 1}')
    assert problem.startswith("a.bson: cut off: ")


@pytest.mark.parametrize("left", range(2, len(bson.encode({"_id": 2}))))
def test_what_stands_before_the_cut_is_told(left: int) -> None:
    data = bson.encode({"_id": 1}) + bson.encode({"_id": 2})[:left]
    head, told, problem = rollback.told({"a.bson": data}).decode().splitlines()
    assert (head, told) == ("rolled back: 1 documents", 'a.bson: {"_id": 1}')
    assert problem.startswith("a.bson: cut off: ")
