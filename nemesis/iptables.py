"""Cuts as iptables rules: one pure function from the desired cuts to the whole rule set of a node.

Only the chain ``QUORATE`` is ever written, in one transaction of ``iptables-restore``, and one rule in INPUT that jumps
to it. Nothing is flushed but that chain, and the nat table is never touched: Docker keeps its own rules there.
"""

import shlex
from collections.abc import Mapping, Sequence

from nemesis.grudge import Cuts

CHAIN = "QUORATE"
HOOK = ("INPUT", "-j", CHAIN)
_HOOKED = f"-A {' '.join(HOOK)}"
WAIT = ("-w", "5")
"""Seconds to wait for the lock that all users of iptables share."""


def rules(node: str, cuts: Cuts, addresses: Mapping[str, str]) -> list[str]:
    """The rules of the chain on ``node``: the senders that it drops, one rule each, in order of their names."""
    return [f"-A {CHAIN} -s {addresses[sender]}/32 -j DROP" for sender, refusing in sorted(cuts) if refusing == node]


def restore_text(node: str, cuts: Cuts, addresses: Mapping[str, str]) -> bytes:
    """What ``iptables-restore --noflush`` is given: the chain, emptied and filled again in one step."""
    lines = ["*filter", f":{CHAIN} - [0:0]", *rules(node, cuts, addresses), "COMMIT"]
    return ("\n".join(lines) + "\n").encode()


def restore() -> list[str]:
    """The command that reads ``restore_text``."""
    return ["iptables-restore", *WAIT, "--noflush"]


def hook() -> list[str]:
    """The command that makes the chain the first thing that INPUT asks; behind an ACCEPT it would be asked nothing."""
    waiting = _words(WAIT)
    first = f"$(iptables {waiting} -S INPUT 1)"
    return _shell(f'[ "{first}" = "{_HOOKED}" ] || iptables {waiting} -I {_words(HOOK)}')


def remove() -> list[str]:
    """The command that takes the hook and the chain away, whatever is left of them; for a node without cuts.

    It succeeds only when iptables answers and names the chain no more.
    """
    waiting = _words(WAIT)
    return _shell(
        f"while iptables {waiting} -D {_words(HOOK)} 2>/dev/null; do :; done; "
        f"iptables {waiting} -F {CHAIN} 2>/dev/null; iptables {waiting} -X {CHAIN} 2>/dev/null; "
        f"rules=$(iptables {waiting} -S) || exit; "
        f'case $rules in *"-j {CHAIN}"*|*"-N {CHAIN}"*) echo "{CHAIN} is still there" >&2; exit 1;; esac'
    )


def show() -> list[str]:
    """The command that prints what ``parse`` reads."""
    return ["iptables", *WAIT, "-S"]


def parse(listing: str) -> list[str] | None:
    """The rules of the chain in what ``iptables -S`` printed; None where nothing names the chain.

    Rules that do nothing, because INPUT does not ask the chain before anything else, are none: the list is empty.
    """
    lines = [line.strip() for line in listing.splitlines()]
    if not any(CHAIN in line.split() for line in lines):
        return None
    inputs = [line for line in lines if line.startswith("-A INPUT ")]
    if inputs[:1] != [_HOOKED]:
        return []
    return [line for line in lines if line.startswith(f"-A {CHAIN} ")]


def _shell(line: str) -> list[str]:
    return ["sh", "-c", line]


def _words(words: Sequence[str]) -> str:
    return shlex.join(words)
