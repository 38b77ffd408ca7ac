"""A session of AGI: a script says commands, we carry them out on its call and answer, until either is done."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccappliance import VERSION
from ccappliance.apps.ivr.agi import grammar
from ccappliance.apps.ivr.agi.database import AgiDatabase
from ccappliance.apps.ivr.agi.keys import Keys
from ccappliance.apps.ivr.agi.names import Names, channel_name
from ccappliance.apps.ivr.agi.sounds import Folder
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_SCRIPT_COMMANDS
from ccappliance.call.leg import LegGone, LegState
from ccappliance.call.routing import Destination
from ccappliance.service.peers import Peer, PeerFault

if TYPE_CHECKING:
    from ccappliance.apps.ivr.visit import Visit

log = logging.getLogger("ccappliance.ivr.agi")

SILENCE = 1.0  # s without a command after which the caller hears music: he would take the line for dead
WITHHELD = 32  # agi_callingpres: presentation restricted (Q.931 §4.5.10)


@dataclass(frozen=True)
class Workshop:
    """What all sessions share."""

    database: AgiDatabase
    folder: Folder
    find_destination: Callable[[str], Destination]


@dataclass(frozen=True)
class Command:
    """One command: how many words may follow its own, how it is used, whether it is allowed when the call is over."""

    least: int
    most: int
    run: "Callable[[Session, list[str]], Awaitable[str]]"
    usage: str
    dead: bool = False
    gone: str = grammar.result(-1)  # what is answered if the caller leaves meanwhile


class Session:
    """One script and one call. `dead`: the call is over, as far as the script is concerned."""

    def __init__(self, visit: "Visit", script: str, workshop: Workshop, commands: Mapping[tuple[str, ...], Command],
                 *, local: bool) -> None:
        self.visit = visit
        self.call = visit.call
        self.workshop = workshop
        self.local = local  # a program of this machine
        self.script = script
        self.keys = Keys(visit.call)
        self.names = Names(visit.call, visit.flow, lambda: visit.tools.clock.wall().timestamp())
        self.commands = 0
        self.dead = False
        self.hang_up: Callable[[], None] = self.die  # the script asks for the end of the call
        self.music = False  # it wants music between its commands
        self.autohangup: asyncio.TimerHandle | None = None
        self._table = commands
        self._away: asyncio.Task[None] | None = None
        self._peer: Peer | None = None
        self._told = False
        self._busy = False  # with a command: it is answered before the script is told that the call is over

    # ---- the script's life ----

    async def serve(self, peer: Peer, arguments: Sequence[str], network: str | None) -> None:
        """Until the script has no more to say. PeerFault if it says too much. `network`: FastAGI's path and query."""
        await self.keys.listen()
        self._peer = peer
        try:
            await peer.write(self.environment(arguments, network))
            while (line := await self._next(peer)) is not None:
                if not line.strip():
                    continue
                self.commands += 1
                if self.commands > MAX_SCRIPT_COMMANDS:
                    raise PeerFault(f"it has said {MAX_SCRIPT_COMMANDS} commands")
                self._busy = True
                await peer.write(f"{await self.answer(line)}\n")
                self._busy = False
                if self.dead and not self._told:
                    self._tell(peer)
        finally:
            self._peer = None
            if not self.dead:
                self.visit.keep(self.keys.left())
                self.keys.release()

    def die(self) -> None:
        """The call is over; what is under way ends, and commands that need a caller are refused from now on."""
        self.dead = self.names.dead = True
        if self._away is not None:
            self._away.cancel()
        if self._peer is not None and not self._busy:
            self._tell(self._peer)

    def _tell(self, peer: Peer) -> None:
        self._told = True
        peer.hang_up()

    async def answer(self, line: str) -> str:
        """Carry out one command: the lines that answer it, without the last end of line."""
        words = grammar.words(line) or []
        found = next(((self._table[name], words[size:]) for size in (3, 2, 1)
                      if (name := tuple(word.upper() for word in words[:size])) in self._table), None)
        if found is None:
            return grammar.INVALID
        command, arguments = found
        if self.dead and not command.dead:
            return grammar.DEAD
        if not command.least <= len(arguments) <= command.most:
            return grammar.usage(command.usage)
        try:
            return await command.run(self, arguments)
        except BadWord:
            return grammar.usage(command.usage)
        except LegGone:
            return command.gone
        except Refused as refused:
            log.warning("a script is refused", extra={"fields": {"call": self.call.id, "script": self.script,
                                                                 "why": str(refused)}})
            return grammar.result(-1)

    def environment(self, arguments: Sequence[str], network: str | None) -> str:
        """What a script is told at the beginning, with the blank line that ends it."""
        call = self.call
        told = {} if network is None else {"network": "yes", "network_script": network}
        told |= {"request": self.script, "channel": channel_name(call), "language": call.language, "type": "DAHDI",
                 "uniqueid": call.id, "version": VERSION, "callerid": call.calling or "unknown",
                 "calleridname": call.name or "unknown", "callingpres": "0" if call.calling else str(WITHHELD),
                 "callingani2": "0", "callington": "0", "callingtns": "0", "dnid": call.called or "unknown",
                 "rdnis": "unknown", "context": self.visit.flow, "extension": call.called or "s", "priority": "1",
                 "enhanced": "0.0", "accountcode": "", "threadid": call.id.replace(".", "")}
        told |= {f"arg_{number}": value for number, value in enumerate(arguments, start=1)}
        return "".join(f"agi_{name}: {grammar.one_line(value)}\n" for name, value in told.items()) + "\n"

    # ---- what commands need ----

    async def send_to(self, destination: str) -> None:
        """The call goes there, and wherever it is sent from there, until it comes back. LegGone, Refused."""
        await self.away(self.walk(destination))

    async def away(self, journey: Awaitable[None]) -> None:
        """The caller is with somebody else until the journey is over. LegGone, or what it raises."""
        self.keys.release()
        self._away = asyncio.ensure_future(self._travel(journey))
        try:
            await asyncio.wait([self._away])
            if not self._away.cancelled():
                self._away.result()
        finally:
            self._away.cancel()
            self._away = None
        if self.dead or self.call.anchor.is_gone:
            raise LegGone(self.call.anchor, self.call.end_cause)
        await self.keys.listen()

    async def _travel(self, journey: Awaitable[None]) -> None:
        await journey

    async def walk(self, destination: str | None) -> None:
        """From destination to destination, as the switch does."""
        while destination is not None and not self.call.anchor.is_gone:
            destination = await self.workshop.find_destination(destination).run(self.call)

    async def _next(self, peer: Peer) -> str | None:
        """The script's next line. If it takes its time, the caller hears music."""
        reading = asyncio.ensure_future(peer.read())
        try:
            await asyncio.wait([reading], timeout=0.0 if self.music else SILENCE)
            anchor = self.call.anchor
            if not reading.done() and not self.dead and anchor.state is LegState.ANSWERED:
                playing = anchor.start([self.visit.tools.book.get("music", self.call.language)], repeat=True)
                try:
                    await asyncio.wait([reading])
                finally:
                    playing.stop()
            return await reading
        finally:
            reading.cancel()


class BadWord(Exception):
    """A word of a command is not what it should be: its usage is told."""


def whole(word: str) -> int:
    """BadWord if it is no number."""
    try:
        return int(word)
    except ValueError:
        raise BadWord from None
