"""The sound design: a replicated log by the Raft algorithm.

Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (extended version, 2014), sections 5 and 8,
without snapshots and changes of membership. Reads go through the log like writes do, so that a leader that was deposed
without noticing can never answer one. A leader that hears no majority for an election time-out steps down.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from harness.simulated.loop import SECOND
from harness.simulated.server import Answer, Call, Machine, Request, Server
from targets.simulated.forwarding import Forward, Forwarded, Forwarding
from targets.simulated.store import Store

HEARTBEATS: Final = 5
"""Per election time-out."""

MOST_ENTRIES: Final = 512
"""In one message."""

PATIENCE: Final = 5
"""Election time-outs that a request waits for a leader."""

NO_LEADER: Final = Answer("fail", error="no-leader: this node knows no leader")
DEPOSED: Final = Answer("info", error="leader-lost: the leader changed before it answered")

Entry = tuple[int, Request | None]
"""Term and request; the request is None in the entry with which a leader starts its term."""


class Append(msgspec.Struct, frozen=True, gc=False):
    """AppendEntries: ``entries`` follow the entry ``before``, which is of ``before_term``."""

    term: int
    round: int
    before: int
    before_term: int
    entries: list[Entry]
    commit: int


class Appended(msgspec.Struct, frozen=True, gc=False):
    """Its answer to that round: the last index that is known to match, or after which the leader should try again."""

    term: int
    round: int
    success: bool
    index: int


class Ask(msgspec.Struct, frozen=True, gc=False):
    """RequestVote."""

    term: int
    last: int
    last_term: int


class Vote(msgspec.Struct, frozen=True, gc=False):
    """Its answer."""

    term: int
    granted: bool


class Peer(msgspec.Struct):
    """What a leader knows of a follower.

    Args:
        match: Last index that is known to match.
        next: First index to send.
        heard: When it last answered, in nanoseconds.
        round: Counts what was sent; only the answer to the latest makes the leader go on, or there would be ever more.
        waiting: Whether that answer is awaited.
    """

    match: int
    next: int
    heard: int
    round: int = 0
    waiting: bool = False


class RaftServer(Server):
    """One member.

    Args:
        machine: Where it runs. Durable are the term, the vote, and the log; entry ``i`` is ``log[i - 1]``.
        election_timeout: Seconds of silence after which a follower stands for election; each time up to twice as long.
    """

    def __init__(self, machine: Machine, election_timeout: float) -> None:
        super().__init__(machine)
        self.ready = False
        self.leader: str | None = None
        self.commit = 0
        self.store = Store()
        self.log: list[Entry] = machine.disk.journal("log")
        self._durable = machine.disk.values
        self._forwarding = Forwarding(machine)
        self._waiting: dict[Call, None] = {}
        self._timeout = round(election_timeout * SECOND)
        self._majority = (len(machine.peers) + 1) // 2 + 1
        self._peers: dict[str, Peer] = {}
        self._votes: set[str] = set()
        self._deadline = 0
        self._reign = 0
        self._pending: dict[int, tuple[str | None, Any]] = {}
        self._handlers: dict[type, Callable[[str, Any], None]] = {
            Append: self._on_append,
            Appended: self._on_appended,
            Ask: self._on_ask,
            Vote: self._on_vote,
            Forward: self._on_forward,
            Forwarded: self._on_forwarded,
        }

    @property
    def term(self) -> int:
        """The newest term that this member has seen."""
        term: int = self._durable.get("term", 0)
        return term

    def start(self) -> None:
        """Boot as a follower."""
        self._postpone()
        self._watch()

    def receive(self, sender: str, message: Any) -> None:
        """A message of another member."""
        self._handlers[type(message)](sender, message)

    def serve(self, call: Call) -> None:
        """A client's request: into the log, or to the leader, for which it waits for a while when there is none."""
        if self.leads:
            self._propose(call.request, None, call)
        elif self.leader is None:
            self._waiting[call] = None
            self.machine.after(PATIENCE * self._timeout / SECOND, lambda: self._refuse(call))
        else:
            self._forwarding.forward(self.leader, call)

    def _refuse(self, call: Call) -> None:
        """Nobody has led for too long."""
        if call in self._waiting:
            del self._waiting[call]
            call.answer(NO_LEADER)

    def _serve_waiting(self) -> None:
        """There is a leader again."""
        self.ready = True
        waiting, self._waiting = self._waiting, {}
        for call in waiting:
            self.serve(call)

    # Elections

    def _postpone(self) -> None:
        self._deadline = self.machine.elapsed() + self._timeout + int(self.machine.rng.random() * self._timeout)

    def _watch(self) -> None:
        """Stand for election when the deadline has passed; otherwise look again then."""
        if not self.leads and self.machine.elapsed() >= self._deadline:
            self._stand()
        wait = self._timeout if self.leads else self._deadline - self.machine.elapsed()
        self.machine.after(wait / SECOND, self._watch)

    def _stand(self) -> None:
        self._enter(self.term + 1)
        self._durable["vote"] = self.machine.name
        self._votes = {self.machine.name}
        self._postpone()
        self.machine.log(f"stands for election in term {self.term}")
        last, last_term = self._last()
        self.machine.broadcast(Ask(self.term, last, last_term))
        self._count_votes()

    def _on_ask(self, sender: str, ask: Ask) -> None:
        if ask.term > self.term:
            self._enter(ask.term)
        last, last_term = self._last()
        granted = (
            ask.term == self.term
            and self._durable.get("vote") in (None, sender)
            and (ask.last_term, ask.last) >= (last_term, last)
        )
        if granted:
            self._durable["vote"] = sender
            self._postpone()
        self.machine.send(sender, Vote(self.term, granted))

    def _on_vote(self, sender: str, vote: Vote) -> None:
        if vote.term > self.term:
            self._enter(vote.term)
        elif vote.granted and vote.term == self.term and self._votes:
            self._votes.add(sender)
            self._count_votes()

    def _count_votes(self) -> None:
        if self.leads or len(self._votes) < self._majority:
            return
        self._votes = set()
        self.leads = True
        self.leader = self.machine.name
        self.machine.log(f"elected leader of term {self.term}")
        now, after = self.machine.elapsed(), len(self.log) + 1
        self._peers = {name: Peer(0, after, now) for name in self.machine.peers}
        self._reign += 1
        self._propose(None, None, None)
        self._beat(self._reign)
        self._serve_waiting()

    def _enter(self, term: int) -> None:
        """Begin a newer term as a follower that knows no leader."""
        self._durable["term"] = term
        self._durable["vote"] = None
        self._votes = set()
        self._resign()

    def _resign(self) -> None:
        """Know no leader any more; what waits for one is answered: nobody knows."""
        if self.leads:
            self.machine.log(f"no longer leader, term {self.term}")
            self._postpone()
        self.leads = self.ready = False
        self.leader = None
        self._peers = {}
        pending, self._pending = self._pending, {}
        for origin, token in pending.values():
            self._reply(origin, token, DEPOSED)
        self._forwarding.abandon(DEPOSED)

    # Replication

    def _propose(self, request: Request | None, origin: str | None, token: Any) -> None:
        """As the leader, append an entry; ``token`` of ``origin`` (None: a client of this node) waits for it."""
        self.log.append((self.term, request))
        if token is not None:
            self._pending[len(self.log)] = (origin, token)
        for name, peer in self._peers.items():
            if not peer.waiting:
                self._send(name, peer)
        if self._majority == 1:
            self._advance()

    def _send(self, name: str, peer: Peer) -> None:
        """Send a follower what it lacks; only a probe when it has been silent."""
        log, before = self.log, peer.next - 1
        silent = self.machine.elapsed() - peer.heard > self._timeout
        entries = [] if silent else log[before : before + MOST_ENTRIES]
        peer.waiting = True
        peer.round += 1
        self.machine.send(
            name, Append(self.term, peer.round, before, log[before - 1][0] if before else 0, entries, self.commit)
        )

    def _beat(self, reign: int) -> None:
        """As the leader, tell everybody so, regularly; step down when no majority listens."""
        if not self.leads or reign != self._reign:
            return
        now = self.machine.elapsed()
        heard = 1 + sum(now - peer.heard <= 2 * self._timeout for peer in self._peers.values())
        if heard < self._majority:
            self.machine.log(f"hears no majority, term {self.term}")
            self._resign()
            return
        for name, peer in self._peers.items():
            self._send(name, peer)
        self.machine.after(self._timeout / HEARTBEATS / SECOND, lambda: self._beat(reign))

    def _on_append(self, sender: str, message: Append) -> None:
        term, before = self.term, message.before
        if message.term < term:
            self.machine.send(sender, Appended(term, message.round, success=False, index=0))
            return
        if message.term > term:
            self._enter(message.term)
        if self.leader is None:
            self._votes = set()
            self.leader = sender
            self.machine.log(f"follows {sender}, term {self.term}")
            self._serve_waiting()
        self._postpone()
        log, entries = self.log, message.entries
        if before > len(log) or (before and log[before - 1][0] != message.before_term):
            self.machine.send(sender, Appended(self.term, message.round, success=False, index=self._retry(before)))
            return
        if len(log) == before:
            log.extend(entries)
        else:
            self._merge(before, entries)
        last = before + len(entries)
        if message.commit > self.commit and last > self.commit:
            self._apply(min(message.commit, last))
        self.machine.send(sender, Appended(self.term, message.round, success=True, index=last))

    def _retry(self, before: int) -> int:
        """The index before which the leader should try next: skips the whole term that conflicts."""
        log = self.log
        if before > len(log):
            return len(log)
        term, index = log[before - 1][0], before - 1
        while index > self.commit and log[index - 1][0] == term:
            index -= 1
        return index

    def _merge(self, before: int, entries: list[Entry]) -> None:
        """Put entries after index ``before``; only an entry that conflicts cuts what follows it."""
        log = self.log
        for offset, entry in enumerate(entries):
            index = before + offset
            if index >= len(log) or log[index][0] != entry[0]:
                del log[index:]
                log.extend(entries[offset:])
                return

    def _on_appended(self, sender: str, message: Appended) -> None:
        if message.term > self.term:
            self._enter(message.term)
        if not self.leads or message.term < self.term:
            return
        peer = self._peers[sender]
        peer.heard = self.machine.elapsed()
        latest = message.round == peer.round
        if latest:
            peer.waiting = False
        if not message.success:
            if latest:
                peer.next = max(peer.match, min(peer.next - 1, message.index)) + 1
                self._send(sender, peer)
            return
        if message.index > peer.match:
            peer.match = message.index
            if peer.match > self.commit:
                self._advance()
        peer.next = max(peer.next, peer.match + 1)
        if latest and peer.next <= len(self.log):
            self._send(sender, peer)

    def _advance(self) -> None:
        """Commit what a majority holds, if it is of this term (section 5.4.2)."""
        matches = sorted([peer.match for peer in self._peers.values()] + [len(self.log)], reverse=True)
        index = matches[self._majority - 1]
        if index > self.commit and self.log[index - 1][0] == self.term:
            self._apply(index)

    def _apply(self, commit: int) -> None:
        """Apply everything up to ``commit``, and answer those who wait for it."""
        log, store, pending = self.log, self.store, self._pending
        for index in range(self.commit + 1, commit + 1):
            request = log[index - 1][1]
            if request is not None:
                answer = store.apply(request, index)
                if index in pending:
                    self._reply(*pending.pop(index), answer)
        self.commit = commit

    # Requests from other members

    def _on_forward(self, sender: str, message: Forward) -> None:
        if self.leads:
            self._propose(message.request, sender, message.token)
        else:
            self.machine.send(sender, Forwarded(message.token, NO_LEADER))

    def _on_forwarded(self, sender: str, message: Forwarded) -> None:
        del sender
        self._forwarding.answered(message)

    def _reply(self, origin: str | None, token: Any, answer: Answer) -> None:
        if origin is None:
            token.answer(answer)
        else:
            self.machine.send(origin, Forwarded(token, answer))

    def _last(self) -> tuple[int, int]:
        """Index and term of the last entry."""
        return len(self.log), self.log[-1][0] if self.log else 0
