"""The daemon itself, as a process on real cards: its configuration, its start and end, its journal as it is written."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from far_end import configure, plug_in, unplug
from rehearse import CONFIGURATION, HERE
from test_card_story import REHEARSED

from ccappliance.config.load import load
from ccappliance.interfaces.control.client import ControlClient
from ccappliance.site import Site

NEAR, FAR = "9:0", "9:1"  # addresses of the two ends of the E1 span
SPAN = 3  # its number: spans 1 and 2 are plan `house`
LOOK = 0.05  # s between two looks into the journal
START = 240.0  # s of guest time: reading 413 prompts from the host's disk
OVERLAY = """
driver: dahdi
spans:
  telephones:
    type: analog
    number: 1
    ports:
      - {port: fxo, channels: "1-4"}
      - {port: fxs, channels: "5-8"}
"""
OVERLAY_PRI = """
  operator: {type: e1, number: 3, first: 17, signalling: pri, side: user, crc4: false}
lines:
  pri/1:
    type: pri
    channels: "17-31,33-47"
    dchannel: 32
    numbers: ["80010001", "80010002"]
    signalling: {caller_number: "80010000", t309: 30}
trunks:
  pstn: {lines: [pri/1], order: last}
  first: {lines: [pri/1], order: first}
queues:
  service: {max_len: {n: 60, to: "hangup:busy"}}
routes:
  - {source: lines, called: "80010002", to: "flow:number"}
  - {source: lines, to: "flow:main"}
  - {source: stations, called: "80XX", to: "station:{called}"}
  - {source: stations, called: "6XXXXXXXXXXX", to: "trunk:first/{rest}"}
  - {source: stations, called: "9.", to: "trunk:pstn/{rest}"}
"""
OVERLAY_CAS = """
  operator: {type: e1, number: 3, first: 17, signalling: cas, crc4: false}
lines:
  r2/1: {type: r2, variant: cn, channels: "17-24", numbers: ["80010001"], signalling: {caller_number: "80010000"}}
  em/1: {type: em, channels: "25-31", numbers: ["80020001"]}
trunks:
  r2: {lines: [r2/1], order: last}
  em: {lines: [em/1], order: last}
routes:
  - {source: lines, to: "flow:main", called: "80010001"}
  - {source: lines, to: "flow:main", called: "80020001"}
  - {source: stations, called: "80XX", to: "station:{called}"}
  - {source: stations, called: "7XXXXXXXXXXX", to: "trunk:r2/{rest}"}
  - {source: stations, called: "6XXXXXXXXXXX", to: "trunk:em/{rest}"}
"""
E1 = {"": "", "pri": OVERLAY_PRI, "cas": OVERLAY_CAS}  # by what the E1 span signals with; "": there is none
FLOW = """
start: ask
nodes:
  ask: {type: collect, prompt: main_menu, variable: number, most: 4, least: 4, terminator: "", seconds: 30s,
        between: 10s, next: "queue:service", failed: "hangup:normal"}
"""


class CardDaemon:
    """`ccappliance run` with `driver: dahdi`, in a folder of its own."""

    def __init__(self, folder: Path, *, e1: str = "") -> None:
        self.config = folder / "etc"
        self.state = folder / "state"
        self.socket = folder / "control.sock"
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        shutil.copytree(CONFIGURATION, self.config)
        (self.config / "conf.d" / "cards.yaml").write_text(
            OVERLAY + E1[e1] + f"prompts: {{cache: {REHEARSED / 'prompts'}}}\n", encoding="utf-8")
        if e1 == "pri":
            (self.config / "flows" / "number.yaml").write_text(FLOW, encoding="utf-8")
        self.site: Site = load(self.config, Site).value
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(folder / "notify"))
        self._notify.setblocking(False)
        self._environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify")}
        self._read: dict[Path, int] = {}  # of each file of the journal: bytes
        self.facts: list[dict[str, Any]] = []
        self._looked = 0

    # ---- the process ----

    async def start(self) -> None:
        """Returns when it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ccappliance", "run", "--config", str(self.config), "--state", str(self.state),
                 "--socket", str(self.socket)], cwd=HERE.parent.parent, env=self._environment, stdout=log, stderr=log)
        loop = asyncio.get_running_loop()
        until = loop.time() + START
        ready = loop.create_task(self._until_ready())
        while not ready.done():
            await asyncio.wait([ready], timeout=LOOK)
            if self.process.poll() is not None or loop.time() > until:
                ready.cancel()
                raise AssertionError(f"the daemon is not ready; exit code {self.process.poll()}, its log:\n"
                                     f"{self.log.read_text(errors='replace')[-3000:]}")
        self.look()
        self._looked = len(self.facts)

    async def _until_ready(self) -> None:
        while b"READY=1" not in await asyncio.get_running_loop().sock_recv(self._notify, 4096):
            pass

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for its end; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return await asyncio.get_running_loop().run_in_executor(None, self.process.wait)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self._notify.close()

    # ---- its doors ----

    async def ask(self, do: str, **params: Any) -> Any:
        """An operation over its control socket."""
        def call() -> Any:
            with ControlClient(self.socket) as client:
                return client.call(do, **params)

        return await asyncio.get_running_loop().run_in_executor(None, call)

    async def cli(self, *words: str) -> Any:
        """What the command answers as JSON."""
        def run() -> Any:
            return json.loads(subprocess.run([sys.executable, "-m", "ccappliance", *words, "--json"], check=True,
                                             cwd=HERE.parent.parent, stdout=subprocess.PIPE).stdout)

        return await asyncio.get_running_loop().run_in_executor(None, run)

    def cdrs(self) -> list[dict[str, Any]]:
        """All call detail records, oldest first."""
        with sqlite3.connect(f"file:{self.state / 'ccappliance.db'}?mode=ro", uri=True) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute("select * from cdr order by rowid")]

    # ---- its journal ----

    def look(self) -> None:
        """Read what has been written."""
        for path in sorted((self.state / "journal").glob("*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                data = file.read()
            whole = data[:data.rfind(b"\n") + 1]
            self._read[path] = self._read.get(path, 0) + len(whole)
            self.facts += [json.loads(line) for line in whole.splitlines()]

    async def fact(self, name: str, within: float = 15.0, again: bool = False, **fields: Any) -> dict[str, Any]:
        """The next such fact after the last one that was waited for; of a call, or with `again`: the last ever."""
        wanted = {"fact": name, **fields}
        if again or "call" in fields:
            return await self._ever(wanted, within)
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while True:
            self.look()
            for at in range(self._looked, len(self.facts)):
                if all(self.facts[at].get(key) == value for key, value in wanted.items()):
                    self._looked = at + 1
                    return self.facts[at]
            self._patient(wanted, within, until)
            await asyncio.sleep(LOOK)

    async def _ever(self, wanted: dict[str, Any], within: float) -> dict[str, Any]:
        until = asyncio.get_running_loop().time() + within
        while True:
            self.look()
            for fact in reversed(self.facts):
                if all(fact.get(key) == value for key, value in wanted.items()):
                    return fact
            self._patient(wanted, within, until)
            await asyncio.sleep(LOOK)

    def _patient(self, wanted: dict[str, Any], within: float, until: float) -> None:
        if asyncio.get_running_loop().time() > until:
            recent = "\n".join(told(fact) for fact in self.facts[-40:])
            raise AssertionError(f"not in the journal within {within:g} s: {wanted}; but:\n{recent}")

    def of(self, name: str, call: str = "") -> list[dict[str, Any]]:
        """All such facts ever, of one call if it is named."""
        self.look()
        return [fact for fact in self.facts if fact["fact"] == name and (not call or fact["call"] == call)]


def told(fact: dict[str, Any]) -> str:
    """A fact in short."""
    return f"{fact['now']:9.3f} {fact['fact']} " + " ".join(
        f"{key}={fact[key]}" for key in ("subject", "alarm", "words", "line", "call", "cause", "by", "state", "why",
                                         "digit", "digits", "queue", "called") if key in fact)


def plug_in_e1(*, cas: bool = False) -> None:
    """Two spans wired to each other, ours and the network's; idle bits are those of R2 and of E&M."""
    plug_in(NEAR, 31)
    plug_in(FAR, 31)
    if cas:
        configure("cas=17-31,33-47:1101", "cas=48-62,64-78:1101")
    else:
        configure("bchan=17-31,33-47", "dchan=32", "bchan=48-62,64-78", "dchan=63")


def unplug_e1() -> None:
    unplug(NEAR)
    unplug(FAR)
