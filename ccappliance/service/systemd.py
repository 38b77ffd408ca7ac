"""systemd's view of the daemon: ready, status, watchdog, stopping; silent where there is no systemd.

Type=notify-reload in the unit: a reload tells RELOADING with the monotonic clock, and READY when it is over.
Nothing here waits: libsystemd's own sd_notify does when its reader is behind, and calls would stand still meanwhile.
Source: sd_notify(3), sd_watchdog_enabled(3).
"""

import os
import socket
from collections.abc import Callable, Mapping

from ccappliance.base.clock import Clock


class Systemd:
    """Tells systemd; every method is harmless without it."""

    def __init__(self, clock: Clock, environ: Mapping[str, str] = os.environ,
                 notify: Callable[[str], object] | None = None) -> None:
        """`clock.now()` must be CLOCK_MONOTONIC, as SystemClock's is. `notify`: instead of what the environment names.

        `notify` raises OSError for what cannot be told now: changes of state are told again, the rest is forgotten.
        """
        self._clock = clock
        address = environ.get("NOTIFY_SOCKET", "")
        self._notify = (notify or _sender(address)) if address else None
        self._owed: list[str] = []  # changes of state that systemd has not taken yet
        self.watchdog_interval = _interval(environ) if self._notify is not None else None
        """Seconds between two `watchdog()`: half of what the unit allows. None: nobody watches."""

    @property
    def present(self) -> bool:
        return self._notify is not None

    def ready(self, status: str = "") -> None:
        """Calls can be taken (also: a reload is over)."""
        self._send("READY=1", status)

    def status(self, words: str) -> None:
        """One line for `systemctl status`."""
        self._send("", words)

    def reloading(self) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={int(self._clock.now() * 1e6)}", "")

    def stopping(self, status: str = "") -> None:
        self._send("STOPPING=1", status)

    def watchdog(self) -> None:
        """We are alive. Call it only while the tick counter advances (F44)."""
        self._send("WATCHDOG=1", "")

    def _send(self, state: str, status: str) -> None:
        if self._notify is not None:
            lines = [line for line in (state, f"STATUS={' '.join(status.split())}" if status else "") if line]
            self._owed.append("\n".join(lines))
            try:
                while self._owed:
                    self._notify(self._owed[0])
                    self._owed.pop(0)
            except OSError:
                self._owed = [owed for owed in self._owed if not owed.startswith(("STATUS", "WATCHDOG"))]


def _sender(address: str) -> Callable[[str], object]:
    """Sends datagrams to systemd. OSError when it takes none now."""
    place = f"\0{address[1:]}" if address.startswith("@") else address  # an abstract name (unix(7))
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    return lambda words: sender.sendto(words.encode(), place)


def _interval(environ: Mapping[str, str]) -> float | None:
    """Half of WATCHDOG_USEC in seconds, if it is meant for this process."""
    usec, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not usec.isdigit() or int(usec) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 1e6 / 2
