"""Scripts under way: each is begun, watched, told of the end of its call, and never left behind."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ccappliance.apps.ivr.agi.commands import COMMANDS
from ccappliance.apps.ivr.agi.database import AgiDatabase
from ccappliance.apps.ivr.agi.session import Session, Workshop
from ccappliance.apps.ivr.agi.settings import FASTAGI, AgiSettings, fastagi
from ccappliance.base.limits import MAX_SCRIPTS
from ccappliance.call import facts
from ccappliance.call.leg import LegGone
from ccappliance.service.peers import Peer, PeerFault, Peers
from ccappliance.service.tasks import Supervisor

if TYPE_CHECKING:
    from ccappliance.apps.ivr.visit import Visit

BEGIN = 5.0  # s that a server may take to be reached
AFTER = 5.0  # s that a script may go on when its call is over, to put its own things in order
PATH = "/usr/local/bin:/usr/bin:/bin"


class Scripts:
    """All sessions. They outlive reloads; a stop of the daemon ends them."""

    def __init__(self, settings: Callable[[], AgiSettings], peers: Peers, workshop: Workshop) -> None:
        self._settings = settings
        self._peers = peers
        self._workshop = workshop
        self._tasks = Supervisor("agi")
        self._active = 0

    @property
    def active(self) -> int:
        """How many run, those whose call is over included."""
        return self._active

    async def run(self, visit: "Visit", script: str, arguments: Sequence[str], seconds: float) -> str:
        """Let a script have the call: "done", "hangup" (it asks for it), "failed" or "timeout". Cancelled, the script
        is told, and may go on for a moment without a caller.
        """
        run = Run(self, visit, script, list(arguments))
        if self._active >= MAX_SCRIPTS:
            run.decide("failed", f"{MAX_SCRIPTS} scripts run already")
            return "failed"
        self._active += 1
        run.task = self._tasks.spawn(run.live(self._peers, self._settings()), script)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(run.decided)
        except TimeoutError:
            run.decide("timeout", f"it has taken {seconds:g} s")
            return "timeout"
        except asyncio.CancelledError:
            run.decide("gone", "")
            raise

    @property
    def database(self) -> AgiDatabase:
        """The one that all scripts share, and AMI's clients."""
        return self._workshop.database

    async def close(self) -> None:
        """End them all."""
        await self._tasks.close()

    def session(self, run: "Run") -> Session:
        return Session(run.visit, run.script, self._workshop, COMMANDS, local=not run.script.startswith(FASTAGI))

    def over(self) -> None:
        self._active -= 1


class Run:
    """One script and what becomes of it. `decided`: the flow goes on, whatever the script still does."""

    def __init__(self, scripts: Scripts, visit: "Visit", script: str, arguments: list[str]) -> None:
        self.visit = visit
        self.script = script
        self.decided: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._arguments = arguments
        self._scripts = scripts
        self.task: asyncio.Task[None] | None = None
        self._last: asyncio.TimerHandle | None = None
        self._session = scripts.session(self)
        self._session.hang_up = lambda: self.decide("hangup", "")
        self._began = visit.tools.clock.now()
        visit.tools.journal.write(facts.ScriptStarted(visit.call.id, visit.node, script))

    async def live(self, peers: Peers, settings: AgiSettings) -> None:
        """From its beginning to its end, which comes in any case."""
        peer: Peer | None = None
        outcome, why = "failed", ""
        try:
            peer, network = await self._begin(peers, settings)
            await self._session.serve(peer, self._arguments, network)
            outcome = "done"
        except PeerFault as fault:
            why = str(fault)
        except TimeoutError:
            why = f"it can't be reached within {BEGIN:g} s"
        except LegGone:
            why = "the caller left before it began"
        finally:
            self._scripts.over()
            ended = await peer.close() if peer is not None else ""
            if self._last is not None:
                self._last.cancel()
            self.decide("failed" if ended else outcome, why or ended)

    def decide(self, outcome: str, why: str) -> None:
        """What became of it, the first time it is said. If its call is over by it, the script is told."""
        if self.decided.done():
            return
        self.decided.set_result(outcome)
        tools, clock = self.visit.tools, self.visit.tools.clock
        tools.journal.write(facts.ScriptEnded(self.visit.call.id, self.visit.node, self.script, outcome,
                                              self._session.commands, why, round(clock.now() - self._began, 3)))
        if outcome in ("hangup", "gone", "timeout") and self.task is not None:
            self._session.die()
            self._last = asyncio.get_running_loop().call_later(AFTER, self.task.cancel)

    async def _begin(self, peers: Peers, settings: AgiSettings) -> tuple[Peer, str | None]:
        """The script, and for FastAGI its path and query. PeerFault, TimeoutError."""
        if self.script.startswith(FASTAGI):
            host, port, path = fastagi(self.script)
            async with asyncio.timeout(BEGIN):
                return await peers.connect(host, port), path
        program = Path(settings.directory) / self.script
        environment = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/", "AST_AGI_DIR": settings.directory}
        if settings.python_path:
            environment["PYTHONPATH"] = settings.python_path
        return await peers.start(program, self._arguments, environment), None
