"""What happens to the house in a story and is nobody's deed at a telephone: cuts, broken cards, reloads, orders."""

from collections.abc import Callable, Mapping
from typing import Any

from ccappliance.base.errors import ConfigError, Finding, Refused
from ccappliance.call.facts import Fact
from ccappliance.call.supervision import summon
from ccappliance.drivers.line import SimulatedLine
from ccappliance.house import House
from ccappliance.sim.configured import Configured, Overlay
from ccappliance.sim.exchange_line import ExchangeLine
from ccappliance.sim.people import Unmet
from ccappliance.sim.script import Intervention, Order, Reload, Step, Taken
from ccappliance.sim.world import Street

SPOILS: dict[str, Callable[[bytes], bytes]] = {
    "nothing": bytes,
    "checksum": lambda data: data[:-1] + bytes([data[-1] ^ 0xFF]),
    "cut": lambda data: data[:len(data) // 2],
    "noise": lambda data: bytes((byte * 37 + 11) % 256 for byte in data),
}  # what becomes of FSK caller ID on its way (F21)


class Mishaps:
    """Brings about one mishap after the other. `configured` and `base`: what reloads are laid over, if anything."""

    def __init__(self, house: House, street: Street, configured: Configured | None, base: tuple[Overlay, ...]) -> None:
        self._house = house
        self._street = street
        self._configured = configured
        self._base = base

    async def happen(self, step: Step) -> None:
        """ConfigError for a line there is not; Unmet when the house refused what it should do, or did not refuse."""
        match step.verb:
            case "cut":
                self._pair(step).cut()
            case "break":
                self._channel(step).fail("red", "the card has failed at this port")
            case "no dial tone":
                self._exchange_line(step).fail("no_dial_tone")
            case "mend":
                self._mend(step)
            case "spoil":
                self._street.exchange.spoil = SPOILS[step.argument]
            case "reload":
                await self._reload(step.argument)
            case "reload rejected":
                await self._rejected(step.argument)
            case "originate":
                self._originate(step.argument)
            case "callback":
                self._callback(step)
            case "intervene":
                self._intervene(step)
            case "login":
                agent, station = step.argument
                self._house.acd.login(agent, station, "story")

    def _intervene(self, step: Step) -> None:
        wanted: Intervention = step.argument
        given = dict(wanted.given)
        if "call" in given:
            given["call"] = next((call.id for call in self._house.switch.calls.values()
                                  if call.calling == given["call"]), given["call"])
        try:
            if wanted.do == "listen":
                summon(self._house.switch, given["call"], given["station"], given["mode"], "story")
            else:
                if wanted.do == "prioritise":
                    given = {"order_class": None, "boost": None} | given
                getattr(self._house.interventions, wanted.do)(**given, by="story")
        except Refused as refused:
            if refused.code != wanted.refused:
                raise Unmet("the house", f"to {wanted}", f"it said {refused.code}: {refused}") from None
            return
        if wanted.refused:
            raise Unmet("the house", f"to refuse with {wanted.refused!r}", f"it did {wanted}")

    def _pair(self, step: Step) -> SimulatedLine:
        pair = self._street.pairs.get(step.argument)
        if pair is None:
            raise ConfigError([Finding(step.place, step.verb, f"there is no line {step.argument!r}",
                                       f"lines: {', '.join(self._street.pairs)}")])
        return pair

    def _channel(self, step: Step) -> Any:
        self._pair(step)
        number = self._house.site.lines[step.argument].channel
        return next(channel for channel in self._street.driver.channels() if channel.number == number)

    def _exchange_line(self, step: Step) -> ExchangeLine:
        pair = self._pair(step)
        for line in self._street.exchange.lines:
            if line.line is pair:
                return line
        raise ConfigError([Finding(step.place, step.verb, f"{step.argument} is no line of the exchange",
                                   "name an outside line, such as fxo/1")])

    def _mend(self, step: Step) -> None:
        """Whatever is wrong with the line, no more."""
        self._pair(step).mend()
        self._channel(step).mend()
        for line in self._street.exchange.lines:
            if line.line is self._street.pairs[step.argument]:
                line.fail("")

    async def _reload(self, reload: Reload) -> None:
        try:
            await self._apply(reload)
        except (ConfigError, Refused) as error:
            raise Unmet("the house", "to take another configuration", f"it said: {error}") from None

    async def _rejected(self, reload: Reload) -> None:
        before = self._house.site
        try:
            await self._apply(reload)
        except (ConfigError, Refused) as error:
            if reload.because not in str(error):
                raise Unmet("the house", f"to reject it for {reload.because!r}", f"it said: {error}") from None
            if self._house.site is not before:
                raise Unmet("the house", "to reject a configuration whole", "it took some of it") from None
            return
        raise Unmet("the house", f"to reject a configuration for {reload.because!r}", "it took it")

    async def _apply(self, reload: Reload) -> None:
        if self._configured is None:
            raise Refused("no_files", "this house was built without files, so there is nothing to reload")
        site = self._configured.site(*self._base, reload.overlay)
        await self._house.apply(site, "story")
        self._base = (*self._base, reload.overlay)

    def _originate(self, order: Order) -> None:
        try:
            self._house.switch.originate(order.station, order.to, order.trunk, "story")
        except Refused as refused:
            if refused.code != order.refused:
                raise Unmet("the house", f"to ring {order.station} for {order.to}", f"it said: {refused}") from None
            return
        if order.refused:
            raise Unmet("the house", f"to refuse with {order.refused!r}", "it rings")

    def _callback(self, step: Step) -> None:
        taken: Taken = step.argument
        queue = self._house.acd.find_queue(taken.queue)
        entry = next((entry for entry in queue.line if entry.kind == "call" and entry.call.calling == taken.calling),
                     None) if queue is not None else None
        if entry is None:
            raise Unmet("the house", f"to have {taken.calling} waiting in queue {taken.queue}", "nobody of it waits")
        try:
            self._house.callbacks.promise(entry, taken.number or taken.calling, taken.told)
        except Refused as refused:
            if refused.code != taken.refused:
                raise Unmet("the house", f"to promise {taken.calling} a callback", f"it said: {refused}") from None
            return
        if taken.refused:
            raise Unmet("the house", f"to refuse with {taken.refused!r}", "it promised a callback")


def in_use(house: House) -> list[str]:
    """What is still in use; when everybody has left, it must be nothing."""
    left = [f"call {call.id} to {call.called or call.line}" for call in house.switch.calls.values()]
    for name, circuit in house.switch.circuits.items():
        leg = house.switch.leg_on(name)
        if leg is not None:
            left.append(f"leg {leg.id} on {name}")
        if circuit.state != "idle":
            left.append(f"circuit {name} is {circuit.state}: {'; '.join(circuit.history()[-4:])}")
    left += [f"recording {recording.id} of call {recording.call}" for recording in house.recorder.active()]
    for agent in house.acd.agents():
        if agent["call"] or agent["state"] in ("reserved", "ringing", "talking", "hold"):
            left.append(f"agent {agent['agent']} is {agent['state']}: {agent['why']}")
    left += [f"{queue['waiting']} wait in queue {queue['queue']}" for queue in house.acd.queues() if queue["waiting"]]
    return left


def matches(fact: Fact, wanted: Mapping[str, Any]) -> bool:
    """Is it the fact a story speaks of? Fields that are not told may have any value."""
    if type(fact).__name__ != wanted["fact"]:
        return False
    told = fact.as_dict()
    return all(told.get(key) == value for key, value in wanted.items() if key != "fact")
