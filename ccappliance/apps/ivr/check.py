"""What must be true of all flows before a call enters one: every way leads somewhere, every prompt can be heard.

Findings go to the `Report` of config/keys.py under the key they are about, so that they are told with file and line.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ccappliance.apps.ivr.graph import endless_loops
from ccappliance.apps.ivr.names import vocabulary
from ccappliance.apps.ivr.node import Node
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.apps.ivr.subflows import check_subflows, is_subflow
from ccappliance.apps.ivr.ways import dead_ends, unset_variables
from ccappliance.apps.ivr.written import Prompt
from ccappliance.base.expressions import ExpressionError, Vocabulary, parse
from ccappliance.call.routing import known_destination
from ccappliance.config.keys import Report
from ccappliance.media.render import MAX_TEXT

NODE_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


class Book(Protocol):
    """What the check needs of the prompt book."""

    languages: tuple[str, ...]

    def names(self) -> list[str]: ...
    def missing(self, name: str) -> list[str]: ...


def check_flows(flows: Mapping[str, FlowSettings], report: Report, path: str, *, book: Book,
                destinations: Mapping[str, object], calendars: Collection[str]) -> None:
    """Check all flows. `destinations`: the names other rooms serve ("queue:sales", "station:*", "trunk:city/*")."""
    known: dict[str, object] = {**destinations, **{f"flow:{name}": None for name in flows}}
    inner = [name for name in flows if is_subflow(flows[name])]
    for name in inner:
        known.pop(f"flow:{name}", None)
    secrets = list(dict.fromkeys(variable for flow in flows.values() for node in flow.nodes.values()
                                 for _, variable in node.secrets()))
    around = _Around(book, known, calendars, inner, vocabulary(calendars, secrets, confidential=False),
                     vocabulary(calendars, secrets, confidential=True))
    for name, flow in flows.items():
        _FlowCheck(flow, report, f"{path}.{name}", around).run()
    recursive = check_subflows(flows, report, path)
    loops = [] if recursive else endless_loops(flows)
    for loop in loops:
        flow_name, node_name = loop[0]
        names = [node if flow == flow_name else f"flow:{flow} {node}" for flow, node in [*loop, loop[0]]]
        report.error(f"{path}.{flow_name}.nodes.{node_name}",
                     f"endless loop: {' → '.join(names)}, and no node on it waits for the caller",
                     "put a menu, a collect or a loop node on the way, or lead it elsewhere")
    for flow_name, node_name in dead_ends(flows, [spot for loop in loops for spot in loop]):
        report.error(f"{path}.{flow_name}.nodes.{node_name}",
                     "dead end: from here a caller can only go round in circles until he hangs up",
                     "lead one way out: to a queue, another destination, or a node that hangs up")
    for (flow_name, node_name), key, variable in unset_variables(flows):
        report.warning(f"{path}.{flow_name}.nodes.{node_name}.{key}",
                       f"vars.{variable} is read here, and no node on a way to here sets it"
                       f"{_hint_set(flows, variable)}",
                       f'set it before, or write default(vars.{variable}, "…")')


def _hint_set(flows: Mapping[str, FlowSettings], variable: str) -> str:
    return _hint(variable, [name for flow in flows.values() for node in flow.nodes.values() for name in node.sets()])


@dataclass(frozen=True, slots=True)
class _Around:
    """What all flows are checked against."""

    book: Book
    known: Mapping[str, object]  # destinations
    calendars: Collection[str]
    subflows: Collection[str]
    open: Vocabulary
    confidential: Vocabulary


class _FlowCheck:
    """The check of one flow."""

    def __init__(self, flow: FlowSettings, report: Report, path: str, around: _Around) -> None:
        self._flow = flow
        self._report = report
        self._path = path
        self._around = around
        self._book = around.book
        self._known = around.known
        self._prompt_names = frozenset(around.book.names())

    def run(self) -> None:
        if self._flow.language:
            self._language(f"{self._path}.language", self._flow.language)
        if self._flow.on_error:
            self._on_error()
        if not self._flow.nodes:
            self._report.error(f"{self._path}.nodes", "the flow has no nodes", "write at least one")
            return
        if self._flow.start not in self._flow.nodes:
            self._unknown_node(f"{self._path}.start", self._flow.start)
        for name, node in self._flow.nodes.items():
            self._node(name, node, f"{self._path}.nodes.{name}")
        self._unreachable()

    def _node(self, name: str, node: Node, path: str) -> None:
        if NODE_NAME.fullmatch(name) is None:
            self._report.error(path, f"'{name}' is no name of a node",
                               "use small letters, digits and _, beginning with a letter")
        for edge in node.edges():
            if edge.leaves:
                self._destination(f"{path}.{edge.key}", edge.target)
            elif edge.target not in self._flow.nodes:
                self._unknown_node(f"{path}.{edge.key}", edge.target)
        for key, prompt in node.prompts():
            self._prompt(f"{path}.{key}", prompt)
        for key, source in node.expressions():
            self._expression(f"{path}.{key}", source, self._around.open)
        for key, source in node.confidential():
            self._expression(f"{path}.{key}", source, self._around.confidential)
        for key, calendar in node.calendars():
            if calendar not in self._around.calendars:
                self._report.error(f"{path}.{key}", f"there is no calendar '{calendar}'"
                                   f"{_hint(calendar, self._around.calendars)}", "name one of calendars")
        for key, language in node.languages():
            self._language(f"{path}.{key}", language)
        node.inspect(self._report, path)

    def _prompt(self, path: str, prompt: Prompt) -> None:
        if isinstance(prompt, str):
            self._prompt_name(path, prompt)
            return
        languages = self._book.languages
        for language, text in prompt.items():
            if language not in languages:
                self._language(f"{path}.{language}", language)
            if not text.strip():
                self._report.error(f"{path}.{language}", "the text is empty", "write what is to be said")
            elif len(text) > MAX_TEXT:
                self._report.error(f"{path}.{language}", f"the text has {len(text)} characters, more than {MAX_TEXT}",
                                   "split it into several prompts")
        lacking = [language for language in languages if language not in prompt]
        if not prompt:
            self._report.error(path, "there is no text", "write {zh: …, en: …}")
        elif lacking and len(prompt) > 1:
            self._report.error(path, f"the text is missing in '{lacking[0]}'",
                               "add it; a text in one language only is spoken in that language to all")

    def _prompt_name(self, path: str, prompt: str) -> None:
        forced, slash, name = prompt.rpartition("/")
        if name not in self._prompt_names:
            self._report.error(path, f"there is no prompt '{name}'{_hint(name, self._prompt_names)}",
                               "record it, add it to prompts.texts, or write the text here: {zh: …, en: …}")
            return
        if slash:
            self._language(path, forced)
        for language in [forced] if slash else self._book.languages:
            if language in self._book.missing(name):
                self._report.error(path, f"prompt '{name}' has no '{language}'",
                                   f"add prompts.texts.{name}.{language} or record {language}/{name}.wav")

    def _expression(self, path: str, source: str, vocabulary: Vocabulary) -> None:
        try:
            parse(source, vocabulary)
        except ExpressionError as error:
            self._report.error(path, f"at column {error.column} of {source[:80]!r}: {error.problem}",
                               "the comments of flows/main.yaml say what can be written here")

    def _destination(self, path: str, target: str) -> None:
        if not self._is_known(target):
            kind, _, argument = target.partition(":")
            if kind == "flow" and argument in self._around.subflows:
                self._report.error(path, f"flow {argument} is a sub-flow: it has parameters or a return node",
                                   f"go there with a node {{type: subflow, flow: {argument}, …}}")
                return
            same = [name.partition(":")[2] for name in self._known if name.startswith(f"{kind}:")]
            if not same:
                kinds = dict.fromkeys(name.partition(":")[0] for name in self._known)
                self._report.error(path, f"there is no kind of destination '{kind}'",
                                   f"one of {', '.join(sorted(kinds))}")
            else:
                self._report.error(path, f"there is no {kind} '{argument}'{_hint(argument, same)}",
                                   f"known: {', '.join(sorted(same)[:10])}")

    def _is_known(self, target: str) -> bool:
        """Named, of a kind whose arguments are all free (station:*), or free after a beginning (trunk:city/*).

        A target that is itself such a pattern is known if anything of its kind is.
        """
        if target.endswith(":*"):
            return any(name.startswith(target[:-1]) for name in self._known)
        beginning, slash, rest = target.partition("/")
        return known_destination(target, self._known) or bool(slash and rest and f"{beginning}/*" in self._known)

    def _on_error(self) -> None:
        path, target = f"{self._path}.on_error", self._flow.on_error
        if ":" not in target:
            self._report.error(path, f"'{target}' is no destination", "write one such as queue:service or station:8001")
            return
        self._destination(path, target)
        if target == f"flow:{self._path.rpartition('.')[2]}":
            self._report.error(path, "a call would fail in this flow again and again", "name another destination")

    def _language(self, path: str, language: str) -> None:
        if language not in self._book.languages:
            self._report.error(path, f"'{language}' is no language of this site",
                               f"one of {', '.join(self._book.languages)}, see prompts.languages")

    def _unknown_node(self, path: str, target: str) -> None:
        self._report.error(path, f"there is no node '{target}' in this flow{_hint(target, self._flow.nodes)}",
                           "name a node of this flow, or a destination such as queue:sales")

    def _unreachable(self) -> None:
        reached = dict.fromkeys([self._flow.start])
        ahead = list(reached)
        while ahead:
            node = self._flow.nodes.get(ahead.pop())
            for edge in node.edges() if node is not None else ():
                if edge.target not in reached:
                    reached[edge.target] = None
                    ahead.append(edge.target)
        if self._flow.start in self._flow.nodes:
            for name in self._flow.nodes:
                if name not in reached:
                    self._report.error(f"{self._path}.nodes.{name}", "no call can get to this node",
                                       "let another node lead to it, or remove it")


def _hint(name: str, known: Collection[str] | Iterable[str]) -> str:
    close: Sequence[str] = difflib.get_close_matches(name, sorted(known), 1)
    return f", did you mean '{close[0]}'?" if close else ""
