"""systemd's view of the daemon: ready, status, watchdog, stopping; silent where there is no systemd.

Type=notify-reload in the unit: a reload tells RELOADING with the monotonic clock, and READY when it is over.
Source: sd_notify(3), sd_watchdog_enabled(3).
"""

import contextlib
import os
import socket
from collections.abc import Callable, Mapping

from ccappliance.base.clock import Clock


def datagrams(address: str) -> Callable[[str], object]:
    """Tells systemd's socket and never waits for it: python3-systemd's would, and the loop and all calls with it.

    What finds the socket full is lost; a watchdog that has not read a thousand lines is not watching.
    """
    to = "\0" + address[1:] if address.startswith("@") else address
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)

    def send(state: str) -> None:
        with contextlib.suppress(OSError):
            sender.sendto(state.encode(), to)
    return send


class Systemd:
    """Tells systemd; every method is harmless without it."""

    def __init__(self, clock: Clock, environ: Mapping[str, str] = os.environ,
                 connect: Callable[[str], Callable[[str], object]] = datagrams) -> None:
        """`clock.now()` must be CLOCK_MONOTONIC, as SystemClock's is."""
        self._clock = clock
        address = environ.get("NOTIFY_SOCKET", "")
        self._notify = connect(address) if address else None
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
            self._notify("\n".join(lines))


def _interval(environ: Mapping[str, str]) -> float | None:
    """Half of WATCHDOG_USEC in seconds, if it is meant for this process."""
    usec, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not usec.isdigit() or int(usec) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 1e6 / 2
