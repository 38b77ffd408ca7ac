"""What must be true of all flows before a call enters one: every way leads somewhere, every prompt can be heard.

Findings go to the `Report` of config/keys.py under the key they are about, so that they are told with file and line.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from ccappliance.apps.ivr.graph import edges, expressions, prompts, waits
from ccappliance.apps.ivr.names import vocabulary
from ccappliance.apps.ivr.settings import (
    KEY_PATTERN,
    VARIABLE_PATTERN,
    Branch,
    Collect,
    FlowSettings,
    Language,
    Menu,
    Node,
    Play,
    Prompt,
    Say,
    Set,
)
from ccappliance.base.expressions import ExpressionError, parse
from ccappliance.call.routing import known_destination
from ccappliance.config.keys import Report
from ccappliance.media.render import MAX_TEXT

NODE_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)

Spot = tuple[str, str]  # flow, node


class Book(Protocol):
    """What the check needs of the prompt book."""

    languages: tuple[str, ...]

    def names(self) -> list[str]: ...
    def missing(self, name: str) -> list[str]: ...


def check_flows(flows: Mapping[str, FlowSettings], report: Report, path: str, *, book: Book,
                destinations: Mapping[str, object]) -> None:
    """Check all flows. `destinations`: the names other rooms serve ("queue:sales", "station:*", "trunk:city/*")."""
    known: dict[str, object] = {**destinations, **{f"flow:{name}": None for name in flows}}
    for name, flow in flows.items():
        _FlowCheck(flow, report, f"{path}.{name}", book, known).run()
    for loop in endless_loops(flows):
        flow_name, node_name = loop[0]
        names = [node if flow == flow_name else f"flow:{flow} {node}" for flow, node in [*loop, loop[0]]]
        report.error(f"{path}.{flow_name}.nodes.{node_name}",
                     f"endless loop: {' → '.join(names)}, and no node on it waits for the caller",
                     "put a menu or a collect on the way, or lead it elsewhere")


def endless_loops(flows: Mapping[str, FlowSettings]) -> list[list[Spot]]:
    """Loops, also over several flows, that a call could run through without the caller being asked for anything.

    Whether a branch on the way would end it nobody can tell beforehand: it is a loop all the same.
    """
    found: list[list[Spot]] = []
    done: set[Spot] = set()  # only asked whether something is in it
    for start in ((flow, node) for flow in flows for node in flows[flow].nodes):
        if start not in done:
            found.extend(_loops_from(start, flows, done))
    return found


def _loops_from(start: Spot, flows: Mapping[str, FlowSettings], done: set[Spot]) -> Iterator[list[Spot]]:
    """Depth first, without recursion: the trail is the way from `start` to where we are."""
    trail: dict[Spot, Iterator[Spot]] = {start: _silent_ways(start, flows)}
    while trail:
        here = next(reversed(trail))
        ahead = next(trail[here], None)
        if ahead is None:
            del trail[here]
            done.add(here)
        elif ahead in trail:
            spots = list(trail)
            yield spots[spots.index(ahead):]
        elif ahead not in done:
            trail[ahead] = _silent_ways(ahead, flows)


def _silent_ways(spot: Spot, flows: Mapping[str, FlowSettings]) -> Iterator[Spot]:
    """Where a call may go from there, none if the node waits for the caller."""
    flow, name = spot
    node = flows[flow].nodes[name]
    for edge in () if waits(node) else edges(node):
        kind, colon, argument = edge.target.partition(":")
        if not colon and edge.target in flows[flow].nodes:
            yield flow, edge.target
        elif kind == "flow" and argument in flows and flows[argument].start in flows[argument].nodes:
            yield argument, flows[argument].start


class _FlowCheck:
    """The check of one flow."""

    def __init__(self, flow: FlowSettings, report: Report, path: str, book: Book, known: Mapping[str, object]) -> None:
        self._flow = flow
        self._report = report
        self._path = path
        self._book = book
        self._known = known
        self._prompt_names = frozenset(book.names())

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
        for edge in edges(node):
            if edge.leaves:
                self._destination(f"{path}.{edge.key}", edge.target)
            elif edge.target not in self._flow.nodes:
                self._unknown_node(f"{path}.{edge.key}", edge.target)
        for key, prompt in prompts(node):
            self._prompt(f"{path}.{key}", prompt)
        for key, source in expressions(node):
            self._expression(f"{path}.{key}", source)
        self._of_its_kind(node, path)

    def _of_its_kind(self, node: Node, path: str) -> None:
        error = self._report.error
        match node:
            case Menu():
                self._menu(node, path)
            case Play() if node.prompt == ():
                error(f"{path}.prompt", "there is nothing to play", "name a prompt")
            case Language():
                self._language(f"{path}.to", node.to)
            case Branch() if not node.cases:
                error(f"{path}.cases", "there is no case", "write at least one, or lead the node before to 'otherwise'")
            case Set():
                for name in node.variables:
                    if re.fullmatch(VARIABLE_PATTERN, name) is None:
                        error(f"{path}.variables.{name}", f"'{name}' is no name of a variable",
                              "use small letters, digits and _, beginning with a letter")
            case Collect():
                if not node.failed:
                    error(path, "nothing is said for callers who enter nothing valid", f"add failed: to {path}")
                if node.least > node.most:
                    error(f"{path}.least", f"least is {node.least}, more than most, {node.most}", "raise most")
            case Say() if not node.value and node.what not in ("date", "time"):
                error(path, f"there is no value to be said as {node.what}", f"add value: to {path}")

    def _menu(self, node: Menu, path: str) -> None:
        error = self._report.error
        if not node.keys:
            error(f"{path}.keys", "the menu offers no key", "add at least one")
        for key in node.keys:
            if re.fullmatch(KEY_PATTERN, key) is None:
                error(f"{path}.keys.{key}", f"'{key}' cannot be pressed", "a key is 1 to 8 of 0-9 * #")
        if node.prompt == ():
            error(f"{path}.prompt", "there is nothing to play", "name a prompt")
        if not node.invalid:
            error(path, "nothing is said for callers who press wrong keys", f"add invalid: to {path}")
        if not node.timeout:
            error(path, "nothing is said for callers who press no key", f"add timeout: to {path}")

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

    def _expression(self, path: str, source: str) -> None:
        try:
            parse(source, vocabulary)
        except ExpressionError as error:
            self._report.error(path, f"at column {error.column} of {source[:80]!r}: {error.problem}",
                               "the comments of flows/main.yaml say what can be written here")

    def _destination(self, path: str, target: str) -> None:
        if not self._is_known(target):
            kind, _, argument = target.partition(":")
            same = [name.partition(":")[2] for name in self._known if name.startswith(f"{kind}:")]
            if not same:
                kinds = dict.fromkeys(name.partition(":")[0] for name in self._known)
                self._report.error(path, f"there is no kind of destination '{kind}'",
                                   f"one of {', '.join(sorted(kinds))}")
            else:
                self._report.error(path, f"there is no {kind} '{argument}'{_hint(argument, same)}",
                                   f"known: {', '.join(sorted(same)[:10])}")

    def _is_known(self, target: str) -> bool:
        """Named, of a kind whose arguments are all free (station:*), or free after a beginning (trunk:city/*)."""
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
            for edge in edges(node) if node is not None else ():
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
