"""A private PostgreSQL for a test run: its own cluster in a temporary folder, never as root, on a socket."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg

PATIENCE = 60.0  # s a step may take on a busy machine


def programs() -> Path | None:
    """The folder of initdb and postgres; None: they are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    return Path(named).parent if named else None


class Server:
    """One cluster. Its data lie in /tmp itself: the user it runs as must be able to walk there."""

    def __init__(self, bin: Path) -> None:
        self.bin = bin
        self.folder = Path(tempfile.mkdtemp(prefix="ccappliance-pg-"))
        self.data = self.folder / "data"
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self._run("initdb", "-D", str(self.data), "-U", "hq", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\nfsync = off\n"
                       "max_connections = 20\nshared_buffers = 16MB\nlog_min_messages = panic\n")
        self.start()

    def url(self, database: str = "postgres", host: str = "", port: int = 5432) -> str:
        return f"postgresql://hq@/{database}?host={host or self.folder}&port={port}"

    def start(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", str(int(PATIENCE)), "-l", str(self.folder / "log"),
                  "start")

    def kill(self) -> None:
        """As a power cut would, but for its memory: no word to anybody."""
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def running(self) -> bool:
        return (self.data / "postmaster.pid").exists()

    def freeze(self, frozen: bool) -> None:
        """Every process of it stands still, and its sockets with them; or goes on."""
        number = signal.SIGSTOP if frozen else signal.SIGCONT
        main = int((self.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for pid in [main, *map(int, children)]:
            os.kill(pid, number)

    def database(self, name: str) -> str:
        """A new database: its URL."""
        self.ask(f"CREATE DATABASE {name}")
        return self.url(name)

    def ask(self, sql: str, url: str = "") -> list[Any]:
        with psycopg.connect(url or self.url(), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        try:
            self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop", check=False)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str, check: bool = True) -> None:
        done = subprocess.run([*self._as, str(self.bin / program), *words], cwd="/", stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False,
                              text=True) if program != "pg_ctl" or "start" not in words else self._start(words)
        if check and done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}")

    def _start(self, words: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
        """The server inherits what we give it: no pipe, or we would wait for its end."""
        return subprocess.run([*self._as, str(self.bin / "pg_ctl"), *words], cwd="/", stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False,
                              text=True)
