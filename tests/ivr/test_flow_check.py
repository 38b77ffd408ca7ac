"""What `config check` says about flows: every finding with file, line and column, word for word."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ccappliance.apps.ivr.check import check_flows
from ccappliance.apps.ivr.graph import flow_texts
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.base.errors import ConfigError
from ccappliance.config.keys import Report, key
from ccappliance.config.load import Loaded, Source, bind_sources
from ccappliance.media.prompts import PromptBook, PromptSettings

ROOT = Path(__file__).resolve().parents[2]
DESTINATIONS = dict.fromkeys(["queue:sales", "queue:service", "station:8001", "hangup:*", "trunk:city/*"])


@dataclass(frozen=True, kw_only=True)
class Site:
    """Flows and what they are checked against."""

    flows: Mapping[str, FlowSettings] = key(factory=dict, doc="Flows.")
    prompts: PromptSettings = key(factory=PromptSettings, doc="Prompts.")

    def check(self, report: Report, path: str) -> None:
        check_flows(self.flows, report, "flows", book=PromptBook(self.prompts), destinations=DESTINATIONS,
                    calendars=("office", "shop"))


def load(**files: str) -> Loaded[Site]:
    return bind_sources([Source(f"flows/{name}.yaml", text.encode()) for name, text in files.items()], Site)


def told(nodes: str, start: str = "a", top: str = "") -> list[str]:
    """Findings about a flow; `nodes` begin in line 3 of flows/main.yaml."""
    lines = "".join(f"  {line}\n" for line in nodes.strip("\n").splitlines())
    with pytest.raises(ConfigError) as caught:
        load(main=f"start: {start}\nnodes:\n{lines}{top}")
    return [str(finding) for finding in caught.value.findings]


END = "end: {type: hangup}"
TO = "name a node of this flow, or a destination such as queue:sales"
WHERE = "record it, add it to prompts.texts, or write the text here: {zh: …, en: …}"


def test_unknown_start() -> None:
    assert told("menu: {type: hangup}", start="menue") == [
        "flows/main.yaml:1:8: flows.main.start: there is no node 'menue' in this flow, did you mean 'menu'? "
        f"({TO})"]


def test_unknown_next() -> None:
    assert told(f"a: {{type: play, prompt: welcome, next: ent}}\n{END}") == [
        f"flows/main.yaml:3:42: flows.main.nodes.a.next: there is no node 'ent' in this flow, did you mean 'end'? "
        f"({TO})",
        "flows/main.yaml:4:3: flows.main.nodes.end: no call can get to this node "
        "(let another node lead to it, or remove it)"]


def test_unreachable_node() -> None:
    assert told("a: {type: hangup}\nb: {type: play, prompt: welcome, next: a}") == [
        "flows/main.yaml:4:3: flows.main.nodes.b: no call can get to this node "
        "(let another node lead to it, or remove it)"]


def test_endless_loop() -> None:
    assert told("""
a: {type: play, prompt: welcome, next: b}
b: {type: branch, cases: [{when: caller, next: c}], otherwise: end}
c: {type: play, prompt: closed, next: a}
end: {type: hangup}
""") == ["flows/main.yaml:3:3: flows.main.nodes.a: endless loop: a → b → c → a, and no node on it waits for the caller "
         "(put a menu, a collect or a loop node on the way, or lead it elsewhere)"]


def test_endless_loop_over_two_flows() -> None:
    with pytest.raises(ConfigError) as caught:
        load(main="start: a\nnodes:\n  a: {type: play, prompt: welcome, next: 'flow:night'}\n",
             night="start: b\nnodes:\n  b: {type: transfer, to: 'flow:main'}\n")
    assert [str(finding) for finding in caught.value.findings] == [
        "flows/main.yaml:3:3: flows.main.nodes.a: endless loop: a → flow:night b → a, and no node on it waits for the "
        "caller (put a menu, a collect or a loop node on the way, or lead it elsewhere)"]


def test_a_loop_through_a_menu_is_none() -> None:
    load(main="start: a\nnodes:\n  a: {type: menu, prompt: main_menu, keys: {1: a}, invalid: a, timeout: b}\n"
              "  b: {type: hangup}\n")


def test_a_loop_nobody_can_leave_is_a_dead_end() -> None:
    """Told once for the whole part, where it begins; the menu waits, so it is no endless loop."""
    assert told("""
a: {type: menu, prompt: main_menu, keys: {1: b, 2: end}, invalid: end, timeout: end}
b: {type: menu, prompt: main_menu, keys: {1: c}, invalid: b, timeout: b}
c: {type: play, prompt: welcome, next: b}
end: {type: hangup}
""") == ["flows/main.yaml:4:3: flows.main.nodes.b: dead end: from here a caller can only go round in circles until he "
         "hangs up (lead one way out: to a queue, another destination, or a node that hangs up)"]


def test_a_dead_end_over_two_flows() -> None:
    menu = "start: a\nnodes:\n  a: {{type: menu, prompt: main_menu, keys: {{1: 'flow:{0}'}}, invalid: a, timeout: a}}\n"
    with pytest.raises(ConfigError) as caught:
        load(main=menu.format("night"), night=menu.format("main"))
    [finding] = caught.value.findings
    assert str(finding).startswith("flows/main.yaml:3:3: flows.main.nodes.a: dead end")
    load(main=menu.format("night"), night="start: b\nnodes:\n  b: {type: hangup}\n")


def warned(nodes: str, **others: str) -> list[str]:
    """Warnings about a flow that is right otherwise; `nodes` begin in line 3 of flows/main.yaml."""
    lines = "".join(f"  {line}\n" for line in nodes.strip("\n").splitlines())
    return [str(finding) for finding in load(main=f"start: a\nnodes:\n{lines}", **others).warnings]


def test_a_variable_nobody_sets_on_the_way() -> None:
    """Also if it is set on another way, or later; not if one way sets it, or default() is asked, or the node itself."""
    assert warned("""
a: {type: branch, cases: [{when: 'vars.account = "1"', next: b}], otherwise: c}
b: {type: set, variables: {account: caller, twice: 'vars.account & vars.account'}, next: d}
c: {type: set, variables: {other: 'default(vars.acount, "")'}, next: d}
d: {type: say, what: digits, value: vars.account, next: e}
e: {type: say, what: digits, value: 'left(vars.acount, 2) & vars.other', next: "queue:sales"}
""") == ["flows/main.yaml:3:36: flows.main.nodes.a.cases[0].when: vars.account is read here, and no node on a way to "
         "here sets it, did you mean 'account'? (set it before, or write default(vars.account, \"…\"))",
         "flows/main.yaml:7:39: flows.main.nodes.e.value: vars.acount is read here, and no node on a way to here sets "
         "it, did you mean 'account'? (set it before, or write default(vars.acount, \"…\"))"]


def test_a_variable_is_known_in_the_flows_behind_and_after_a_queue() -> None:
    ask = "a: {type: collect, prompt: enter_number, variable: x, next: 'flow:next', failed: 'queue:sales'}"
    say = "start: b\nnodes:\n  b: {type: say, what: digits, value: vars.x, next: 'queue:sales'}\n"
    assert warned(ask, next=say, survey=say) == []
    [told_] = warned("a: {type: hangup}", survey=say)
    assert "vars.x is read here" in told_


def test_keys_and_cases_that_stand_in_each_others_way() -> None:
    assert warned("""
a: {type: menu, prompt: main_menu, keys: {1: b, 12: c, 2: c}, invalid: c, timeout: c}
b: {type: branch, cases: [{when: vip, next: c}, {when: ' vip ', next: a}, {when: 'true', next: c}, {when: caller,
    next: c}], otherwise: c}
c: {type: collect, prompt: enter_number, variable: x, terminator: "9#", next: d, failed: d}
d: {type: hangup}
""") == ["flows/main.yaml:3:48: flows.main.nodes.a.keys.1: 12 begins with it: who presses 1 hears nothing for 2 s "
         "(give them keys that do not begin alike)",
         "flows/main.yaml:4:51: flows.main.nodes.b.cases[1]: no call gets here: cases[0] takes them all before "
         "(remove it, or put it before)",
         "flows/main.yaml:4:102: flows.main.nodes.b.cases[3]: no call gets here: cases[2] takes them all before "
         "(remove it, or put it before)",
         "flows/main.yaml:6:69: flows.main.nodes.c.terminator: 9 ends the input, so nobody can enter a number with a 9 "
         "(end it with # or *)"]


def test_long_silences() -> None:
    assert warned("""
a: {type: menu, prompt: main_menu, keys: {1: b}, seconds: 45s, invalid: b, timeout: b}
b: {type: collect, prompt: enter_number, variable: x, between: 30s, next: "queue:sales", failed: "queue:sales"}
""") == ["flows/main.yaml:3:61: flows.main.nodes.a.seconds: for 45 s the caller hears nothing and takes the line for "
         "dead (at most 20 s; ask again instead, see tries)",
         "flows/main.yaml:4:66: flows.main.nodes.b.between: for 30 s the caller hears nothing and takes the line for "
         "dead (at most 20 s; ask again instead, see tries)"]


def test_missing_prompt() -> None:
    assert told("a: {type: hangup, prompt: [goodbye, welcom, en/good_by]}") == [
        f"flows/main.yaml:3:39: flows.main.nodes.a.prompt[1]: there is no prompt 'welcom', did you mean 'welcome'? "
        f"({WHERE})",
        f"flows/main.yaml:3:47: flows.main.nodes.a.prompt[2]: there is no prompt 'good_by', did you mean 'goodbye'? "
        f"({WHERE})"]


def test_missing_language_of_a_prompt() -> None:
    with pytest.raises(ConfigError) as caught:
        bind_sources([Source("flows/main.yaml", b"start: a\nnodes:\n  a: {type: hangup, prompt: hi}\n"),
                      Source("site.yaml", "prompts: {texts: {hi: {zh: 你好}}}".encode())], Site)
    assert [str(finding) for finding in caught.value.findings] == [
        "flows/main.yaml:3:29: flows.main.nodes.a.prompt: prompt 'hi' has no 'en' "
        "(add prompts.texts.hi.en or record en/hi.wav)"]


def test_missing_language_of_a_text() -> None:
    source = ("start: a\nnodes:\n  a: {type: hangup, prompt: {zh: 你好, en: Hi}}\n")
    three = "prompts: {languages: [zh, en, fr], commands: {zh: a, en: b, fr: c}}"
    with pytest.raises(ConfigError) as caught:
        bind_sources([Source("flows/main.yaml", source.encode()), Source("site.yaml", three.encode())], Site)
    assert "flows/main.yaml:3:21: flows.main.nodes.a.prompt: the text is missing in 'fr' " \
        "(add it; a text in one language only is spoken in that language to all)" in map(str, caught.value.findings)


def test_texts_that_cannot_be_spoken() -> None:
    assert told("a: {type: hangup, prompt: [{fr: Salut}, {zh: ' '}, fr/welcome, {}]}") == [
        "flows/main.yaml:3:35: flows.main.nodes.a.prompt[0].fr: 'fr' is no language of this site "
        "(one of zh, en, see prompts.languages)",
        "flows/main.yaml:3:48: flows.main.nodes.a.prompt[1].zh: the text is empty (write what is to be said)",
        "flows/main.yaml:3:54: flows.main.nodes.a.prompt[2]: 'fr' is no language of this site "
        "(one of zh, en, see prompts.languages)",
        "flows/main.yaml:3:66: flows.main.nodes.a.prompt[3]: there is no text (write {zh: …, en: …})"]


def test_menu_without_outcomes() -> None:
    assert told("a: {type: menu, prompt: main_menu, keys: {1: 'queue:sales', x: a}}") == [
        "flows/main.yaml:3:3: flows.main.nodes.a: nothing is said for callers who press wrong keys "
        "(add invalid: to flows.main.nodes.a)",
        "flows/main.yaml:3:3: flows.main.nodes.a: nothing is said for callers who press no key "
        "(add timeout: to flows.main.nodes.a)",
        "flows/main.yaml:3:66: flows.main.nodes.a.keys.x: 'x' cannot be pressed (a key is 1 to 8 of 0-9 * #)"]


def test_unknown_destinations() -> None:
    assert told("""
a: {type: menu, prompt: main_menu, keys: {1: "queue:sale", 2: b, 3: c}, invalid: "mailbox:7", timeout: "hangup:busy"}
b: {type: queue, queue: support}
c: {type: transfer, to: "flow:nihgt"}
""") == [
        "flows/main.yaml:3:48: flows.main.nodes.a.keys.1: there is no queue 'sale', did you mean 'sales'? "
        "(known: sales, service)",
        "flows/main.yaml:3:84: flows.main.nodes.a.invalid: there is no kind of destination 'mailbox' "
        "(one of flow, hangup, queue, station, trunk)",
        "flows/main.yaml:4:27: flows.main.nodes.b.queue: there is no queue 'support' (known: sales, service)",
        "flows/main.yaml:5:27: flows.main.nodes.c.to: there is no flow 'nihgt' (known: main)"]


def test_a_number_behind_a_trunk_group_is_free() -> None:
    load(main="start: a\nnodes:\n  a: {type: transfer, to: trunk:city/10086}\n")
    assert told("a: {type: transfer, to: trunk:city/}") == [
        "flows/main.yaml:3:27: flows.main.nodes.a.to: there is no trunk 'city/', did you mean 'city/*'? "
        "(known: city/*)"]


def test_expressions() -> None:
    assert told("""
a: {type: set, variables: {Bad: caller, n: callr}, next: b}
b: {type: branch, cases: [{when: '1 +', next: end}], otherwise: c}
c: {type: say, what: number, next: end}
end: {type: hangup}
""") == [
        "flows/main.yaml:3:35: flows.main.nodes.a.variables.Bad: 'Bad' is no name of a variable "
        "(use small letters, digits and _, beginning with a letter)",
        "flows/main.yaml:3:46: flows.main.nodes.a.variables.n: at column 1 of 'callr': unknown name 'callr', did you "
        "mean 'caller'? (the comments of flows/main.yaml say what can be written here)",
        "flows/main.yaml:4:36: flows.main.nodes.b.cases[0].when: at column 4 of '1 +': expected a value, found the end "
        "(the comments of flows/main.yaml say what can be written here)",
        "flows/main.yaml:5:3: flows.main.nodes.c: there is no value to be said as number "
        "(add value: to flows.main.nodes.c)"]


def test_other_slips() -> None:
    assert told("""
a: {type: collect, prompt: enter_number, variable: x, most: 3, least: 5, next: Lang}
Lang: {type: language, to: de, next: b}
b: {type: branch, cases: [], otherwise: p}
p: {type: play, prompt: [], next: "hangup:busy"}
""", top='on_error: "flow:main"\nlanguage: it\n') == [
        "flows/main.yaml:3:3: flows.main.nodes.a: nothing is said for callers who enter nothing valid "
        "(add failed: to flows.main.nodes.a)",
        "flows/main.yaml:3:73: flows.main.nodes.a.least: least is 5, more than most, 3 (raise most)",
        "flows/main.yaml:4:3: flows.main.nodes.Lang: 'Lang' is no name of a node "
        "(use small letters, digits and _, beginning with a letter)",
        "flows/main.yaml:4:30: flows.main.nodes.Lang.to: 'de' is no language of this site "
        "(one of zh, en, see prompts.languages)",
        "flows/main.yaml:5:21: flows.main.nodes.b.cases: there is no case "
        "(write at least one, or lead the node before to 'otherwise')",
        "flows/main.yaml:6:19: flows.main.nodes.p.prompt: there is nothing to play (name a prompt)",
        "flows/main.yaml:7:11: flows.main.on_error: a call would fail in this flow again and again "
        "(name another destination)",
        "flows/main.yaml:8:11: flows.main.language: 'it' is no language of this site "
        "(one of zh, en, see prompts.languages)"]


def test_an_error_destination_must_be_one() -> None:
    assert told("a: {type: hangup}", top="on_error: a\n") == [
        "flows/main.yaml:4:11: flows.main.on_error: 'a' is no destination "
        "(write one such as queue:service or station:8001)"]


def test_a_flow_without_nodes() -> None:
    with pytest.raises(ConfigError) as caught:
        load(main="start: a\nnodes: {}\n")
    assert str(caught.value) == "flows/main.yaml:2:1: flows.main.nodes: the flow has no nodes (write at least one)"


def test_long_flows_are_checked_without_recursion() -> None:
    lines = "".join(f"  n{index}: {{type: language, to: zh, next: n{index + 1}}}\n" for index in range(600))
    load(main=f"start: n0\nnodes:\n{lines}  n600: {{type: hangup}}\n")


def test_the_shipped_flow_is_right() -> None:
    loaded = load(main=(ROOT / "etc/ccappliance/flows/main.yaml").read_text("utf-8"))
    assert not loaded.warnings
    assert list(flow_texts(loaded.value.flows)) == []


def test_the_texts_of_flows_are_known_before_the_calls() -> None:
    loaded = load(main="start: a\nnodes:\n  a: {type: hangup, prompt: [goodbye, {zh: 好, en: Well}, {en: Bye}]}\n")
    assert list(flow_texts(loaded.value.flows)) == [("zh", "好"), ("en", "Well"), ("en", "Bye")]


def test_variables_and_ways_out_through_a_sub_flow() -> None:
    """What it sets is known behind it, its parameters inside; a return node is a way out."""
    sub = ("start: s\nparameters: [y]\nnodes:\n  s: {type: set, variables: {z: vars.y}, next: r}\n"
           "  r: {type: return, result: ok}\n")
    assert warned("""
a: {type: subflow, flow: sub, with: {y: caller}, returns: {ok: b}}
b: {type: say, what: digits, value: vars.z, next: c}
c: {type: say, what: digits, value: vars.w, next: "queue:sales"}
""", sub=sub) == ["flows/main.yaml:5:39: flows.main.nodes.c.value: vars.w is read here, and no node on a way to here "
                  "sets it (set it before, or write default(vars.w, \"…\"))"]
