"""The call floor's own destinations: a station, a number through a trunk group, and the end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.call.call import Call
from ccappliance.call.early import EarlySound
from ccappliance.call.leg import Leg, LegGone
from ccappliance.config.keys import key

CAUSES = {"": Cause.NORMAL, "normal": Cause.NORMAL, "busy": Cause.BUSY, "no-answer": Cause.NO_ANSWER,
          "congestion": Cause.CONGESTION, "rejected": Cause.REJECTED, "unallocated": Cause.UNALLOCATED}
LINE_CAUSES = (Cause.OUT_OF_ORDER, Cause.NOT_AVAILABLE)  # the line's fault, not the party's: try the next line


@dataclass(frozen=True, kw_only=True)
class StationSettings:
    """How telephones are rung and recorded outside of queues."""

    ring: float = key(60.0, unit="s", least=5, most=300, doc="How long a station or outside number rings.")
    record: str = key("never", choices=("never", "always"), doc="Whether such calls are recorded.")


class HangUp:
    """`hangup`, `hangup:busy`, …: clear the caller with this cause."""

    def __init__(self, cause: Cause) -> None:
        self._cause = cause

    async def run(self, call: Call) -> str | None:
        call.anchor.clear(self._cause)
        return None

    @staticmethod
    def find(argument: str) -> "HangUp | None":
        return HangUp(CAUSES[argument]) if argument in CAUSES else None


class Prompt:
    """`prompt:zh/welcome`: play a prompt, and hang up. Where `ccappliance prompts play --on` sends a telephone."""

    def __init__(self, language: str, name: str) -> None:
        self._language = language
        self._name = name

    async def run(self, call: Call) -> str | None:
        await call.play([call.switch.sounds.get(self._name, self._language)])
        call.anchor.clear()
        return None

    @staticmethod
    def find(argument: str) -> "Prompt | None":
        language, slash, name = argument.partition("/")
        return Prompt(language, name) if slash and name else None


class Station:
    """`station:8001`: ring a telephone; talk. The caller hears ringback, then busy if nobody answers."""

    def __init__(self, number: str, settings: StationSettings) -> None:
        self._number = number
        self._settings = settings

    def place(self, call: Call, *, calling: str = "") -> Leg:
        return call.place(self._number, calling=calling)

    async def run(self, call: Call) -> str | None:
        await call.recording.tell(_asked(self._settings))
        try:
            leg = self.place(call)
        except Refused as refused:
            call.anchor.clear(Cause.BUSY if refused.code == "busy" else Cause.OUT_OF_ORDER)
            return None
        leg.may_be_taken = True
        return await connect(call, leg, self._settings)


class Outside:
    """`trunk:pstn/13800138000`: dial out on the next idle line; another line if that one fails us (F10, F19)."""

    def __init__(self, group: str, number: str, settings: StationSettings) -> None:
        self._group = group
        self._number = number
        self._settings = settings

    def place(self, call: Call, *, calling: str = "") -> Leg:
        return call.place_out(self._group, self._number)

    async def run(self, call: Call) -> str | None:
        tried: list[str] = []
        while True:
            try:
                leg = call.place_out(self._group, self._number, but=tried)
            except Refused:
                call.anchor.clear(Cause.NO_CIRCUIT)
                return None
            tried.append(leg.circuit.name)
            try:
                return await connect(call, leg, self._settings, give_back=LINE_CAUSES)
            except LegGone:
                continue  # the line's fault: the next one


async def connect(call: Call, leg: Leg, settings: StationSettings, *, give_back: tuple[Cause, ...] = (),
                  agent: str = "") -> str | None:
    """Wait for `leg` to answer, then converse. Clears the caller with the leg's cause if it never does.

    LegGone is raised for a cause in `give_back`, for the caller of this function to try elsewhere.
    """
    timer = asyncio.get_running_loop().call_later(settings.ring, leg.clear, Cause.NO_ANSWER)
    early = EarlySound(call, leg)
    try:
        await leg.answered()
    except LegGone as gone:
        if leg.taken_by is not None:
            early.close()
            return await _talk(call, leg.taken_by, settings, "")
        if gone.cause in give_back:
            raise
        call.ended_by = call.ended_by or "callee"
        call.anchor.clear(gone.cause)
        return None
    finally:
        timer.cancel()
        early.close()
    return await _talk(call, leg, settings, agent)


async def _talk(call: Call, leg: Leg, settings: StationSettings, agent: str) -> str | None:
    return (await call.converse(leg, record=_asked(settings), agent=agent)).next


def _asked(settings: StationSettings) -> str:
    return "station" if settings.record == "always" else ""


def station_finder(known: Callable[[str], bool], settings: Callable[[], StationSettings]
                   ) -> Callable[[str], Station | None]:
    """Finds `station:N` for the stations there are; `settings` are asked for at each call."""
    return lambda argument: Station(argument, settings()) if known(argument) else None


def trunk_finder(known: Callable[[str], bool], settings: Callable[[], StationSettings]
                 ) -> Callable[[str], Outside | None]:
    """Finds `trunk:GROUP/NUMBER` for the groups there are."""
    def find(argument: str) -> Outside | None:
        group, _, number = argument.partition("/")
        return Outside(group, number, settings()) if known(group) and number else None
    return find
