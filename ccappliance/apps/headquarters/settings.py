"""What the owner can say of headquarters."""

import re
from dataclasses import dataclass
from pathlib import Path

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_HEADQUARTERS_BATCH
from ccappliance.config.keys import Report, key

TABLES = ("calls", "legs", "queue_events", "agent_states", "surveys", "rollups")
_BRANCH = r"[a-z0-9][a-z0-9_-]{0,40}|"


@dataclass(frozen=True, kw_only=True)
class HeadquartersSettings:
    """A reporting store for many branches. Off until a URL is given; calls never wait for it."""

    url: str = key("", secret=True, reload=False, doc="postgresql://user@host/database?sslmode=verify-full. Empty: "
                                                      "no copy is kept.")
    url_file: str = key("", pattern=r"(/.+)?", reload=False, doc="File whose first line is the URL with its password, "
                                                                 "instead of `url`: readable for the daemon only.")
    branch: str = key("", pattern=_BRANCH, reload=False, doc="Name of this box there; no other may have it.")
    every: float = key(30.0, unit="s", least=1, most=3600, reload=False, doc="Time between two deliveries.")
    batch: int = key(500, least=10, most=MAX_HEADQUARTERS_BATCH, reload=False,
                     doc="Entries of the journal in one transaction.")
    timeout: float = key(20.0, unit="s", least=1, most=600, reload=False,
                         doc="Time after which a server that does not answer is left, to be tried again later.")
    alarm_after: float = key(3600.0, unit="s", least=60, most=2_592_000, reload=False,
                             doc="Time without a delivery after which an alarm is raised. Nothing is lost meanwhile: "
                                 "the journal waits.")
    tables: tuple[str, ...] = key(TABLES, reload=False, doc=f"What is told: {', '.join(TABLES)}.")
    numbers: str = key("full", choices=("full", "masked", "none"), reload=False,
                       doc="Callers' numbers and names there: whole, numbers without their last four digits and no "
                           "names, or neither.")
    keep: int = key(0, unit="d", least=0, most=36_500, reload=False,
                    doc="Days after which this branch's single calls, legs, events and answers are deleted there; sums "
                        "stay. 0: never.")

    @property
    def enabled(self) -> bool:
        return bool(self.url or self.url_file)

    def check(self, report: Report, path: str) -> None:
        if self.url and self.url_file:
            report.error(f"{path}.url_file", "the URL is given twice", "keep url or url_file")
        if self.url and not re.match(r"postgres(ql)?://", self.url):
            report.error(f"{path}.url", "this is no URL of PostgreSQL", "write postgresql://user@host/database")
        if self.enabled and not self.branch:
            report.error(f"{path}.branch", "headquarters cannot tell branches apart without a name",
                         "name this box, for example branch: shenzhen")
        for name in self.tables:
            if name not in TABLES:
                report.error(f"{path}.tables", f"there is no table {name!r}", f"known: {', '.join(TABLES)}")

    def conninfo(self) -> str:
        """The URL, from wherever it is. Refused("no_url")."""
        if not self.url_file:
            return self.url
        try:
            with Path(self.url_file).open(encoding="utf-8") as file:
                found = file.readline(4096).strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise Refused("no_url", f"the URL of headquarters cannot be read from {self.url_file}: {why}") from error
        if not re.match(r"postgres(ql)?://", found):
            raise Refused("no_url", f"the first line of {self.url_file} is no postgresql:// URL")
        return found
