"""Linearizability of mutexes that only their holder may release.

A process holds the mutex for certain from where its acquire returned to where the release that follows it is invoked.
Where a process's operations follow each other there is a linearization iff these times are pairwise disjoint (the
zones of Gibbons and Korach, of whom those that are certain decide alone, because all of them point forward); their
order is then the only one, and tokens must grow in it. A holder of a reentrant mutex holds it from its first acquire
to the release that makes up for the last.

Unknown outcomes, each the last of its process: an acquire is left out, because nobody could acquire after it; a release
happens, because it can only help. It may also stand between two acquires of its process; but as it then could as well
come later, if these were not certain, what refutes such a part is left to the search.

An acquire that was refused needs a holder: between two holders there is certainly none from where the first one's
release returned to where the second one's acquire is invoked, and all other times can be had at once. Behind the last
holder an acquire of unknown outcome explains it too.

Gibbons, Korach: Testing shared memories, SIAM J. Comput. 26(4), 1997.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import HOLDS, NEVER, UNDECIDED, VIOLATED, Conflict, Decision

RULES: Final = ("double-lock", "stale-token", "release-of-free", "refused-free")
"""What a conflict's rows mean:

- ``double-lock``: (acquire, acquires of who held it, and the release of these where there is one): the release was
  invoked after the acquire had returned;
- ``stale-token``: (earlier acquire, later acquire), the token of the later one is not larger;
- ``release-of-free``: (releases of one process), the last by far or by one more than it had acquired;
- ``refused-free``: (refused acquire, the release before, the acquire after): those of the two that there are, and
  nobody can have held it in between.
"""

ACQUIRE: Final = 0
RELEASE: Final = 1
REFUSED: Final = 2

NO_TOKEN: Final = -1


@dataclass(frozen=True, slots=True)
class Columns:
    """One row each, in the order of their invocations.

    Args:
        call: int32, ascending; no instant occurs twice in ``call`` and ``ret``.
        ret: int32; ``NEVER`` where there is none.
        optional: bool, it may not have happened.
        f: int8, ``ACQUIRE``, ``RELEASE`` or ``REFUSED`` (an acquire that failed because somebody held it).
        part: int32, dense from 0.
        process: int32, from 0.
        token: int64, of which only the order counts, from 0; ``NO_TOKEN`` where none was told.
        parts: Number of parts.
        processes: Number of processes.
        reentrant: The holder may acquire again.
    """

    call: NDArray[np.int32]
    ret: NDArray[np.int32]
    optional: NDArray[np.bool_]
    f: NDArray[np.int8]
    part: NDArray[np.int32]
    process: NDArray[np.int32]
    token: NDArray[np.int64]
    parts: int
    processes: int
    reentrant: bool


@dataclass(frozen=True, slots=True)
class _Processes:
    """Acquires and releases by part, process and time.

    Args:
        rows: Which.
        owner: Number of part and process.
        extra: Releases by who does not hold.
        open_parts: Whether each part has operations whose order or effect is not certain.
        reused: Whether each part has a process that went on after an unknown outcome.
        holders: Rows of the acquires with which somebody begins to hold, by part and return.
        released: Per holder, the row of the release; -1 where there is none.
    """

    rows: NDArray[np.intp]
    owner: NDArray[np.int64]
    extra: NDArray[np.bool_]
    open_parts: NDArray[np.bool_]
    reused: NDArray[np.bool_]
    holders: NDArray[np.intp]
    released: NDArray[np.int64]


def decide(columns: Columns) -> Decision:
    """Where every part stands: undecided where it is not as above."""
    c, p = columns, _processes(columns)
    events = [_extra(c, p), _double(c, p), _stale(c, p)]
    unexplained = np.zeros(c.parts, dtype=np.bool_)
    if c.reentrant:
        unexplained[c.part[_unexplained(c, p)]] = True
    else:
        events.append(_refused(c, p))
    found: dict[int, Conflict] = {}
    for _, rule, rows in sorted(one for some in events for one in some):
        if (part := int(c.part[rows[0]])) not in found and not p.open_parts[part]:
            found[part] = Conflict(RULES[rule], rows)
    standing = np.where(unexplained | p.open_parts, UNDECIDED, HOLDS).astype(np.int8)
    standing[list(found)] = VIOLATED
    standing[p.reused & (standing == VIOLATED)] = UNDECIDED
    return Decision(standing, {part: proof for part, proof in found.items() if standing[part] == VIOLATED})


_Event = tuple[tuple[int, int], int, tuple[int, ...]]
"""When it is noticed, and what goes first at that instant; the rule; the rows."""


def _processes(c: Columns) -> _Processes:
    rows = np.flatnonzero(c.f != REFUSED)
    owner = c.part.astype(np.int64) * c.processes + c.process
    rows = rows[np.argsort(owner[rows], kind="stable")]
    owner, optional, acquire = owner[rows], c.optional[rows], c.f[rows] == ACQUIRE
    first = np.append(True, owner[1:] != owner[:-1])[: len(rows)]
    start, end, extra = _turns(c, rows, first, acquire & ~optional)
    unsure = np.where(optional, c.ret[rows] != NEVER, acquire & (c.ret[rows] == NEVER))
    last = np.flatnonzero(~first) - 1
    must = end[last] & acquire[last + 1] & (not c.reentrant)
    unsure[last] |= np.where(optional[last], ~must, c.ret[rows[last]] >= c.call[rows[last + 1]])
    open_parts = np.zeros(c.parts, dtype=np.bool_)
    open_parts[c.part[rows[unsure]]] = True
    reused = np.zeros(c.parts, dtype=np.bool_)
    reused[c.part[rows[last[optional[last]]]]] = True
    starts, ends = np.flatnonzero(start), np.flatnonzero(end)
    closing = np.append(ends, len(rows))[np.searchsorted(ends, starts)]
    closed = (closing < np.append(starts, len(rows))[1:]) & (owner[np.minimum(closing, len(rows) - 1)] == owner[starts])
    released = np.where(closed, np.append(rows, -1)[closing], -1)
    order = np.lexsort((c.ret[rows[starts]], c.part[rows[starts]]))
    return _Processes(rows, owner, extra, open_parts, reused, rows[starts][order], released[order])


def _turns(
    c: Columns, rows: NDArray[np.intp], first: NDArray[np.bool_], acquire: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Where a process begins to hold, where it ends, and where it releases what it does not hold."""
    release = c.f[rows] == RELEASE
    if not c.reentrant:
        held = np.append(False, acquire)[: len(rows)] & ~first
        return acquire, release & held, release & ~held
    change = acquire.astype(np.int64) - release
    total = np.cumsum(change)
    group = np.cumsum(first) - 1
    depth = total - (total - change)[first][group]
    # Below the lowest so far is free again: what was released too often counts for nothing.
    lowest = _lowest(depth, group)
    extra = release & (depth < lowest)
    depth = depth - np.minimum(lowest, depth)
    return acquire & (depth == 1), release & (depth == 0) & ~extra, extra


def _lowest(depth: NDArray[np.int64], group: NDArray[np.int64]) -> NDArray[np.int64]:
    """The lowest depth of the group before each place, at most 0."""
    wide = 2 * len(depth) + 2
    before = np.append(0, depth)[: len(depth)]
    before[np.append(True, group[1:] != group[:-1])[: len(depth)]] = 0
    return np.minimum.accumulate(np.minimum(before, 0) - group * wide) + group * wide


def _extra(c: Columns, p: _Processes) -> list[_Event]:
    places = np.flatnonzero(p.extra & ~c.optional[p.rows])
    places = places[np.argsort(p.rows[places])]
    places = places[np.unique(c.part[p.rows[places]], return_index=True)[1]]
    return [((-1, 0), 2, _releases(c, p, place)) for place in places.tolist()]


def _releases(c: Columns, p: _Processes, place: int) -> tuple[int, ...]:
    """What shows that a process released too often: its release before, or all where it may hold several times."""
    begin = int(np.searchsorted(p.owner, p.owner[place]))
    rows = p.rows[begin if c.reentrant else max(begin, place - 1) : place + 1]
    return tuple(rows[c.f[rows] == RELEASE].tolist())


def _firsts(c: Columns, p: _Processes, places: NDArray[np.intp]) -> list[int]:
    """The first of each part."""
    found: list[int] = places[np.unique(c.part[p.holders[places]], return_index=True)[1]].tolist()
    return found


def _double(c: Columns, p: _Processes) -> list[_Event]:
    freed = np.where(p.released < 0, NEVER, c.call[p.released])
    same = c.part[p.holders[1:]] == c.part[p.holders[:-1]]
    late = np.flatnonzero(same & (freed[:-1] > c.ret[p.holders[1:]])) + 1
    return [((int(c.ret[p.holders[at]]), 0), 0, _both(c, p, at)) for at in _firsts(c, p, late)]


def _both(c: Columns, p: _Processes, place: int) -> tuple[int, ...]:
    row, holder, release = int(p.holders[place]), int(p.holders[place - 1]), int(p.released[place - 1])
    held = [holder]
    if c.reentrant:
        key = int(c.part[holder]) * c.processes + int(c.process[holder])
        mine = p.rows[np.searchsorted(p.owner, key) : np.searchsorted(p.owner, key, side="right")]
        mine = mine[(mine >= holder) & (c.ret[mine] < c.ret[row])]
        held = mine[(c.f[mine] == ACQUIRE) & ~c.optional[mine]].tolist()
    return (row, *held, release) if release >= 0 else (row, *held)


def _stale(c: Columns, p: _Processes) -> list[_Event]:
    told = p.holders[c.token[p.holders] != NO_TOKEN]
    stale = (c.part[told[1:]] == c.part[told[:-1]]) & (c.token[told[1:]] <= c.token[told[:-1]])
    late = np.flatnonzero(stale) + 1
    late = late[np.unique(c.part[told[late]], return_index=True)[1]]
    return [((int(c.ret[told[at]]), 2), 1, (int(told[at - 1]), int(told[at]))) for at in late.tolist()]


def _last_holder(c: Columns, p: _Processes, refused: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Per refusal the last holder whose acquire had returned by then, and whether there is one."""
    keys = c.part[p.holders].astype(np.int64) << 32 | c.ret[p.holders]
    last = np.searchsorted(keys, c.part[refused].astype(np.int64) << 32 | c.ret[refused]) - 1
    exists = last >= 0
    exists[exists] = c.part[p.holders[last[exists]]] == c.part[refused[exists]]
    return last, exists


def _unexplained(c: Columns, p: _Processes) -> NDArray[np.intp]:
    """Refusals during which nobody else held it for certain."""
    refused = np.flatnonzero(c.f == REFUSED)
    last, explained = _last_holder(c, p, refused)
    holder, release = p.holders[last[explained]], p.released[last[explained]]
    freed = np.where(release < 0, NEVER, c.call[release])
    explained[explained] = (freed >= c.call[refused[explained]]) & (c.process[holder] != c.process[refused[explained]])
    return refused[~explained]


def _refused(c: Columns, p: _Processes) -> list[_Event]:
    """Refusals while nobody can have held it."""
    refused = np.flatnonzero(c.f == REFUSED)
    last, exists = _last_holder(c, p, refused)
    release = np.where(exists, np.append(p.released, -1)[last], -1)
    free = np.where((release < 0) | c.optional[release], NEVER, c.ret[release]) if len(refused) else release
    alone = ~exists | (free < c.call[refused])
    refused, last, release = refused[alone], last[alone], release[alone]
    follower = np.append(p.holders, -1)[last + 1]
    follower[(follower >= 0) & (c.part[follower] != c.part[refused])] = -1
    maybe = np.full(c.parts, NEVER, dtype=np.int64)
    unknown = np.flatnonzero((c.f == ACQUIRE) & c.optional)
    np.minimum.at(maybe, c.part[unknown], c.call[unknown])
    until = np.where(follower < 0, maybe[c.part[refused]], c.call[follower])
    wrong = np.flatnonzero(until > c.ret[refused])
    wrong = wrong[np.argsort(c.ret[refused[wrong]])]
    wrong = wrong[np.unique(c.part[refused[wrong]], return_index=True)[1]]
    return [
        (
            (NEVER + 1 if follower[at] < 0 else int(c.ret[follower[at]]), 1),
            3,
            tuple(int(row) for row in (refused[at], release[at], follower[at]) if row >= 0),
        )
        for at in wrong.tolist()
    ]
