"""What a member rolled back: writes that the others never had, which it keeps in files of BSON."""

import struct
from collections.abc import Mapping
from typing import Final

from bson import decode_iter, json_util
from bson.errors import InvalidBSON

FOLDER: Final = "rollback"
"""Below the data: ``<namespace>/removed.<time>.bson``."""


def told(files: Mapping[str, bytes]) -> bytes:
    """How many documents were rolled back, and each of them on a line, as it was.

    Args:
        files: The content of the files, by their path below ``FOLDER``.
    """
    documents, problems = [], []
    for name, data in sorted(files.items()):
        try:
            # One by one, so that those before the cut are kept; the driver has another error for half a length.
            for document in decode_iter(data):
                documents.append(f"{name}: {json_util.dumps(document)}")  # noqa: PERF401 - see above
        except (InvalidBSON, struct.error) as error:
            problems.append(f"{name}: cut off: {error}")
    return "\n".join([f"rolled back: {len(documents)} documents", *documents, *problems, ""]).encode()
