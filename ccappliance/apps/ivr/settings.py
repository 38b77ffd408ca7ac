"""What a technician writes of a flow: nodes of eleven kinds, joined by the names of the nodes that follow.

A *target* is the name of another node of the same flow, or a destination of the form kind:argument ("queue:sales"),
which leaves the flow. A *prompt* is a name of the prompt book ("welcome", "en/welcome" for one language whatever the
caller's), a text per language ({zh: …, en: …}; with a single language it is spoken in that one), or a list of these.
An *expression* is as in expressions.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.base.causes import Cause
from ccappliance.base.limits import MAX_COLLECT
from ccappliance.config.keys import key, required

Prompt = str | Mapping[str, str]
Prompts = str | Mapping[str, str] | tuple[str | Mapping[str, str], ...]

TARGET = "A node of this flow, or a destination such as queue:sales."
SAYABLE = ("digits", "number", "date", "time", "amount", "duration")
CAUSES = {"normal": Cause.NORMAL, "busy": Cause.BUSY, "no_answer": Cause.NO_ANSWER, "rejected": Cause.REJECTED,
          "unallocated": Cause.UNALLOCATED, "congestion": Cause.CONGESTION}
KEY_PATTERN = r"[0-9*#A-D]{1,8}"
VARIABLE_PATTERN = r"[a-z][a-z0-9_]{0,31}"


@dataclass(frozen=True, kw_only=True)
class Play:
    """Plays prompts; a digit pressed meanwhile stops it and is kept for the next menu or collect."""

    type: ClassVar[str] = "play"
    prompt: Prompts = required(doc="What is played.")
    barge_in: bool = key(True, doc="A digit stops it and is kept for the next menu or collect.")
    next: str = required(doc=TARGET)


@dataclass(frozen=True, kw_only=True)
class Menu:
    """Asks for one choice, a bounded number of times."""

    type: ClassVar[str] = "menu"
    prompt: Prompts = required(doc="What the caller can choose.")
    keys: Mapping[str, str] = required(doc="Per key (0-9 * # or several digits) the target. Put * and # in quotes.")
    seconds: float = key(5.0, unit="s", least=1, most=60, doc="How long a caller may think after the prompt.")
    between: float = key(2.0, unit="s", least=0.5, most=20, doc="Pause that ends a key of several digits.")
    tries: int = key(3, least=1, most=10, doc="How often the menu is played before the call goes on elsewhere.")
    invalid_prompt: Prompts = key("invalid_key", doc="Played before the menu again, after a key that is not offered.")
    timeout_prompt: Prompts = key("no_input", doc="Played before the menu again, after no key at all.")
    invalid: str = key("", doc=f"After the last try, if a wrong key was pressed. {TARGET}")
    timeout: str = key("", doc=f"After the last try, if no key was pressed. {TARGET}")


@dataclass(frozen=True, kw_only=True)
class Collect:
    """Asks for digits and keeps them in a variable."""

    type: ClassVar[str] = "collect"
    prompt: Prompts = required(doc="What the caller is asked for.")
    variable: str = required(pattern=VARIABLE_PATTERN, doc="Name of the variable: small letters, digits and _.")
    most: int = key(20, least=1, most=MAX_COLLECT, doc="Digits after which it is complete.")
    least: int = key(1, least=0, most=MAX_COLLECT, doc="Fewer digits are refused.")
    terminator: str = key("#", pattern=r"[0-9*#A-D]{0,4}", doc="Keys that end the input; \"\" for none.")
    seconds: float = key(8.0, unit="s", least=1, most=120, doc="Time for the first digit, after the prompt.")
    between: float = key(4.0, unit="s", least=0.5, most=60, doc="Time for each further digit.")
    tries: int = key(3, least=1, most=10, doc="How often it is asked.")
    secure: bool = key(False, doc="The digits appear as ? in the journal.")
    invalid_prompt: Prompts = key("invalid_key", doc="Played before it is asked again, after too few digits.")
    timeout_prompt: Prompts = key("no_input", doc="Played before it is asked again, after no digit at all.")
    next: str = required(doc=f"When it was given. {TARGET}")
    failed: str = key("", doc=f"After the last try. {TARGET}")


@dataclass(frozen=True, kw_only=True)
class Say:
    """Says a value in the caller's language."""

    type: ClassVar[str] = "say"
    what: str = required(choices=SAYABLE, doc="How the value is read.")
    value: str = key("", doc="Expression of the value; a date is 2026-11-22, a time 14:30, a duration seconds. "
                             "Empty, for date and time: now.")
    currency: str = key("CNY", choices=("CNY", "USD"), doc="Of an amount.")
    next: str = required(doc=TARGET)


@dataclass(frozen=True, kw_only=True)
class Language:
    """Changes the caller's language for the rest of the call."""

    type: ClassVar[str] = "language"
    to: str = required(doc="One of prompts.languages.")
    next: str = required(doc=TARGET)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way out of a branch."""

    when: str = required(doc="Expression that must be true.")
    next: str = required(doc=TARGET)


@dataclass(frozen=True, kw_only=True)
class Branch:
    """Goes the way of the first case that is true."""

    type: ClassVar[str] = "branch"
    cases: tuple[Case, ...] = required(doc="Tried in this order.")
    otherwise: str = required(doc=f"If none is true. {TARGET}")


@dataclass(frozen=True, kw_only=True)
class Set:
    """Sets variables of the call; queues and reports see them too."""

    type: ClassVar[str] = "set"
    variables: Mapping[str, str] = required(doc="Per variable the expression of its value, computed in this order.")
    next: str = required(doc=TARGET)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Leaves the flow: the call waits for an agent."""

    type: ClassVar[str] = "queue"
    queue: str = required(doc="Name of the queue.")
    priority: int = key(0, least=0, most=100, doc="Added to the queue's strict class; higher ones are served first.")
    boost: float = key(0.0, unit="s", least=-86400, most=86400, doc="Waiting time credited, besides the queue's.")
    prompt: Prompts = key((), doc="Played before.")


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Leaves the flow: the call goes to any destination."""

    type: ClassVar[str] = "transfer"
    to: str = required(doc="The destination, such as station:8001 or flow:night.")
    prompt: Prompts = key((), doc="Played before.")


@dataclass(frozen=True, kw_only=True)
class Record:
    """Records a message of the caller."""

    type: ClassVar[str] = "record"
    prompt: Prompts = key("leave_message", doc="Played before the beep.")
    beep: bool = key(True, doc="Whether a beep says that it begins.")
    most: float = key(120.0, unit="s", least=1, most=3600, doc="Longest message.")
    end_keys: str = key("#", pattern=r"[0-9*#A-D]{0,16}", doc="Keys that end the message; \"\" for none.")
    next: str = required(doc=TARGET)


@dataclass(frozen=True, kw_only=True)
class Hangup:
    """Ends the call."""

    type: ClassVar[str] = "hangup"
    cause: str = key("normal", choices=tuple(CAUSES), doc="What the network is told.")
    prompt: Prompts = key((), doc="Played before.")


Node = Play | Menu | Collect | Say | Language | Branch | Set | Queue | Transfer | Record | Hangup


@dataclass(frozen=True, kw_only=True)
class FlowSettings:
    """A flow: what a caller hears and can do before (or instead of) speaking with a person."""

    start: str = required(doc="The node a call enters first.")
    language: str = key("", doc="Language calls begin with; empty: the one they have.")
    on_error: str = key("", doc="Destination of a call whose node failed, after an apology; empty: it is cleared.")
    nodes: Mapping[str, Node] = required(doc="The nodes by name: small letters, digits and _.")
