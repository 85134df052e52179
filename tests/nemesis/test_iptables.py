"""Cuts as rules: golden text, and the same commands in a scratch network namespace of the real kernel."""

import os
import shlex
import shutil
import subprocess

import pytest

from nemesis import iptables

ADDRESSES = {"n1": "10.1.0.1", "n2": "10.1.0.2", "n3": "10.1.0.3"}
CUTS = frozenset({("n1", "n2"), ("n3", "n2"), ("n2", "n1")})


def test_the_rule_set_of_a_node_is_the_senders_that_it_drops() -> None:
    assert iptables.rules("n2", CUTS, ADDRESSES) == [
        "-A QUORATE -s 10.1.0.1/32 -j DROP",
        "-A QUORATE -s 10.1.0.3/32 -j DROP",
    ]
    assert iptables.rules("n3", CUTS, ADDRESSES) == []


def test_the_text_for_a_node_empties_and_fills_the_own_chain_in_one_transaction() -> None:
    assert iptables.restore_text("n2", CUTS, ADDRESSES) == (
        b"*filter\n:QUORATE - [0:0]\n-A QUORATE -s 10.1.0.1/32 -j DROP\n-A QUORATE -s 10.1.0.3/32 -j DROP\nCOMMIT\n"
    )
    assert "--noflush" in iptables.restore()


@pytest.mark.parametrize("command", [iptables.hook(), iptables.remove(), iptables.show(), iptables.restore()])
def test_no_command_flushes_anything_else_or_names_the_nat_table(command: list[str]) -> None:
    line = " ".join(command)
    assert "nat" not in line
    assert line.count("-F") == line.count("-F QUORATE")
    assert line.count("-X") == line.count("-X QUORATE")


HOOKED = "-P INPUT ACCEPT\n-N QUORATE\n-A INPUT -j QUORATE\n-A QUORATE -s 10.1.0.1/32 -j DROP\n"


@pytest.mark.parametrize(
    ("listing", "rules"),
    [
        (HOOKED, ["-A QUORATE -s 10.1.0.1/32 -j DROP"]),
        ("-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n", None),
        (HOOKED.replace("-A INPUT -j QUORATE\n", ""), []),
        (HOOKED.replace("-A INPUT", "-A INPUT -j ACCEPT\n-A INPUT"), []),
        (HOOKED.replace("-A QUORATE -s 10.1.0.1/32 -j DROP\n", ""), []),
    ],
    ids=["in force", "never there", "not hooked", "behind an accept", "emptied"],
)
def test_only_rules_that_are_in_force_are_read_back(listing: str, rules: list[str] | None) -> None:
    assert iptables.parse(listing) == rules


SCRATCH = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("iptables") is None, reason="needs root and iptables for a scratch namespace"
)


def in_scratch(*steps: str) -> str:
    """What iptables lists at the end of these shell steps in a network namespace that ends with them."""
    script = "; ".join(["set -e", *steps, "iptables -S"])
    done = subprocess.run(["unshare", "--net", "sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def shell(command: list[str], stdin: bytes = b"") -> str:
    return f"printf %s {shlex.quote(stdin.decode())} | {shlex.join(command)}"


def fill(node: str, cuts: frozenset[tuple[str, str]]) -> str:
    return shell(iptables.restore(), iptables.restore_text(node, cuts, ADDRESSES))


@SCRATCH
def test_what_is_written_is_what_is_read_back_and_writing_twice_changes_nothing() -> None:
    steps = [fill("n2", CUTS), shell(iptables.hook())]
    once, twice = in_scratch(*steps), in_scratch(*steps, *steps)
    assert once == twice
    assert iptables.parse(once) == iptables.rules("n2", CUTS, ADDRESSES)


@SCRATCH
def test_new_cuts_replace_the_old_ones() -> None:
    after = frozenset({("n3", "n2")})
    listing = in_scratch(fill("n2", CUTS), shell(iptables.hook()), fill("n2", after), shell(iptables.hook()))
    assert iptables.parse(listing) == ["-A QUORATE -s 10.1.0.3/32 -j DROP"]


@SCRATCH
def test_removing_restores_the_rules_of_others_exactly_and_may_be_done_twice() -> None:
    foreign = ["iptables -A INPUT -s 10.9.9.9 -j ACCEPT", "iptables -N MINE"]
    before = in_scratch(*foreign)
    remove = shell(iptables.remove())
    after = in_scratch(*foreign, fill("n2", CUTS), shell(iptables.hook()), remove, remove)
    assert after == before


@SCRATCH
def test_the_hook_is_put_before_a_rule_that_accepts_everything() -> None:
    listing = in_scratch("iptables -A INPUT -j ACCEPT", fill("n2", CUTS), shell(iptables.hook()))
    assert iptables.parse(listing) == iptables.rules("n2", CUTS, ADDRESSES)
