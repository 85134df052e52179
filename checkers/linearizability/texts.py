"""Operations on a string that is read, replaced and appended to, as the compiled ladder knows them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

GET: Final = 0
PUT: Final = 1
APPEND: Final = 2


@dataclass(frozen=True, slots=True)
class Texts:
    """What is done to one string, which is empty at first; one entry per operation.

    Args:
        f: int8, ``GET``, ``PUT`` or ``APPEND``.
        text: int32, place in ``texts`` of what was read, put or appended.
        texts: Distinct, in UTF-8.
    """

    f: NDArray[np.int8]
    text: NDArray[np.int32]
    texts: tuple[bytes, ...]
