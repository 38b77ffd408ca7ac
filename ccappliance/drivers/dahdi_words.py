"""DAHDI's numbers, and what they mean in our words. Its inverted names (`fxsks` is an FXO port) end here."""

import enum
import errno

from ccappliance.base.errors import LineFault
from ccappliance.drivers.api import Kind

ELAST = 500  # errno: an event waits; fetch it before anything else


class Sig(enum.IntEnum):
    """Signalling of a channel, set by dahdi_cfg. DAHDI names what the far end is."""

    NONE = 0
    FXSLS = 1 << 0 | 1 << 13
    FXSGS = 1 << 1 | 1 << 13
    FXSKS = 1 << 2 | 1 << 13
    FXOLS = 1 << 3 | 1 << 12
    FXOGS = 1 << 4 | 1 << 12
    FXOKS = 1 << 5 | 1 << 12
    CLEAR = 1 << 7
    HDLCFCS = 1 << 9 | 1 << 8 | 1 << 7
    CAS = 1 << 15
    HARDHDLC = 1 << 19 | 1 << 7


KINDS = {Sig.FXSLS: Kind.FXO, Sig.FXSGS: Kind.FXO, Sig.FXSKS: Kind.FXO,
         Sig.FXOLS: Kind.FXS, Sig.FXOGS: Kind.FXS, Sig.FXOKS: Kind.FXS,
         Sig.CLEAR: Kind.BEARER, Sig.CAS: Kind.CAS}
DATA = (Sig.HDLCFCS, Sig.HARDHDLC)


class Told(enum.IntEnum):
    """What an event says (DAHDI_GETEVENT)."""

    NONE = 0
    ONHOOK = 1
    RINGOFFHOOK = 2  # a telephone was lifted; on an FXO port: a ring burst is over
    WINKFLASH = 3
    ALARM = 4
    NOALARM = 5
    ABORT = 6
    OVERRUN = 7
    BADFCS = 8
    DIALCOMPLETE = 9
    RINGERON = 10
    RINGEROFF = 11
    HOOKCOMPLETE = 12
    BITSCHANGED = 13
    PULSE_START = 14
    POLARITY = 17
    RINGBEGIN = 18
    REMOVED = 20
    READ_OVERRUN = 29
    WRITE_UNDERRUN = 30
    PULSEDIGIT = 1 << 16  # or'd with the digit


class Hook(enum.IntEnum):
    """What DAHDI_HOOK can be told."""

    ONHOOK = 0
    OFFHOOK = 1
    FLASH = 3
    RING = 5
    RINGOFF = 6


HOOK_RINGING = 3  # Params.hook of an FXO port while ring voltage is on the line (DAHDI_RXSIG_RING)
LAW_ALAW = 2
POLICY_IMMEDIATE = 0
POLICY_HALF_FULL = 2
FLUSH_BOTH = 3
FLUSH_ALL = 7
DIAL_APPEND = 1
DIAL_CANCEL = 3


class Alarm(enum.IntFlag):
    """Alarm bits of a span or a channel."""

    NONE = 0
    RECOVER = 1 << 0
    LOOPBACK = 1 << 1
    YELLOW = 1 << 2
    RED = 1 << 3
    BLUE = 1 << 4
    NOTOPEN = 1 << 5
    LOS = 1 << 8
    LFA = 1 << 9
    LMFA = 1 << 10


def alarm_words(bits: int, place: str) -> tuple[str, str] | None:
    """(code, words for a technician) of a span's alarm bits; None: no alarm. `place`: "port 1 of TE133"."""
    if bits & Alarm.RED:
        if bits & Alarm.LFA and not bits & Alarm.LOS:
            return "red", (f"RED: a signal, but no frames in it: check coding and framing of {place} against the "
                           "exchange's")
        if bits & Alarm.LMFA and not bits & Alarm.LOS:
            return "red", (f"RED: frames, but no multiframes: check crc4 and signalling of {place} against the "
                           "exchange's")
        return "red", f"RED: no signal from the exchange: check the cable at {place}"
    if bits & Alarm.BLUE:
        return "blue", f"BLUE: the exchange says that its own side of {place} is out of order: call the operator"
    if bits & Alarm.YELLOW:
        return "yellow", (f"YELLOW: the exchange does not receive us: check the pair on which {place} sends, and crc4")
    if bits & Alarm.LOOPBACK:
        return "loopback", f"LOOPBACK: {place} is looped for a test"
    if bits & Alarm.NOTOPEN:
        return "not_open", f"{place} is not started: run dahdi_cfg"
    if bits & Alarm.RECOVER:
        return "recovering", f"{place} recovers from an alarm: usable within seconds"
    if bits:
        return "red", f"{place} is in an alarm unknown to us ({bits:#x})"
    return None


def line_alarm_words(bits: int, number: int) -> tuple[str, str] | None:
    """The same for an FXO port, whose card tells with RED that the line has no battery."""
    if bits & Alarm.RED:
        return "no_battery", f"no battery on the line at channel {number}: is it plugged in, and not cut?"
    return alarm_words(bits, f"channel {number}")


REASONS = {
    errno.EBUSY: "it is busy, or another program uses it: stop that program",
    errno.ENODEV: "the card is gone",
    errno.ENXIO: "there is no such device: is the card's module loaded?",
    errno.ENOENT: "there is no /dev/dahdi: load the card's module (modprobe), and install the package dahdi",
    errno.ENODATA: "no tone zone is loaded: write loadzone into /etc/dahdi/system.conf "
                   "(`ccappliance cards system-conf`) and run dahdi_cfg",
    errno.EACCES: "permission denied: the daemon's user must be in the group dahdi",
    errno.EPERM: "permission denied: the daemon's user must be in the group dahdi",
    errno.EINVAL: "the channel is not configured for it: run dahdi_cfg with the system.conf of "
                  "`ccappliance cards system-conf`",
    errno.ENOTTY: "the card cannot do that",
    errno.ENOSYS: "the card cannot do that",
}


def fault(what: str, error: OSError) -> LineFault:
    """An error of the kernel as a sentence that says what to do."""
    why = REASONS.get(error.errno or 0) or error.strerror or str(error)
    return LineFault(f"{what}: {why}")
