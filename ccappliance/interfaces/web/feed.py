"""The feed: every fact as it is written, told to all who are connected and may know it; each is encoded once.

Facts are gathered for a moment and sent together: who sees the same gets the same bytes, so that 200 desks cost 200
writes a moment, however many facts there were. The protocol stands in docs/web.md.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from ccappliance.base.limits import MAX_FEED_BYTES, MAX_FEED_PAST, MAX_JOURNAL_BACKLOG
from ccappliance.call.facts import Kinds
from ccappliance.call.journal import Entry, Reader
from ccappliance.interfaces.web.access import Visitor
from ccappliance.interfaces.web.errors import FieldRefused
from ccappliance.interfaces.web.feed_views import Concerned, kinds_for, own_kinds
from ccappliance.interfaces.web.rest import Ask, to_json
from ccappliance.interfaces.web.sockets import FAREWELL, Closing, Socket, Sockets

MOMENT = 0.05  # s facts are gathered: a screen shows them long before a second is over
CHUNK = 500  # entries of the past in one message
TOO_SLOW, SIGNED_OUT = 4008, 4001  # how the feed closes a socket
LOOK = 10.0  # s between looks at whether the visitor may still be here, when nothing is told


@dataclass(frozen=True)
class Source:
    """Where facts come from."""

    follow: Callable[[Reader], None]
    seq: Callable[[], int]  # of the last entry
    past: Callable[[int], Iterator[Entry]]  # from this number on; waits for the disk
    having: Callable[[], list[tuple[str, str]]]  # (agent, call) of all who have one now
    snapshot: Callable[[Visitor], dict[str, Any]]  # what this visitor may see now


class _Group:
    """All who see the same, and what they are to be told next."""

    def __init__(self) -> None:
        self.followers: dict[int, _Follower] = {}
        self.pending: list[str] = []


class _Follower:
    """One socket: what it has not been sent yet."""

    def __init__(self, socket: Socket) -> None:
        self.news = asyncio.Event()
        self.overrun = False
        self._socket = socket
        self._frames: deque[tuple[str, int]] = deque()
        self._bytes = 0
        self._facts = 0

    def push(self, frame: str, count: int) -> None:
        if self.overrun:
            return
        self._frames.append((frame, count))
        self._bytes += len(frame)
        self._facts += count
        if self._bytes > MAX_FEED_BYTES or self._facts > MAX_JOURNAL_BACKLOG:
            self.overrun = True
            self._frames.clear()
            self._bytes = self._facts = 0
            # He has this long to read why; his sender may be waiting for him to read at all.
            asyncio.get_running_loop().call_later(FAREWELL, self._socket.abort)
        self.news.set()

    def take(self) -> str | None:
        if not self._frames:
            self.news.clear()
            return None
        frame, count = self._frames.popleft()
        self._bytes -= len(frame)
        self._facts -= count
        return frame


Key = tuple[frozenset[str], str, frozenset[str]]  # kinds he may know, his number as an agent, kinds of his own


class FeedHub:
    """Reads the journal once for all feeds."""

    def __init__(self, source: Source, sockets: Sockets, alive: Callable[[Visitor], bool]) -> None:
        self._source = source
        self._sockets = sockets
        self._alive = alive
        self._groups: dict[Key, _Group] = {}
        self._by_kind: dict[str, list[_Group]] = {}  # who is told all of a kind
        self._by_agent: dict[tuple[str, str], list[_Group]] = {}  # (agent, kind) → who is told it because it is his
        self._concerned = Concerned()
        self._timer: asyncio.TimerHandle | None = None
        self._count = 0

    def open(self) -> None:
        for agent, call in self._source.having():
            self._concerned.know(agent, call)
        self._source.follow(self._hear)

    async def feed(self, ask: Ask, since: int | None = None, kinds: list[str] | None = None) -> web.StreamResponse:
        """Facts as they are written: first what is now, or those after number `since`; of `kinds` only."""
        visitor = ask.known
        unknown = [kind for kind in kinds or [] if kind not in Kinds.BY_NAME]
        if unknown:
            raise FieldRefused("bad_parameters", f"there is no fact {unknown[0][:100]!r}; see docs/journal.md", "kinds")
        if since is not None and since < 0:
            raise FieldRefused("bad_parameters", "'since' must be 0 or more", "since")
        key = (kinds_for(visitor.scopes, kinds or []), visitor.agent, own_kinds(visitor, kinds or []))

        async def send(socket: Socket) -> None:
            await self._send(socket, visitor, key, since)

        return await self._sockets.serve(ask.request, send)

    # ---- one feed ----

    async def _send(self, socket: Socket, visitor: Visitor, key: Key, since: int | None) -> None:
        self._flush()  # what was written before belongs to those who were here before
        seq = self._source.seq()
        resumes = since is not None and 0 <= seq - since <= MAX_FEED_PAST
        snapshot = {} if resumes else self._source.snapshot(visitor)
        self._count += 1
        number, follower = self._count, _Follower(socket)
        self._join(number, follower, key)
        try:
            await socket.send(to_json({"hello": {
                "seq": seq, "resumed": resumes, "user": visitor.name, "role": visitor.role, "agent": visitor.agent,
                "snapshot": snapshot}}))
            if resumes and since is not None:
                async for frame in self._past(since + 1, seq, key):
                    await socket.send(frame)
            while True:
                told = follower.take()
                if follower.overrun:
                    raise Closing(TOO_SLOW, "too slow: come again with since")
                if not self._alive(visitor):
                    raise Closing(SIGNED_OUT, "you are signed out, or your rights have changed")
                if told is not None:
                    await socket.send(told)
                else:
                    await _within(follower.news, LOOK)
        finally:
            self._leave(number, key)

    async def _past(self, begin: int, upto: int, key: Key) -> AsyncIterator[str]:
        """Entries from `begin` to `upto` as this visitor may know them, read beside the loop."""
        loop, concerned = asyncio.get_running_loop(), Concerned()
        entries = self._source.past(begin)
        kinds, agent, own = key
        done = False
        while not done:
            lines: list[str] = []
            chunk = await loop.run_in_executor(None, _some, entries, CHUNK)
            for entry in chunk:
                if entry.seq > upto:
                    done = True
                    break
                name, mine = type(entry.fact).__name__, concerned.agents(entry.fact)
                if name in kinds or (name in own and agent in mine):
                    lines.append(entry.line().decode())
            done = done or len(chunk) < CHUNK
            if lines:
                yield _frame(lines)

    # ---- all feeds ----

    def _join(self, number: int, follower: _Follower, key: Key) -> None:
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group()
            kinds, agent, own = key
            for kind in sorted(kinds):
                self._by_kind.setdefault(kind, []).append(group)
            for kind in sorted(own - kinds):
                self._by_agent.setdefault((agent, kind), []).append(group)
        group.followers[number] = follower

    def _leave(self, number: int, key: Key) -> None:
        group = self._groups[key]
        del group.followers[number]
        if not group.followers:
            del self._groups[key]
            kinds, agent, own = key
            for kind in kinds:
                self._by_kind[kind].remove(group)
            for kind in own - kinds:
                self._by_agent[agent, kind].remove(group)

    def _hear(self, entry: Entry) -> None:
        concerned = self._concerned.agents(entry.fact)
        if not self._groups:
            return
        kind = type(entry.fact).__name__
        groups = self._by_kind.get(kind, [])
        if concerned and self._by_agent:
            own = [group for agent in concerned for group in self._by_agent.get((agent, kind), ())]
            groups = [*groups, *own] if own else groups
        if groups:
            line = entry.line().decode()
            for group in groups:
                group.pending.append(line)
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(MOMENT, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for group in self._groups.values():
            if group.pending:
                frame, count = _frame(group.pending), len(group.pending)
                group.pending = []
                for follower in group.followers.values():
                    follower.push(frame, count)


def _frame(lines: Collection[str]) -> str:
    return '{"facts":[' + ",".join(lines) + "]}"


def _some(entries: Iterator[Entry], count: int) -> list[Entry]:
    found = []
    for entry in entries:
        found.append(entry)
        if len(found) == count:
            break
    return found


async def _within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return

