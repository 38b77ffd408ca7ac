"""Flows inside flows: parameters, results, leaving from inside, failures; and what the check says about them."""

from collections.abc import Mapping

import pytest
from ivr_world import World, bind, play_call
from test_flow_check import load

from ccappliance.apps.ivr.graph import shielded
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.base.errors import ConfigError
from ccappliance.call import facts

ASK = """
  ask:
    start: number
    parameters: [what, again]
    nodes:
      number: {type: collect, prompt: enter_number, variable: given, most: 4, tries: 1, next: look, failed: none}
      look: {type: branch, cases: [{when: vars.given = vars.what, next: found}], otherwise: away}
      found: {type: return, result: right}
      none: {type: return, result: silent}
      away: {type: queue, queue: sales, prompt: please_hold}
"""
MAIN = """
flows:
  main:
    start: ask
    nodes:
      ask:
        type: subflow
        flow: ask
        with: {what: "'12' & '34'", again: vars.what}
        returns: {right: thanks, silent: end}
      thanks: {type: play, prompt: goodbye, next: end}
      end: {type: hangup}
"""


def flows(text: str = MAIN + ASK) -> Mapping[str, FlowSettings]:
    return bind(text)


def test_a_result_leads_on() -> None:
    def prepare(world: World) -> None:
        world.call.variables["what"] = "old"
    world, to, _ = play_call(flows(), keys=[(2.0, "1234")], prepare=prepare)
    assert to is None
    assert world.nodes() == ["ask", "number", "look", "found", "thanks", "end"]
    assert world.call.variables == {"what": "old", "given": "1234"}  # a parameter is what it was; results stay
    assert [fact for fact in world.journal if isinstance(fact, facts.SubflowEntered | facts.SubflowLeft)] == [
        facts.SubflowEntered("1.000001", "main", "ask", "ask"),
        facts.SubflowLeft("1.000001", "ask", "found", "", "right", "")]
    ways = {(fact.flow, fact.node): fact.way for fact in world.journal if isinstance(fact, facts.NodeEntered)}
    assert ways["main", "thanks"] == "returns.right"
    assert ways["ask", "look"] == "next"


def test_another_result() -> None:
    world, to, _ = play_call(flows())
    assert (to, world.nodes()) == (None, ["ask", "number", "none", "end"])


def test_a_sub_flow_may_lead_away() -> None:
    world, to, _ = play_call(flows(), keys=[(2.0, "9999")])
    assert to == "queue:sales"
    assert [fact for fact in world.journal if isinstance(fact, facts.SubflowLeft | facts.FlowLeft)] == [
        facts.SubflowLeft("1.000001", "ask", "away", "queue", "", "queue:sales"),
        facts.FlowLeft("1.000001", "main", "ask", "", "queue:sales")]
    assert "what" not in world.call.variables


def test_a_failure_inside_is_the_flows_that_called() -> None:
    text = MAIN.replace("    start: ask\n", "    start: ask\n    on_error: queue:service\n", 1) + ASK.replace(
        "vars.what, next: found", "vars.what, next: bad").replace(
        "      found:", "      bad: {type: say, what: number, value: line, next: found}\n      found:")
    world, to, _ = play_call(flows(text), keys=[(2.0, "1234")])
    assert to == "queue:service"
    assert world.played()[-1] == "zh/error"
    assert world.call.variables == {"given": "1234"}


def test_a_key_pressed_ahead_is_carried_in_and_out() -> None:
    text = """
flows:
  main:
    start: hello
    nodes:
      hello: {type: play, prompt: welcome, next: in}
      in: {type: subflow, flow: quiet, returns: {done: menu}}
      menu: {type: menu, prompt: main_menu, keys: {7: end}, invalid: end, timeout: end}
      end: {type: hangup}
  quiet:
    start: tell
    nodes:
      tell: {type: play, prompt: closed, next: back}
      back: {type: return, result: done}
"""
    world, _, ended = play_call(flows(text), keys=[(0.4, "7")])
    assert world.played() == ["zh/welcome"]
    assert world.inputs() == [("menu", "7", "complete")]
    assert ended == 0.4


def test_a_return_without_a_caller_ends_with_an_apology() -> None:
    """The check refuses it; whatever got here all the same is not lost."""
    world, to, _ = play_call(flows("flows:\n  main:\n    start: a\n    nodes:\n      a: {type: return, result: x}\n"))
    assert (to, world.played()) == (None, ["zh/error"])


def test_the_shield_reaches_through_sub_flows() -> None:
    text = MAIN.replace("start: ask", "start: hello").replace(
        "      thanks:", "      hello: {type: play, prompt: welcome, next: ask}\n      thanks:") + ASK.replace(
        "tries: 1,", "tries: 1, secure: true,")
    assert shielded(flows(text)) == {"main": {"hello", "ask"}, "ask": {"number"}}


def findings(**files: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(**files)
    return [str(finding).split(": ", 1)[1] for finding in caught.value.findings]


SUB = """start: a
parameters: [n]
nodes:
  a: {type: play, prompt: welcome, next: b}
  b: {type: return, result: ok}
"""


def test_what_two_flows_must_agree_on() -> None:
    main = """start: a
nodes:
  a: {type: subflow, flow: subb, returns: {}}
  b: {type: subflow, flow: sub, with: {m: "1"}, returns: {okay: end}}
  c: {type: transfer, to: flow:sub}
  end: {type: hangup}
"""
    said = findings(main=main, sub=SUB)
    assert [one for one in said if "no call can get to" not in one] == [
        "flows.main.nodes.a.flow: there is no flow 'subb', did you mean 'sub'? (known: main, sub)",
        "flows.main.nodes.b.with: flow sub wants the parameter 'n' (add n: and an expression)",
        "flows.main.nodes.b.with.m: flow sub has no parameter 'm' (add it to flows.sub.parameters, or remove it)",
        "flows.main.nodes.b.returns: flow sub may return 'ok', for which no way is given (add ok: and a target)",
        "flows.main.nodes.b.returns.okay: flow sub never returns 'okay', did you mean 'ok'? (remove it, or let a "
        "return node say so)",
        "flows.main.nodes.c.to: flow sub is a sub-flow: it has parameters or a return node (go there with a node "
        "{type: subflow, flow: sub, …})"]


def test_recursion() -> None:
    a = "start: go\nnodes:\n  go: {type: subflow, flow: b, returns: {ok: out}}\n  out: {type: return, result: ok}\n"
    assert findings(a=a, b=a.replace("flow: b", "flow: a"), main="start: end\nnodes:\n  end: {type: hangup}\n") == [
        "flows.b.nodes.go.flow: flow a runs into itself: a → b → a (lead the call back with a return node, and let a "
        "loop node go round)"]


def nested(depth: int) -> dict[str, str]:
    inner = {f"f{level}": f"start: go\nnodes:\n  go: {{type: subflow, flow: f{level + 1}, returns: {{ok: out}}}}\n"
             f"  go2: {{type: subflow, flow: f{level + 1}, returns: {{ok: go}}}}\n"
             "  out: {type: return, result: ok}\n".replace("go2", "go", 0) for level in range(depth)}
    inner = {name: text.replace("start: go\n", "start: go2\n") for name, text in inner.items()}
    return {**inner, f"f{depth}": SUB.replace("parameters: [n]\n", "")}


def test_flows_may_lie_eight_deep() -> None:
    load(**nested(7))


@pytest.mark.parametrize("depth", [8, 40])
def test_deeper_is_refused_at_once(depth: int) -> None:
    """Each level calls the next twice: looking through all ways would never end."""
    (said,) = findings(**nested(depth))
    assert said == (f"flows.f{depth - 8}: flows lie 9 deep in each other, more than 8 (put what they do into fewer "
                    "flows)")


def test_a_loop_through_a_silent_sub_flow_is_endless() -> None:
    main = "start: a\nnodes:\n  a: {type: subflow, flow: sub, returns: {ok: a}}\n"
    (said,) = findings(main=main, sub=SUB.replace("parameters: [n]\n", ""))
    assert said.startswith("flows.main.nodes.a: endless loop: a → a, and no node on it waits")


def test_a_loop_through_a_sub_flow_that_asks_is_none() -> None:
    main = "start: a\nnodes:\n  a: {type: subflow, flow: sub, returns: {ok: a}}\n"
    load(main=main, sub=SUB.replace("parameters: [n]\n", "").replace(
        "{type: play, prompt: welcome, next: b}",
        "{type: collect, prompt: welcome, variable: x, next: b, failed: 'queue:sales'}"))


def test_names_of_parameters() -> None:
    said = findings(sub=SUB.replace("[n]", "[N]"))
    assert said == ["flows.sub.parameters: 'N' is no name of a variable (use small letters, digits and _, beginning "
                    "with a letter)"]
