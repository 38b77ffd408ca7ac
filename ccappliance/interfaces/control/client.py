"""The control socket's client for the command line: blocking, one request at a time, plain errors."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_CONTROL_LINE
from ccappliance.interfaces.control import protocol

NOT_RUNNING = "not_running"
_PATIENCE = 10.0  # seconds for an answer; a daemon that needs longer is stuck (its watchdog has 15)


class ControlClient:
    """A connection to the daemon. Refused carries the daemon's code, or "not_running" if nobody listens."""

    def __init__(self, path: Path, patience: float = _PATIENCE) -> None:
        self._path = path
        self._buffer = b""
        self._id = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(patience)
        self._patience = patience
        try:
            self._socket.connect(str(path))
        except PermissionError:
            self._socket.close()
            raise Refused("not_allowed", f"you may not use {path}: run as root, or join the daemon's control group") \
                from None
        except (OSError, ValueError) as error:
            self._socket.close()
            raise Refused(NOT_RUNNING, f"the daemon is not running: nobody listens at {path}; start it with "
                                       "`ccappliance run` or `systemctl start ccappliance`, or name its socket with "
                                       "--socket") from error

    def __enter__(self) -> "ControlClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def call(self, do: str, **params: Any) -> Any:
        """The answer of a plain operation."""
        self._ask(do, params)
        answer = self._answer()
        if "ok" not in answer:
            raise Refused("protocol", f"{do}: the daemon did not answer as expected; is it of another version?")
        return answer["ok"]

    def stream(self, do: str, **params: Any) -> Iterator[Any]:
        """The items of a streaming operation, as they come, without any limit of time between them."""
        self._ask(do, params)
        self._socket.settimeout(None)
        try:
            while True:
                answer = self._answer()
                if "item" not in answer:
                    return
                yield answer["item"]
        finally:
            self._socket.settimeout(self._patience)

    def _ask(self, do: str, params: dict[str, Any]) -> None:
        self._id += 1
        line = json.dumps({"id": self._id, "do": do, "with": params}).encode("ascii") + b"\n"
        try:
            self._socket.sendall(line)
        except TimeoutError:
            raise self._stuck() from None
        except OSError:
            pass  # the daemon closed; what it said before is still to be read

    def _answer(self) -> dict[str, Any]:
        """The next answer to our request; Refused if it is an error, of the request or of the whole connection."""
        while True:
            try:
                answer = protocol.decode_answer(self._line())
            except protocol.Malformed as malformed:
                raise Refused("protocol", f"{self._path} does not speak our protocol: {malformed}") from None
            if answer.get("id") not in (self._id, None):
                continue  # left over from a stream that was given up
            error = answer.get("error")
            if isinstance(error, dict):
                raise Refused(str(error.get("code")), str(error.get("message")))
            return answer

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > MAX_CONTROL_LINE:
                raise Refused("protocol", f"{self._path} sent an endless line")
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                raise self._stuck() from None
            except OSError:
                data = b""
            if not data:
                raise Refused(NOT_RUNNING, "the daemon closed the connection: it stopped, or is stopping")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _stuck(self) -> Refused:
        return Refused("no_answer", f"the daemon has not answered for {self._patience:g} s: it is stuck; its log may "
                                    "say why (journalctl -u ccappliance)")
