"""The web door of a house: what it is given of the house, by hand."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from ccappliance import VERSION
from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.call.journal import Entry
from ccappliance.house import House
from ccappliance.interfaces.control.registry import Operations
from ccappliance.interfaces.control.view import HouseView
from ccappliance.interfaces.web.access import OWN, Visitor
from ccappliance.interfaces.web.feed import Source
from ccappliance.interfaces.web.passwords import Passwords
from ccappliance.interfaces.web.secret import Draw
from ccappliance.interfaces.web.server import Means, WebServer
from ccappliance.interfaces.web.sound import Playable, Sounds
from ccappliance.service.aside import Aside
from ccappliance.site import Site

K = TypeVar("K")
V = TypeVar("V")
AGAIN = 600.0  # s after which hearing the same recording again is told again
REMEMBERED = 1_000  # recordings, and who has heard them

class HouseOwned:
    """Whose a call or a station is."""

    def __init__(self, view: HouseView, house: House) -> None:
        self._view = view
        self._house = house

    def agent_of_call(self, call: str) -> str:
        return next((row["number"] for row in self._view.agents() if call and row["call"] == call), "")

    def station_of_agent(self, agent: str) -> str:
        settings = self._house.site.agents.get(agent)
        row = next((row for row in self._view.agents() if row["number"] == agent), None)
        return (row["station"] if row is not None else "") or (settings.station if settings is not None else "")


class Snapshot:
    """What a console begins with: as much of the house as its user may see, in one moment."""

    def __init__(self, view: HouseView) -> None:
        self._view = view

    def __call__(self, visitor: Visitor) -> dict[str, Any]:
        view, scopes = self._view, visitor.scopes
        parts: dict[str, tuple[str, Callable[[], Any]]] = {
            "status": ("status:read", view.status), "agents": ("agents:read", view.agents),
            "queues": ("queues:read", view.queues), "calls": ("calls:read", view.calls),
            "callbacks": ("callbacks:read", view.callbacks), "channels": ("lines:read", view.channels)}
        found = {name: ask() for name, (scope, ask) in parts.items() if scope in scopes}
        if visitor.agent and OWN in scopes:
            try:
                found["me"] = view.agent(visitor.agent)
            except Refused:
                found["me"] = None  # the configuration knows him no more
        return found


def web_of(house: House, view: HouseView, operations: Operations, site: Site, state: Path, draw: Draw) -> WebServer:
    """The web door of this house; its accounts and certificate lie in `state`."""
    around, journal = house.around, house.journal

    def past(begin: int) -> Iterator[Entry]:
        return iter(around.sink.read(begin))

    source = Source(follow=journal.follow, seq=lambda: journal.seq, past=past, snapshot=Snapshot(view),
                    having=lambda: [(row["number"], row["call"]) for row in view.agents() if row["call"]])
    heard = Heard(house)
    return WebServer(site.web, Means(
        clock=around.outside.clock, aside=Aside(threaded=around.threaded), write=journal.write, operations=operations,
        owned=HouseOwned(view, house), source=source, sounds=Sounds(heard.open, heard.tell), draw=draw,
        state=state / "web", site=lambda: house.site.system.name, version=VERSION, passwords=Passwords()))


class Heard:
    """Recordings as visitors hear them, and the journal's word of it: once for each of them and recording in a while,
    for who moves about in a recording asks for hundreds of its pieces. WebAsked tells each of them.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._calls: dict[str, str] = {}  # recording → its call, of those opened last
        self._told: dict[tuple[str, str], float] = {}  # (who, recording) → when

    def open(self, recording: str) -> tuple[Playable, str]:
        """A recording that is being made, or one that has ended, however long ago. Refused("no_recording"). Waits for
        the disk.
        """
        call, path = next(((one.call, one.path) for one in self._house.recorder.active() if one.id == recording),
                          ("", ""))
        if not path:
            row = self._house.tables.cdrs.find_recording(recording)
            call, path = (row.call, row.file or row.path) if row is not None else ("", "")
        if not path:
            raise Refused("no_recording", f"there is no recording {recording!r}")
        _remember(self._calls, recording, call)
        return self._house.recorder.play(path), path

    def tell(self, visitor: Visitor, recording: str, first: int, last: int) -> None:
        """A visitor is about to be sent these bytes."""
        now = self._house.around.outside.clock.now()
        if now - self._told.get((visitor.by, recording), -AGAIN) < AGAIN:
            return
        _remember(self._told, (visitor.by, recording), now)
        self._house.journal.write(facts.RecordingGiven(self._calls.get(recording, ""), recording, "played", visitor.by,
                                                       ""))


def _remember(known: dict[K, V], key: K, value: V) -> None:
    """The newest of as many as are kept."""
    known.pop(key, None)
    known[key] = value
    if len(known) > REMEMBERED:
        del known[next(iter(known))]
