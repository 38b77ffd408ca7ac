"""What a story file says: people, their lines, and steps, checked before anything is played."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ccappliance.base.errors import ConfigError, Finding
from ccappliance.call.cdr import Cdr
from ccappliance.media.ports import VERDICTS
from ccappliance.sim.configured import Overlay
from ccappliance.sim.machines import MACHINE_SOUNDS
from ccappliance.sim.outsiders import Outsiders, read_outsiders

VERBS = {"lifts": False, "hangs up": False, "flashes": False, "presses": True, "pulses": True,
         "says": True, "sends": True, "hears": True, "hears nothing": True, "rings": True, "is not rung": True,
         "bell stops": False}  # verb → needs an argument
EITHER = ("calls",)  # verbs with or without one
OPTIONS = {"within", "shows", "to", "as"}
PERSON_KEYS = {"name", "station", "number", "withheld"}
LINE_MISHAPS = ("cut", "break", "no dial tone", "mend")
SPOILED = ("nothing", "checksum", "cut", "noise")
MISHAPS = (*LINE_MISHAPS, "spoil", "reload", "reload rejected", "originate", "login", "callback",
           "intervene")
ORDER_NEEDS = {"station", "to"}
CALLBACK_NEEDS = {"queue", "calling"}
CALLBACK_KEYS = CALLBACK_NEEDS | {"number", "told", "refused"}
ORDER_KEYS = ORDER_NEEDS | {"trunk", "refused"}
INTERVENTIONS = {"move": {"call", "queue"}, "assign": {"call", "agent"}, "prioritise": {"call", "order_class", "boost"},
                 "pull": {"call", "to"}, "strategy": {"queue", "strategy"}, "skills": {"agent", "levels"},
                 "force": {"agent", "state", "reason", "now"}, "release": {"call"},
                 "listen": {"call", "station", "mode"}}  # what a supervisor can do → what he says of it
EXPECTED = {"fact": None, "queue": {"queue"}, "node": {"node", "flow"}, "leaves": {"leaves", "flow"},
            "variable": {"variable", "is", "of"}, "cdr": {"cdr", "of"}}  # what decides the kind → its keys; None: any
RESERVED = ("expect", "never", "wait", "together", *MISHAPS)  # nobody can have such a name
BEGIN = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in China
WITHIN = 10.0  # s an expectation waits unless told


@dataclass(frozen=True)
class Role:
    """One person of the story: behind a station of ours, or with a number at the exchange."""

    key: str
    name: str
    station: str = ""
    number: str = ""
    withheld: bool = False  # the exchange does not show his number


@dataclass(frozen=True)
class Reload:
    """Another configuration: what is laid over the one in force, and part of the error if it must be rejected."""

    overlay: Overlay
    because: str = ""


@dataclass(frozen=True)
class Order:
    """A call ordered by somebody who is no telephone: ring `station`, then dial `to` (through `trunk`)."""

    station: str
    to: str
    trunk: str = ""
    refused: str = ""  # the code with which it must be refused

    def __str__(self) -> str:
        return f"{self.station} → {self.to}"


@dataclass(frozen=True)
class Taken:
    """A callback taken by the caller of this number who waits in a queue, as if he had chosen it by keys."""

    queue: str
    calling: str
    number: str = ""  # to be called; "": the one he calls from
    told: tuple[float, float] | None = None  # the seconds from now between which he is told to be called
    refused: str = ""  # the code with which it must be refused

    def __str__(self) -> str:
        return f"{self.calling} in {self.queue}"


@dataclass(frozen=True)
class Intervention:
    """What a supervisor decides at his desk. A `call` among `given` is that of this calling number."""

    do: str
    given: Mapping[str, Any]
    refused: str = ""  # the code with which it must be refused

    def __str__(self) -> str:
        return " ".join([self.do, *map(str, self.given.values())])


@dataclass(frozen=True)
class Variable:
    """What a variable of a call must be. `of`: a person who calls; "": the newest call."""

    name: str
    value: str
    of: str = ""

    def __str__(self) -> str:
        return f"variable {self.name} is {self.value!r}"


@dataclass(frozen=True)
class Record:
    """What the CDR of a call must say. `of`: a person who calls; "": the newest call."""

    fields: Mapping[str, Any]
    of: str = ""

    def __str__(self) -> str:
        return "CDR with " + ", ".join(f"{name} {value}" for name, value in self.fields.items())


@dataclass(frozen=True)
class Step:
    """One step: somebody does something, or a fact is expected, or time passes, or several steps at once."""

    place: str  # "first-call.yaml:14"
    who: str  # a person's key; "" for a word of RESERVED
    verb: str  # one of VERBS, or of RESERVED, or "in turn": steps one after the other inside of "together"
    argument: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        if isinstance(self.argument, tuple | Reload):
            return self.verb
        argument = "" if self.argument is None else f" {self.argument}"
        return f"{self.who} {self.verb}{argument}".strip()


@dataclass(frozen=True)
class Script:
    """A whole story."""

    path: Path
    title: str
    at: datetime  # what the wall shows when it begins
    seed: int
    roles: Mapping[str, Role]
    lines: Mapping[str, Mapping[str, Any]]  # circuit name → settings of the exchange's end
    steps: tuple[Step, ...]
    config: tuple[Overlay, ...] = ()  # what is laid over the configuration for this story
    announcements: Mapping[str, str] = field(default_factory=dict)  # number → what is said of it
    outside: Outsiders = field(default_factory=Outsiders)  # what flows may ask
    flow: str = ""  # where all calls from outside go, whatever the routes say; "": as they say


def read_script(path: Path) -> Script:
    """Read and check a story; ConfigError with file and line of every mistake."""
    reader = _Reader(path)
    return reader.read()


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._findings: list[Finding] = []
        self._roles: dict[str, Role] = {}
        self._text = ""

    def read(self) -> Script:
        try:
            self._text = self._path.read_text(encoding="utf-8")
            root = yaml.compose(self._text, Loader=yaml.SafeLoader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError([Finding(self._path.name, "story", f"can't be read: {error}", "")]) from None
        top = self._mapping(root, "story")
        known = {"title", "at", "seed", "config", "people", "exchange", "announcements", "outside", "flow",
                 "steps"}
        for key, node in top.items():
            if key not in known:
                self._wrong(node, key, "unknown key", f"known: {', '.join(sorted(known))}")
        people = self._mapping(top.get("people"), "people")
        roles = self._roles = {key: self._role(key, node) for key, node in people.items()}
        lines = {key: self._plain(node) for key, node in self._mapping(top.get("exchange"), "exchange").items()}
        steps = tuple(step for node in self._items(top.get("steps"), "steps") if (step := self._step(node)))
        announced = {key: str(self._plain(node))
                     for key, node in self._mapping(top.get("announcements"), "announcements").items()}
        outside = self._outside(top.get("outside"))
        at = self._at(top.get("at"))
        config = (self._overlay(top["config"]),) if "config" in top else ()
        seed = int(self._number(top["seed"], "seed")) if "seed" in top else 1
        if not steps and not self._findings:
            self._findings.append(Finding(self._path.name, "steps", "a story needs steps", "see docs/stories.md"))
        if self._findings:
            raise ConfigError(self._findings)
        title = str(self._plain(top["title"])) if "title" in top else self._path.stem
        flow = str(self._plain(top["flow"])) if "flow" in top else ""
        return Script(self._path, title, at, seed, roles, lines, steps, config, announced, outside, flow)

    def _outside(self, node: yaml.Node | None) -> Outsiders:
        try:
            return read_outsiders(self._plain(node)) if node is not None else Outsiders()
        except ValueError as error:
            self._wrong(node, "outside", str(error), "see docs/stories.md")
            return Outsiders()

    def _role(self, key: str, node: yaml.Node) -> Role:
        told = self._plain(node) if isinstance(node, yaml.MappingNode) else {}
        if key in RESERVED:
            self._wrong(node, f"people.{key}", "is a word of stories", "give this person another key")
        for unknown in sorted(set(told) - PERSON_KEYS):
            self._wrong(node, f"people.{key}.{unknown}", "unknown key", f"known: {', '.join(sorted(PERSON_KEYS))}")
        if bool(told.get("station")) == bool(told.get("number")):
            self._wrong(node, f"people.{key}", "a person has either a station of ours or a number at the exchange",
                        'write station: "8001" or number: "13800138000"')
        return Role(key, str(told.get("name", key)), str(told.get("station", "")), str(told.get("number", "")),
                    told.get("withheld") is True)

    def _step(self, node: yaml.Node) -> Step | None:
        place = f"{self._path.name}:{node.start_mark.line + 1}"
        step = self._mapping(node, "step")
        if len(step) != 1:
            self._wrong(node, "steps", "a step is one thing", "write - who: does, or - expect: {...}")
            return None
        who, told = next(iter(step.items()))
        if who in ("expect", "never"):
            return self._expectation(place, who, told)
        if who == "wait":
            return Step(place, "", "wait", self._number(told, "wait"))
        if who == "together":
            return Step(place, "", "together", self._steps(told, "together"))
        if who in MISHAPS:
            return self._mishap(place, who, told)
        if who not in self._roles:
            self._wrong(node, f"steps.{who}", "nobody of this name", f"people: {', '.join(self._roles)}")
            return None
        return self._deed(place, who, told)

    def _steps(self, node: yaml.Node, key: str) -> tuple[Step, ...]:
        """Steps that happen together; a list among them is steps in turn."""
        steps = []
        for item in self._items(node, key):
            if isinstance(item, yaml.SequenceNode):
                place = f"{self._path.name}:{item.start_mark.line + 1}"
                steps.append(Step(place, "", "in turn", self._steps(item, key)))
            elif (step := self._step(item)) is not None:
                steps.append(step)
        return tuple(steps)

    def _expectation(self, place: str, word: str, told: yaml.Node) -> Step | None:
        wanted = self._plain(told)
        kind = next((key for key in EXPECTED if isinstance(wanted, dict) and key in wanted), None)
        if kind is None or (kind in ("variable", "cdr") and word == "never"):
            self._wrong(told, word, "names no fact", f"write {word}: {{fact: CallEnded, by: caller}}, or one of queue, "
                        "node, leaves" + (", variable, cdr" if word == "expect" else ""))
            return None
        options = {"within": wanted.pop("within", WITHIN)} if word == "expect" else {}
        known = EXPECTED[kind]
        unknown = [key for key in wanted if known is not None and key not in known]
        if unknown:
            self._wrong(told, f"{word}.{unknown[0]}", "unknown key", f"with {kind}: {', '.join(sorted(known or ()))}")
            return None
        if wanted.get("of", "") not in ("", *self._roles) and kind in ("variable", "cdr"):
            self._wrong(told, f"{word}.of", "nobody of this name", f"people: {', '.join(self._roles)}")
            return None
        return self._meant(place, word, kind, wanted, options, told)

    def _meant(self, place: str, word: str, kind: str, wanted: dict[str, Any], options: Mapping[str, Any],
               told: yaml.Node) -> Step | None:
        """What is expected, in full: the short forms stand for facts, or for what is seen of a call."""
        if kind == "variable":
            return Step(place, "", word, Variable(str(wanted["variable"]), str(wanted.get("is", "")),
                                                  wanted.get("of", "")), options)
        if kind == "cdr":
            unknown = [key for key in wanted["cdr"] if key not in Cdr.__dataclass_fields__] \
                if isinstance(wanted["cdr"], dict) else ["cdr"]
            if unknown:
                self._wrong(told, f"{word}.cdr", f"a CDR has no {unknown[0]!r}",
                            f"fields: {', '.join(Cdr.__dataclass_fields__)}")
                return None
            return Step(place, "", word, Record(wanted["cdr"], wanted.get("of", "")), options)
        facts = {"queue": {"fact": "QueueEntered"}, "node": {"fact": "NodeEntered"}, "leaves": {"fact": "FlowLeft"}}
        if kind == "leaves":
            wanted = {"to": wanted["leaves"]} | {key: value for key, value in wanted.items() if key != "leaves"}
        return Step(place, "", word, facts.get(kind, {}) | wanted, options)

    def _mishap(self, place: str, word: str, told: yaml.Node) -> Step | None:
        if word == "reload":
            return Step(place, "", word, Reload(self._overlay(told)))
        if word == "reload rejected":
            parts = self._mapping(told, word)
            if set(parts) != {"because", "config"}:
                self._wrong(told, word, "needs because and config",
                            "write reload rejected: {because: part of the error, config: {...}}")
                return None
            return Step(place, "", word, Reload(self._overlay(parts["config"]), str(self._plain(parts["because"]))))
        if word == "originate":
            order = self._plain(told)
            if not isinstance(order, dict) or not ORDER_NEEDS <= set(order) <= ORDER_KEYS:
                self._wrong(told, word, "needs station and to", 'write originate: {station: "8001", to: "13800138000"}')
                return None
            return Step(place, "", word, Order(**{key: str(value) for key, value in order.items()}))
        if word == "callback":
            return self._callback(place, told)
        if word == "login":
            seat = self._plain(told)
            if not isinstance(seat, dict) or set(seat) != {"agent", "station"}:
                self._wrong(told, word, "needs agent and station", 'write login: {agent: "1001", station: "8001"}')
                return None
            return Step(place, "", word, (str(seat["agent"]), str(seat["station"])))
        if word == "intervene":
            return self._intervention(place, told)
        argument = self._plain(told)
        if word == "spoil" and argument not in SPOILED:
            self._wrong(told, word, f"{argument!r} can't be done to caller ID", f"known: {', '.join(SPOILED)}")
            return None
        return Step(place, "", word, str(argument))

    def _callback(self, place: str, told: yaml.Node) -> Step | None:
        taken = self._plain(told)
        if not isinstance(taken, dict) or not CALLBACK_NEEDS <= set(taken) <= CALLBACK_KEYS:
            self._wrong(told, "callback", "needs queue and calling",
                        'write callback: {queue: sales, calling: "13800138000"}')
            return None
        range_ = taken.pop("told", None)
        if range_ is not None and not (isinstance(range_, list) and len(range_) == 2):
            self._wrong(told, "callback.told", "must be two numbers of seconds", "such as [60, 180]")
            return None
        return Step(place, "", "callback", Taken(**{key: str(value) for key, value in taken.items()},
                                                 told=(float(range_[0]), float(range_[1])) if range_ else None))

    def _intervention(self, place: str, told: yaml.Node) -> Step | None:
        given = self._plain(told) if isinstance(told, yaml.MappingNode) else {}
        do, refused = str(given.pop("do", "")), str(given.pop("refused", ""))
        known = INTERVENTIONS.get(do)
        if known is None or not set(given) <= known | {"why"}:
            says = ", ".join(sorted(known)) if known else ", ".join(INTERVENTIONS)
            self._wrong(told, f"intervene.{do or 'do'}", "is nothing a supervisor can say", f"known: {says}")
            return None
        return Step(place, "", "intervene", Intervention(do, given, refused))

    def _deed(self, place: str, who: str, told: yaml.Node) -> Step | None:
        if isinstance(told, yaml.ScalarNode):
            deed: dict[str, Any] = {told.value: None}
        else:
            deed = self._plain(told) if isinstance(told, yaml.MappingNode) else {}
        known = (*VERBS, *EITHER)
        verbs = [key for key in deed if key in known]
        unknown = [key for key in deed if key not in known and key not in OPTIONS]
        if len(verbs) != 1 or unknown:
            self._wrong(told, f"steps.{who}", f"can't do {', '.join(unknown) or 'nothing'}",
                        f"verbs: {', '.join(known)}; options: {', '.join(sorted(OPTIONS))}")
            return None
        verb = verbs[0]
        if verb not in EITHER and VERBS[verb] is (deed[verb] is None):
            self._wrong(told, f"steps.{who}", f"{verb!r} {'needs' if VERBS[verb] else 'takes no'} argument", "")
            return None
        if deed.get("to", who) not in self._roles:
            self._wrong(told, f"steps.{who}.to", "nobody of this name", f"people: {', '.join(self._roles)}")
            return None
        if verb == "sends" and deed[verb] not in MACHINE_SOUNDS:
            self._wrong(told, f"steps.{who}.sends", f"no machine sends {deed[verb]!r}",
                        f"known: {', '.join(MACHINE_SOUNDS)}")
            return None
        if deed.get("as", VERDICTS[0]) not in VERDICTS:
            self._wrong(told, f"steps.{who}.as", f"nobody talks as {deed['as']!r}", f"known: {', '.join(VERDICTS)}")
            return None
        return Step(place, who, verb, deed[verb], {key: deed[key] for key in deed if key in OPTIONS})

    # ---- YAML ----

    def _wrong(self, node: yaml.Node | None, key: str, problem: str, advice: str) -> None:
        line = f":{node.start_mark.line + 1}" if node is not None else ""
        self._findings.append(Finding(f"{self._path.name}{line}", key, problem, advice))

    def _mapping(self, node: yaml.Node | None, key: str) -> dict[str, yaml.Node]:
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, key, "must be a mapping", "write key: value lines")
            return {}
        return {str(name.value): value for name, value in node.value}

    def _items(self, node: yaml.Node | None, key: str) -> list[yaml.Node]:
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self._wrong(node, key, "must be a list", "begin each item with -")
            return []
        return list(node.value)

    def _number(self, node: yaml.Node, key: str) -> float:
        plain = self._plain(node)
        if isinstance(plain, bool) or not isinstance(plain, int | float) or plain < 0:
            self._wrong(node, key, "must be a number of seconds", "such as 2.5")
            return 0.0
        return float(plain)

    def _at(self, node: yaml.Node | None) -> datetime:
        if node is None:
            return BEGIN
        try:
            at = datetime.fromisoformat(str(node.value))
        except ValueError:
            at = datetime.min
        if at.tzinfo is None:
            self._wrong(node, "at", "must be a moment with its time zone", 'write "2026-11-23T09:00:00+08:00"')
            return BEGIN
        return at

    def _overlay(self, node: yaml.Node) -> Overlay:
        """Configuration inside a story, by itself, in the lines and columns where it stands."""
        self._mapping(node, "config")
        start, end = node.start_mark, node.end_mark
        return Overlay(self._path.name, "\n" * start.line + " " * start.column + self._text[start.index:end.index])

    def _plain(self, node: yaml.Node) -> Any:
        """A node as plain data, by YAML's safe rules."""
        return yaml.SafeLoader("").construct_document(node)
