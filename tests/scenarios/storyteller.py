"""Plays stories for the tests of this folder, and what must hold after each of them, whatever it told."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

from ccappliance.apps.acd.queue_log import QueueLogLines
from ccappliance.call.journal import Entry
from ccappliance.interfaces.control.audit import audit
from ccappliance.sim.configured import Configured, Overlay
from ccappliance.sim.embedded import STORIES
from ccappliance.sim.play import Played, play
from ccappliance.sim.script import Script, read_script
from ccappliance.site import Site

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FIRST_CALL = STORIES / "first-call.yaml"
PAIRS = (  # what begins, what ends it, and the field that says which
    ("CallOffered", "CallEnded", "call"), ("QueueEntered", "QueueLeft", "call"), ("OfferMade", "OfferEnded", "offer"),
    ("RecordingStarted", "RecordingEnded", "recording"), ("PromptStarted", "PromptEnded", "leg"),
    ("ConversationStarted", "ConversationEnded", "call"), ("TransferStarted", "TransferEnded", "call"),
    ("SupervisionStarted", "SupervisionEnded", "leg"), ("ScriptStarted", "ScriptEnded", "call"))


def stories() -> list[Path]:
    return [FIRST_CALL, *sorted(HERE.glob("*.yaml"))]


@cache
def configured() -> Configured:
    """The shipped configuration."""
    return Configured(ROOT / "etc" / "ccappliance")


@cache
def site(overlays: tuple[Overlay, ...]) -> Site:
    return configured().site(*overlays)


def tell(script: Script | Path, prompts: Path, *, engine: bool, **more: Any) -> Played:
    """Play one story against the shipped configuration; `more` as in `play`."""
    script = read_script(script) if isinstance(script, Path) else script
    return play(script, site(script.config), engine=engine, cache=prompts, configured=configured(), **more)


def both(path: Path, prompts: Path) -> str:
    """The digests of a story in both fidelities."""
    return " ".join(tell(path, prompts, engine=engine).digest for engine in (False, True))


def facts(played: Played, *kinds: str) -> list[dict[str, Any]]:
    """The journal as told, oldest first; only `kinds` if any are named."""
    told = [json.loads(line) for line in played.journal]
    return [fact for fact in told if not kinds or fact["fact"] in kinds]


def trouble(played: Played) -> list[str]:
    """What must never be, in words."""
    told = facts(played)
    found = [f"breach: {breach}" for breach in played.breaches] + [f"still in use: {what}" for what in played.in_use]
    for begins, ends, key in PAIRS:
        found += unpaired(told, begins, ends, key)
    offered = Counter(fact["call"] for fact in told if fact["fact"] == "CallOffered")
    found += [f"call {call} has {count} CallOffered" for call, count in offered.items() if count > 1]
    rows = Counter(cdr.call for cdr in played.cdrs)
    found += [f"call {call} has {rows[call]} CDRs" for call in offered if rows[call] != 1]
    legs = {fact["leg"]: fact["state"] for fact in told if fact["fact"] == "LegMoved"}
    found += [f"leg {leg} was left {state}" for leg, state in legs.items() if state != "released"]
    return found + history(played)


def history(played: Played) -> list[str]:
    """The journal read again: every decision comes out the same, every queue adds up, and its queue_log is whole."""
    entries = [Entry.parse(line) for line in played.journal]
    found = [f"audit: {one}" for one in audit(entries, None, None, UTC, None)["differences"]]
    lines: list[str] = []
    log = QueueLogLines(lines.append)
    for entry in entries:
        log.hear(entry)
    events = Counter(line.split("|")[4] for line in lines)
    ends = sum(events[end] for end in ("COMPLETEAGENT", "COMPLETECALLER", "BLINDTRANSFER", "ATTENDEDTRANSFER"))
    return found + ([] if events["CONNECT"] == ends else [f"queue_log: {dict(events)}"])


def unpaired(told: Iterable[dict[str, Any]], begins: str, ends: str, key: str) -> list[str]:
    """Every beginning has its end, and no end comes without one."""
    open_now: Counter[str] = Counter()
    found = []
    for fact in told:
        if fact["fact"] == begins:
            open_now[fact[key]] += 1
        elif fact["fact"] == ends and fact.get("state") != "refused":
            open_now[fact[key]] -= 1
            if open_now[fact[key]] < 0:
                found.append(f"{ends} of {fact[key]} without {begins} (seq {fact['seq']})")
    return found + [f"{begins} of {name} without {ends}" for name, count in open_now.items() if count > 0]
