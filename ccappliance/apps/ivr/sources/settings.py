"""What an administrator says of a source: where it is, and what it has to be asked with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote, urlsplit

from ccappliance.apps.ivr.sources.query import parameters, sql_problem
from ccappliance.config.keys import Report, key, required

NAME = r"[a-z][a-z0-9_]{0,31}"
HOLE = re.compile(r"\{([^{}]*)\}")  # {account} of a URL
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a token of RFC 9110 §5.6.2
LOCAL = ("localhost", "127.0.0.1", "::1")
SCHEMES = ("http", "https")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}


@dataclass(frozen=True, kw_only=True)
class CsvSource:
    """A table in a text file, with the names of its columns in its first line. It is read again when it has changed."""

    type: ClassVar[str] = "csv"
    file: str = required(pattern=r"/.+", doc="The file.")
    keys: tuple[str, ...] = required(doc="The columns it is searched by: a look-up gives a value for each.")
    encoding: str = key("auto", choices=("auto", "utf-8", "gb18030"), doc="Of its characters; auto: UTF-8 if it can "
                                                                          "be, else GB18030 (which reads GBK).")
    delimiter: str = key("comma", choices=tuple(DELIMITERS), doc="What stands between two columns.")

    def asks(self) -> tuple[str, ...]:
        return self.keys

    def check(self, report: Report, path: str) -> None:
        if not self.keys:
            report.error(f"{path}.keys", "there is no column to search by", "name at least one")


@dataclass(frozen=True, kw_only=True)
class SqliteSource:
    """A SQLite database, which is only read."""

    type: ClassVar[str] = "sqlite"
    file: str = required(pattern=r"/.+", doc="The file.")
    sql: str = required(doc="One SELECT; each :name in it is a value that the look-up gives. Its first row counts.")

    def asks(self) -> tuple[str, ...]:
        return parameters(self.sql)

    def check(self, report: Report, path: str) -> None:
        problem = sql_problem(self.sql)
        if problem:
            report.error(f"{path}.sql", problem, "write one SELECT, with :name for each value that a look-up gives")


@dataclass(frozen=True, kw_only=True)
class HttpSource:
    """A service that answers with JSON."""

    type: ClassVar[str] = "http"
    url: str = required(doc="Where; each {name} in its path or query is a value that the look-up gives, "
                            "percent-encoded.")
    method: str = key("GET", choices=("GET", "POST"), doc="How it is asked.")
    body: tuple[str, ...] = key((), doc="Names of further values, which a POST sends as a JSON object of texts.")
    headers: Mapping[str, str] = key(factory=dict, secret=True, doc="Sent with each request, such as Authorization.")

    def asks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*HOLE.findall(self.url), *self.body]))

    def fill(self, given: Mapping[str, str]) -> str:
        """The URL with these values in it: whatever they hold, they stay within their place."""
        return HOLE.sub(lambda hole: quote(given.get(hole[1], ""), safe=""), self.url)

    def check(self, report: Report, path: str) -> None:
        check_url(self.url, report, f"{path}.url")
        check_headers(self.headers, report, f"{path}.headers")
        for name in self.asks():
            if re.fullmatch(NAME, name) is None:
                report.error(f"{path}.url", f"{{{name}}} is no name of a value", "use small letters, digits and _")
        if self.body and self.method != "POST":
            report.error(f"{path}.body", "a GET has no body", "write method: POST, or put the values into the URL")


AnySource = CsvSource | SqliteSource | HttpSource


def check_url(url: str, report: Report, path: str) -> None:
    """Say what is wrong with a URL that an administrator has written."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port  # a port out of range is a ValueError
    except ValueError as error:
        report.error(path, f"this is no URL: {error}", "write one such as https://crm.example.com/hook")
        return
    if parts.scheme not in SCHEMES or not host or not url.isascii() or any(code <= " " for code in url):
        report.error(path, "this is no URL of a web service", "write https://HOST/…, other characters percent-encoded")
    elif HOLE.search(f"{parts.scheme}{parts.netloc}"):
        report.error(path, "a caller may not say which host is asked", "put {…} into the path or the query")
    elif parts.fragment:
        report.error(path, "what follows # is never sent", "leave it out, or write %23")
    elif parts.scheme == "http" and host not in LOCAL:
        report.warning(path, "what is sent there can be read by everybody on the way", "use https")


def check_headers(headers: Mapping[str, str], report: Report, path: str) -> None:
    """Headers are sent as they are written: nothing in them may begin another one."""
    for name, value in headers.items():
        if HEADER.fullmatch(name) is None:
            report.error(f"{path}.{name}", f"{name!r} is no name of a header", "use letters, digits and -")
        if not value.isprintable() or not value.isascii():
            report.error(f"{path}.{name}", "a header holds visible ASCII characters only", "encode it")
