"""Real cards through DAHDI: finds and opens the channels that are wanted, hears of all events, watches over every card.

One epoll watches for events of all channels and its descriptor is a reader of the loop. A card that stops sending sound
is dead after 2 s and one that is taken out is removed: its calls are cleared by the alarm, the others go on, and what
comes back is used again.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import Channel, DataChannel, Kind, Span, SpanHealth
from ccappliance.drivers.dahdi_analog import DahdiFxo, DahdiFxs
from ccappliance.drivers.dahdi_channel import ChannelPlan, DahdiChannel, DahdiPath
from ccappliance.drivers.dahdi_digital import DahdiBearer, DahdiCas, DahdiData
from ccappliance.drivers.dahdi_kernel import MAX_CHANNELS, Kernel, Params
from ccappliance.drivers.dahdi_words import DATA, KINDS, Sig, alarm_words, fault
from ccappliance.media.card import CardClock, CardGroup

WATCH = 0.2  # s between two looks at whether sound still comes
LOOK = 5  # watches between two looks at the kernel's state: events may be lost, and some changes have none
FLASH = 0.1  # s, as in China; Zone.flash knows those of other countries

log = logging.getLogger(__name__)


class DahdiDriver:
    """All wanted channels of all spans. Built in the loop that will use it; closed when nobody ticks any more."""

    name = "dahdi"

    def __init__(self, loop: asyncio.AbstractEventLoop, kernel: Kernel, *,
                 wanted: Mapping[int, ChannelPlan] | None = None, flash: float = FLASH) -> None:
        """`wanted`: by DAHDI's number; None: all that are configured. LineFault says what is missing and what to do."""
        self._loop = loop
        self._kernel = kernel
        self._flash = flash
        self._groups: dict[int, CardGroup] = {}
        self._voices: dict[int, DahdiChannel] = {}
        self._datas: dict[int, DahdiData] = {}
        self._told: dict[int, Mapping[str, Any]] = {}  # span → what DAHDI says of it
        self._watches = 0
        try:
            self._look_at_spans()
            self._open_all(self._find(wanted))
        except OSError as error:
            self._close_paths()
            raise fault("the cards cannot be looked at", error) from None
        except LineFault:
            self._close_paths()
            raise
        loop.add_reader(kernel.fd, self.attend)
        self._timer = loop.call_later(WATCH, self._watch)

    def spans(self) -> Sequence[Span]:
        """Spans with channels of ours, as they were at the last look."""
        found = []
        for number, told in self._told.items():
            paths = self._of_span(number)
            if not paths:
                continue
            voices = [path for path in paths if isinstance(path, DahdiChannel)]
            alarm = self._span_alarm(told, paths)
            found.append(Span(number=number, name=told["name"], description=told["description"] or told["device"],
                              alarm=alarm[0] if alarm else None, channels=tuple(voice.number for voice in voices),
                              health=_health(told, paths, alarm[1] if alarm else "")))
        return found

    def channels(self) -> Sequence[Channel]:
        return list(self._voices.values())

    def data_channels(self) -> Sequence[DataChannel]:
        return list(self._datas.values())

    def clock(self) -> CardClock | None:
        """What the metronome ticks by. None: the cards have no timer, and the machine's clock must do."""
        try:
            return self._kernel.clock()
        except OSError as error:
            log.warning("%s", fault("the tick follows the machine's clock", error))
            return None

    def attend(self) -> None:
        """Something has happened on some channels. Each fetches all its events."""
        for number in self._kernel.ready():
            path = self._path(number)
            if path is None:
                continue
            path.attend()
            if path.removed:
                self._removed(path.span)

    def close(self) -> None:
        """Leave every line idle."""
        self._timer.cancel()
        self._loop.remove_reader(self._kernel.fd)
        self._close_paths()
        self._kernel.close()

    # ---- finding and opening ----

    def _look_at_spans(self) -> None:
        now = {told["number"]: told for told in self._kernel.spans()}
        for number in sorted(self._told.keys() | now.keys()):
            if number in now:
                self._told[number] = now[number]
        self._present = tuple(now)

    def _find(self, wanted: Mapping[int, ChannelPlan] | None) -> dict[int, tuple[Params, ChannelPlan]]:
        if not self._told:
            raise LineFault("DAHDI has no spans: load the card's module (modprobe) and look with "
                            "`ccappliance cards detect`")
        if wanted is None:
            every = sum(told["channels"] for told in self._told.values())
            found = dict(self._all(every))
            return {number: (params, ChannelPlan()) for number, params in found.items()
                    if params.signalling in KINDS or params.signalling in DATA}
        chosen = {}
        for number, plan in sorted(wanted.items()):
            try:
                chosen[number] = self._kernel.params(number), plan
            except OSError as error:
                raise fault(f"DAHDI has no channel {number}; look with `ccappliance cards detect`", error) from None
        return chosen

    def _all(self, count: int) -> list[tuple[int, Params]]:
        found: list[tuple[int, Params]] = []
        for number in range(1, MAX_CHANNELS + 1):
            if len(found) == count:
                break
            try:
                found.append((number, self._kernel.params(number)))
            except OSError:
                continue  # numbers may have gaps
        return found

    def _open_all(self, chosen: Mapping[int, tuple[Params, ChannelPlan]]) -> None:
        for number, (params, plan) in chosen.items():
            _check_kind(number, params, plan)
            try:
                handle = self._kernel.open(number)
            except OSError as error:
                raise fault(f"channel {number} cannot be opened", error) from None
            path: DahdiPath
            if params.signalling in DATA:
                path = self._datas[number] = DahdiData(self._loop, number, params, handle, plan)
            else:
                group = self._groups.setdefault(params.span, CardGroup())
                path = self._voices[number] = self._voice(number, params, handle, plan, group)
            path.prepare()
            self._kernel.watch(handle, number, data=isinstance(path, DahdiData))

    def _voice(self, number: int, params: Params, handle: Any, plan: ChannelPlan, group: CardGroup) -> DahdiChannel:
        kind = KINDS[Sig(params.signalling)]
        if kind is Kind.FXO:
            return DahdiFxo(self._loop, number, params, handle, plan, group, self._flash)
        if kind is Kind.FXS:
            return DahdiFxs(self._loop, number, params, handle, plan, group, self._flash)
        if kind is Kind.CAS:
            return DahdiCas(self._loop, number, params, handle, plan, group)
        return DahdiBearer(self._loop, number, params, handle, plan, group)

    # ---- watching over the cards ----

    def _watch(self) -> None:
        self._timer = self._loop.call_later(WATCH, self._watch)
        self._watches += 1
        for voice in self._voices.values():
            voice.watch()
        for span, group in self._groups.items():
            if group.gone:
                self._removed(span)
        if self._watches % LOOK == 0:
            self._look()

    def _look(self) -> None:
        try:
            self._look_at_spans()
        except OSError as error:
            log.error("%s", fault("the spans cannot be looked at", error))
            return
        for path in self._paths():
            if path.removed:
                self._try_again(path)
            else:
                path.look()
                if path.removed:
                    self._removed(path.span)

    def _removed(self, span: int) -> None:
        """A card was taken out. All its channels are let go, and then the tick may look at what is there instead."""
        log.error("span %d was removed", span)
        for path in self._of_span(span):
            path.remove()
        if span in self._groups:
            self._groups[span].gone = False

    def _try_again(self, path: DahdiPath) -> None:
        if path.span not in self._present:
            return
        try:
            params = self._kernel.params(path.number)
            if params.signalling != path.signalling or params.span != path.span:
                return  # dahdi_cfg has not run yet, or it is another card
            path.restore(self._kernel.open(path.number), params)
            self._kernel.watch(path.handle, path.number, data=isinstance(path, DahdiData))
        except OSError as error:
            log.info("%s", fault(f"channel {path.number} is not back yet", error))
        except LineFault as refused:
            log.info("%s", refused)
        else:
            log.info("channel %d is back", path.number)

    # ---- inside ----

    def _path(self, number: int) -> DahdiPath | None:
        return self._voices.get(number) or self._datas.get(number)

    def _paths(self) -> list[DahdiPath]:
        return [*self._voices.values(), *self._datas.values()]

    def _of_span(self, span: int) -> list[DahdiPath]:
        return [path for path in self._paths() if path.span == span]

    def _close_paths(self) -> None:
        for voice in self._voices.values():
            voice.close()
        for data in self._datas.values():
            data.close()

    def _span_alarm(self, told: Mapping[str, Any], paths: Sequence[DahdiPath]) -> tuple[str, str] | None:
        """The span's own alarm; or what all its channels suffer from."""
        if all(path.removed for path in paths):
            alarm = paths[0].alarm
            return (alarm.alarm, alarm.words) if alarm is not None else None
        found = alarm_words(told["alarms"], paths[0].plan.place or f"span {told['number']} ({told['name']})")
        if found is None and all(path.dead for path in paths if isinstance(path, DahdiChannel)) and self._voices:
            alarm = paths[0].alarm
            return (alarm.alarm, alarm.words) if alarm is not None else None
        return found


def _check_kind(number: int, params: Params, plan: ChannelPlan) -> None:
    if params.signalling in DATA:
        found = "a data channel"
    elif params.signalling in KINDS:
        found = KINDS[Sig(params.signalling)].value
    else:
        raise LineFault(f"channel {number} is not configured in DAHDI: write /etc/dahdi/system.conf with "
                        "`ccappliance cards system-conf --write` and run dahdi_cfg")
    if plan.kind and found != plan.kind:
        raise LineFault(f"channel {number} is {found} in DAHDI and {plan.kind} in our configuration: run "
                        "`ccappliance cards system-conf --write` and then dahdi_cfg")


def _health(told: Mapping[str, Any], paths: Sequence[DahdiPath], words: str) -> SpanHealth:
    counts = [path.sound.count for path in paths if isinstance(path, DahdiChannel)]
    return SpanHealth(
        words=words, slips=sum(count.dropped for count in counts) + sum(path.overruns for path in paths),
        crc=told["crc4"], code_violations=max(told["code"], told["bipolar"]), framing=max(told["framing"], told["fas"]),
        errored_seconds=told["errored_seconds"], interrupts_missed=told["irq_misses"],
        missed=sum(count.missed for count in counts), unsent=sum(count.unsent for count in counts),
        underruns=sum(path.underruns for path in paths), events_lost=sum(path.events_lost for path in paths),
        bad_frames=sum(path.bad_fcs + path.aborted + path.too_long for path in paths if isinstance(path, DahdiData)),
        worst=max((path.overruns + path.underruns for path in paths), default=0))
