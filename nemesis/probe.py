"""Whether a peer answers, asked from inside a node's network namespace.

A TCP connection to a port where nothing listens is refused by the peer's kernel, which proves that packets pass both
ways: nothing needs to listen, or even be installed, in the node. The program runs on the host's or the helper
container's Python.
"""

from collections.abc import Collection, Sequence

PORT = 9
"""Discard; a kernel answers for it whether something listens or not."""

PATIENCE = 0.6
"""Seconds within which a peer on the same machine must have answered; a SYN that is lost is not sent again earlier."""

LIMIT = 8.0
"""Seconds that the whole program may take on a busy machine."""

_PROGRAM = """
import errno, select, socket, sys, time
answered = 0, errno.ECONNREFUSED
patience, port, *peers = sys.argv[1:]
waiting = {}
for peer in peers:
    s = socket.socket()
    s.setblocking(False)
    error = s.connect_ex((peer, int(port)))
    if error in answered:
        print(peer)
    elif error == errno.EINPROGRESS:
        waiting[s] = peer
end = time.monotonic() + float(patience)
while waiting and time.monotonic() < end:
    for s in select.select([], list(waiting), [], max(0, end - time.monotonic()))[1]:
        if s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in answered:
            print(waiting[s])
        del waiting[s]
"""


def command(addresses: Sequence[str]) -> list[str]:
    """The command that prints those of the addresses that answer, one a line."""
    return ["python3", "-c", _PROGRAM, str(PATIENCE), str(PORT), *addresses]


def parse(output: str) -> Collection[str]:
    """The addresses that answered."""
    return frozenset(output.split())
