"""A world for flows that reach outside: that of ivr_world, with a story's web and scripts, and real files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ivr_world import World, one_flow, play_call

from ccappliance.apps.ivr.agi.database import AgiDatabase
from ccappliance.apps.ivr.agi.scripts import Scripts
from ccappliance.apps.ivr.agi.session import Workshop
from ccappliance.apps.ivr.agi.settings import AgiSettings
from ccappliance.apps.ivr.agi.sounds import Folder
from ccappliance.apps.ivr.flow import Flows
from ccappliance.apps.ivr.reach import Reach
from ccappliance.apps.ivr.sources.settings import AnySource
from ccappliance.apps.ivr.sources.sources import Means, Sources
from ccappliance.apps.ivr.webhooks import Webhooks
from ccappliance.base.errors import Refused
from ccappliance.config.keys import key
from ccappliance.config.load import Source, bind_sources
from ccappliance.service.aside import Aside
from ccappliance.sim.outsiders import ScriptedPeers, Service, TableWeb
from ccappliance.store.database import Store

ANNOUNCEMENTS = ("welcome", "beep", "please_wait", "enter_number", "music")


@dataclass(frozen=True, kw_only=True)
class OutsideSite:
    """Just the sources of a site."""

    sources: Mapping[str, AnySource] = key(factory=dict, doc="Sources.")


def sources(text: str) -> Mapping[str, AnySource]:
    """The sources of a file with `sources:` at its top."""
    return bind_sources([Source("sources.yaml", text.encode())], OutsideSite).value.sources


class Outdoors:
    """What a test may look at afterwards."""

    def __init__(self, *, services: Sequence[Service] = (), scripts: Mapping[str, Any] | None = None,
                 given: Mapping[str, AnySource] | None = None, folder: Path | None = None,
                 destinations: Mapping[str, Any] | None = None) -> None:
        self.web = TableWeb(services)
        self.peers = ScriptedPeers(scripts or {})
        self.store = Store(":memory:", threaded=False)
        self.database = AgiDatabase(self.store)
        self._given = given or {}
        self._folder = folder
        self._destinations = destinations or {}
        self.hooks: Webhooks
        self.scripts: Scripts

    def install(self, world: World) -> None:
        """Give these to the flows of this world."""
        aside = Aside(threaded=False)
        clock = world.tools.clock
        self.hooks = Webhooks(self.web, aside, world.tools.journal, clock)
        folder = Folder(lambda: self._folder, world.book, lambda name: name in ANNOUNCEMENTS, aside)
        self.scripts = Scripts(AgiSettings, self.peers, Workshop(self.database, folder, self._find))
        tools = replace(world.tools, reach=Reach(Sources(self._given, Means(self.web, aside, clock)), self.hooks,
                                                 self.scripts))
        world.flows = Flows({name: flow._settings for name, flow in world.flows._flows.items()}, tools)

    def _find(self, name: str) -> Any:
        if name not in self._destinations:
            raise Refused("no_destination", f"there is no destination {name}")
        return self._destinations[name]


def visit(nodes: str, outdoors: Outdoors, prepare: Callable[[World], None] = lambda world: None, **how: Any
          ) -> tuple[World, str | None, float]:
    """Play one call through a flow of these nodes."""
    def install(world: World) -> None:
        outdoors.install(world)
        prepare(world)

    return play_call(one_flow(nodes), prepare=install, **how)
