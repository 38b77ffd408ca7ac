"""What cards are there: a proposal for spans.yaml, or in words what is missing. Changes nothing, needs no daemon."""

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccappliance.drivers.api import Kind
from ccappliance.drivers.dahdi_conf import ranges_of
from ccappliance.drivers.dahdi_kernel import Kernel, Params
from ccappliance.drivers.dahdi_words import DATA, KINDS, Sig, alarm_words, fault

E1_CHANNELS = 31
STATION = 8001  # the first telephone's number in a proposal
FXO_ABLE = Sig.FXSLS | Sig.FXSGS | Sig.FXSKS
FXS_ABLE = Sig.FXOLS | Sig.FXOGS | Sig.FXOKS
# PCI vendors of telephony cards; those on USB tell who they are themselves
VENDORS = {"0xd161": "Digium", "0xe159": "TigerJet (Digium, OpenVox, clones)", "0x1923": "Sangoma", "0x1b74": "OpenVox"}


@dataclass(frozen=True)
class FoundSpan:
    """One span as it is now."""

    number: int
    name: str
    description: str
    alarm: str  # in words; "" if there is none
    kind: str  # "analog", "e1" or "other"
    channels: Mapping[int, str]  # channel → "fxo", "fxs", "bearer", "cas", "data" or "" (not configured)


@dataclass(frozen=True)
class Findings:
    """What was found, what is missing, and what to write into spans.yaml."""

    spans: Sequence[FoundSpan]
    missing: Sequence[str]  # each a sentence that says what to do
    proposal: str  # "" if nothing can be proposed


def detect(make_kernel: Callable[[], Kernel], root: Path = Path("/")) -> Findings:
    """Look at /dev/dahdi, and where there is nothing at the machine itself, to say why."""
    try:
        kernel = make_kernel()
    except OSError as error:
        return Findings([], _why_nothing(error, root), "")
    try:
        told = kernel.spans()
        channels = _channels(kernel, told)
    except OSError as error:
        return Findings([], [str(fault("the cards cannot be looked at", error))], "")
    finally:
        kernel.close()
    spans = [_span(one, {number: params for number, params in channels.items() if params.span == one["number"]})
             for one in told]
    missing = _unassigned(root)
    if not spans and not missing:
        missing = ["DAHDI runs but has no card: load its module; `dahdi_hardware` says which one it is", *_cards(root)]
    return Findings(spans, missing, _proposal(spans) if spans else "")


# ---- what is there ----


def _channels(kernel: Kernel, told: Sequence[Mapping[str, Any]]) -> dict[int, Params]:
    found: dict[int, Params] = {}
    every = sum(one["channels"] for one in told)
    for number in range(1, 1025):
        if len(found) == every:
            break
        try:
            found[number] = kernel.params(number)
        except OSError:
            continue
    return found


def _span(told: Mapping[str, Any], channels: Mapping[int, Params]) -> FoundSpan:
    kinds = {number: _kind(params) for number, params in channels.items()}
    if any(kind in ("fxo", "fxs") for kind in kinds.values()):
        kind = "analog"
    elif len(kinds) == E1_CHANNELS and (told["type"] == "E1" or any(kinds.values())):
        kind = "e1"
    else:
        kind = "other"
    alarm = alarm_words(told["alarms"], f"span {told['number']} ({told['name']})")
    return FoundSpan(told["number"], told["name"], told["description"] or told["device"], alarm[1] if alarm else "",
                     kind, kinds)


def _kind(params: Params) -> str:
    """What the port is set to; if to nothing, what it can only be."""
    if params.signalling in DATA:
        return "data"
    if params.signalling in KINDS:
        return KINDS[Sig(params.signalling)].value
    fxo, fxs = bool(params.capability & FXO_ABLE), bool(params.capability & FXS_ABLE)
    if fxo is fxs:
        return ""
    return Kind.FXO.value if fxo else Kind.FXS.value


# ---- what to write ----


def _proposal(spans: Sequence[FoundSpan]) -> str:
    parts = ["driver: dahdi", "", "spans:"]
    lines: list[str] = []
    telephones = 0
    for span in spans:
        if span.kind == "analog":
            parts += _propose_analog(span)
            for number, kind in span.channels.items():
                if kind == "fxo":
                    lines.append(f"  fxo/{number}: {{type: fxo, channel: {number}}}")
                elif kind == "fxs":
                    lines.append(f'  fxs/{number}: {{type: fxs, channel: {number}, station: "{STATION + telephones}"}}')
                    telephones += 1
        elif span.kind == "e1":
            parts += _propose_e1(span)
        else:
            parts.append(f"  # span {span.number} ({span.description}): none of its ports is known to us")
    return "\n".join([*parts, "", *(["lines:", *lines, ""] if lines else [])])


def _propose_analog(span: FoundSpan) -> list[str]:
    parts = [f"  card{span.number}:  # {span.description}", "    type: analog", f"    number: {span.number}",
             "    ports:"]
    for kind, what in (("fxo", "lines of the exchange"), ("fxs", "telephones")):
        numbers = [number for number, found in span.channels.items() if found == kind]
        if numbers:
            parts.append(f'      - {{port: {kind}, channels: "{ranges_of(numbers)}"}}  # {what}')
    return parts


def _propose_e1(span: FoundSpan) -> list[str]:
    cas = "cas" in span.channels.values()
    return [f"  e1-{span.number}:  # {span.description}", "    type: e1", f"    number: {span.number}",
            f"    first: {min(span.channels)}",
            f"    signalling: {'r2' if cas else 'pri'}  # pri, r2 or cas: ask the operator",
            *([] if cas else ["    side: user"]), "    crc4: true  # ask the operator", "    timing: 1"]


# ---- what is missing ----


def _why_nothing(error: OSError, root: Path) -> list[str]:
    if error.errno in (errno.EACCES, errno.EPERM):
        return ["/dev/dahdi may not be opened: run this as root, or as a member of the group dahdi "
                "(usermod -aG dahdi NAME)"]
    if error.errno not in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return [str(fault("/dev/dahdi/ctl cannot be opened", error))]
    found = [] if (root / "sys/module/dahdi").exists() else ["the kernel module dahdi is not loaded: modprobe dahdi"]
    release = os.uname().release
    if found and not any((root / "lib/modules" / release).rglob("dahdi.ko*")):
        found = [f"there is no module dahdi for this kernel ({release}): apt install dahdi dahdi-dkms "
                 f"linux-headers-{release}, then modprobe dahdi"]
    if not found:
        found = ["the module dahdi is loaded, but /dev/dahdi is not there: is udev running?"]
    if not (root / "usr/sbin/dahdi_cfg").exists():
        found.append("dahdi_cfg is missing, without which no channel can be set up: apt install dahdi")
    return [*found, *_cards(root)]


def _cards(root: Path) -> list[str]:
    """Telephony cards the machine has, whether a module drives them or not."""
    found = []
    for device in sorted((root / "sys/bus/pci/devices").glob("*")):
        try:
            vendor = (device / "vendor").read_text(encoding="ascii").strip()
        except OSError:
            continue
        if vendor in VENDORS:
            state = "with a driver"
            if not (device / "driver").exists():
                state = "without a driver: `dahdi_hardware` names its module"
            found.append(f"a card of {VENDORS[vendor]} is in PCI slot {device.name}, {state}")
    return found or ["no telephony card was found on the PCI bus: is it seated, and listed by lspci?"]


def _unassigned(root: Path) -> list[str]:
    """Devices whose spans have no number yet, because DAHDI was told not to give any by itself."""
    found = []
    for device in sorted((root / "sys/bus/dahdi_devices/devices").glob("*")):
        try:
            spans = (device / "spantype").read_text(encoding="ascii").split()
            taken = {path.name for path in (device).glob("span-*")}
        except OSError:
            continue
        if spans and not taken:
            found.append(f"the card {device.name} has spans without numbers: dahdi_span_assignments auto")
    return found
