"""Nodes that ask and tell the world outside: lookup and http."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ccappliance.apps.ivr.names import SECRET
from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.patience import patiently
from ccappliance.apps.ivr.sources import json_path
from ccappliance.apps.ivr.sources.settings import check_headers, check_url
from ccappliance.apps.ivr.visit import Visit
from ccappliance.apps.ivr.webhooks import Message
from ccappliance.apps.ivr.written import TARGET, VARIABLE_PATTERN, Edge, Keyed, Prompt, Prompts, edges_of, flat
from ccappliance.call import facts
from ccappliance.config.keys import Report, key, required

WAIT_PROMPT = "Played if it takes longer than a second; then music."


@dataclass(frozen=True, kw_only=True)
class Lookup(Node):
    """Looks something up in a source: a table, a database, a web service."""

    type: ClassVar[str] = "lookup"
    source: str = required(doc="Name of the source in `sources`.")
    with_: Mapping[str, str] = key(factory=dict, doc="For each value that the source asks for, its expression.")
    variables: Mapping[str, str] = required(doc="Per variable the column, or the place in the JSON answer "
                                                "(accounts[0].balance). What is not there is set to nothing.")
    seconds: float = key(5.0, unit="s", least=0.5, most=60, doc="How long the caller may wait for it.")
    wait_prompt: Prompts = key("please_wait", doc=WAIT_PROMPT)
    found: str = required(doc=TARGET)
    missing: str = required(doc=f"If the source does not know it. {TARGET}")
    failed: str = required(doc=f"If the source can't be asked. {TARGET}")
    timeout: str = key("", doc=f"If it takes too long; empty: as failed. {TARGET}")

    def edges(self) -> list[Edge]:
        return edges_of(("found", self.found), ("missing", self.missing), ("failed", self.failed),
                        ("timeout", self.timeout))

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("wait_prompt", self.wait_prompt)

    def sets(self) -> list[str]:
        return list(self.variables)

    def confidential(self) -> Keyed:
        """A source may be asked with a secret: what it is asked with is written nowhere."""
        return [(f"with.{name}", source) for name, source in self.with_.items()]

    def inspect(self, report: Report, path: str) -> None:
        check_variables(self.variables, report, f"{path}.variables")

    async def run(self, visit: Visit) -> str:
        """Ask, and keep what was found; what was kept by an earlier node is forgotten, whatever the answer."""
        clock = visit.tools.clock
        began = clock.now()
        given = {name: visit.compute(source) for name, source in self.with_.items()}
        wanted = list(dict.fromkeys(self.variables.values()))
        asking = visit.tools.reach.sources.ask(self.source, given, wanted, self.seconds)
        came = await patiently(visit, asking, self.wait_prompt)
        visit.tools.journal.write(facts.SourceAsked(visit.call.id, visit.node, self.source, came.outcome, came.why,
                                                    round(clock.now() - began, 3)))
        for name, place in self.variables.items():
            visit.call.variables[name] = came.values.get(place, "")
        return "failed" if came.outcome == "timeout" and not self.timeout else came.outcome


@dataclass(frozen=True, kw_only=True)
class Http(Node):
    """Tells a web service something: a signed POST of JSON, delivered in the background until it has arrived."""

    type: ClassVar[str] = "http"
    url: str = required(doc="Where it is posted.")
    send: Mapping[str, str] = key(factory=dict, doc="Per name in `data` of the JSON object the expression of its "
                                                    "value.")
    secret_file: str = key("", pattern=r"(/.+)?", doc="File that holds the secret it is signed with; empty: not "
                                                      "signed.")
    headers: Mapping[str, str] = key(factory=dict, secret=True, doc="Sent as well, such as Authorization.")
    tries: int = key(3, least=1, most=20, doc="How often it is tried, with growing pauses, also after the caller has "
                                              "gone on or hung up.")
    wait: bool = key(True, doc="Whether the caller waits for the answer; else he goes on by ok at once.")
    seconds: float = key(5.0, unit="s", least=0.5, most=60, doc="How long he waits at most.")
    variables: Mapping[str, str] = key(factory=dict, doc="Per variable the place in the JSON answer, if he waits.")
    wait_prompt: Prompts = key("please_wait", doc=WAIT_PROMPT)
    ok: str = required(doc=f"It has arrived: a status of 2xx. {TARGET}")
    failed: str = required(doc=f"It was refused, or tried often enough. {TARGET}")
    timeout: str = key("", doc=f"It is still being tried; empty: as failed. {TARGET}")

    def edges(self) -> list[Edge]:
        return edges_of(("ok", self.ok), ("failed", self.failed), ("timeout", self.timeout))

    def prompts(self) -> list[tuple[str, Prompt]]:
        return flat("wait_prompt", self.wait_prompt)

    def sets(self) -> list[str]:
        return list(self.variables)

    def confidential(self) -> Keyed:
        """A secret may be sent, over https: what is sent is written nowhere."""
        return [(f"send.{name}", source) for name, source in self.send.items()]

    def inspect(self, report: Report, path: str) -> None:
        check_url(self.url, report, f"{path}.url")
        if "{" in self.url:
            report.error(f"{path}.url", "the address of a webhook is fixed", "write the values under send:")
        check_headers(self.headers, report, f"{path}.headers")
        check_private(self.url, self.confidential(), report, path)
        check_variables(self.variables, report, f"{path}.variables")
        for name, place in self.variables.items():
            check_place(place, report, f"{path}.variables.{name}")
        if self.variables and not self.wait:
            report.error(f"{path}.variables", "nobody waits for the answer", "write wait: true, or leave variables out")

    async def run(self, visit: Visit) -> str:
        """Hand it over, and wait for the answer if asked to; what is not delivered by then goes on being tried."""
        hooks, call = visit.tools.reach.webhooks, visit.call
        data = {name: visit.compute(source) for name, source in self.send.items()}
        ticket = hooks.post(Message(call=call.id, flow=visit.flow, node=visit.node, url=self.url, data=data,
                                    secret_file=self.secret_file, headers=self.headers, tries=self.tries))
        if not self.wait:
            return "failed" if ticket.dropped else "ok"
        sent = await patiently(visit, ticket.wait(self.seconds), self.wait_prompt)
        for name, place in self.variables.items():
            call.variables[name] = (json_path.pick(sent.document, place) if sent.document is not None else None) or ""
        return "failed" if sent.outcome == "timeout" and not self.timeout else sent.outcome


def check_variables(variables: Mapping[str, str], report: Report, path: str) -> None:
    """They must be names of variables."""
    for name in variables:
        if re.fullmatch(VARIABLE_PATTERN, name) is None:
            report.error(f"{path}.{name}", f"'{name}' is no name of a variable",
                         "use small letters, digits and _, beginning with a letter")


def check_private(url: str, sent: Keyed, report: Report, path: str) -> None:
    """Whoever listens on the way must not read a secret."""
    for where, source in sent:
        if SECRET in source and not url.startswith("https://"):
            report.error(f"{path}.{where}", f"a secret would be sent in clear to {url[:60]}",
                         "write an address of https")


def check_place(place: str, report: Report, path: str) -> None:
    """It must be a place in JSON."""
    if json_path.steps(place) is None:
        report.error(path, f"{place!r} is no place in a JSON answer", "write one such as accounts[0].balance")
