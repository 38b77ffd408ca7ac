"""Nodes that tell and decide: play by chance, say, schedule, loop, and collect with check digits and confirmation."""

import pytest
from ivr_world import one_flow, play_call
from test_flow_check import END, told

from ccappliance.apps.ivr.checksums import id_card, luhn

COLLECT = 'ask: {type: collect, prompt: enter_number, variable: account, next: end, failed: "queue:help", %s}\n' + END


def test_one_of_several_prompts_by_chance() -> None:
    flows = one_flow(f"hello: {{type: play, prompt: [welcome, closed, goodbye], choose: random, next: round}}\n"
                     f"round: {{type: loop, times: 29, again: hello, done: end}}\n{END}")
    world, _, _ = play_call(flows)
    heard = world.played()
    assert len(heard) == 30
    assert {one: heard.count(one) > 3 for one in dict.fromkeys(heard)} == {
        "zh/welcome": True, "zh/closed": True, "zh/goodbye": True}
    assert play_call(flows)[0].played() == heard  # the same seed


@pytest.mark.parametrize(("what", "played"), [
    ("what: phone, value: caller", "zh/幺 zh/三 zh/九 breath zh/零 zh/零 zh/零 zh/零 breath zh/零 zh/零 zh/零 zh/零"),
    ("what: spelled, value: \"'A1'\"", "en/A zh/幺"),
    ("what: date, value: \"'2026-11-22'\", weekday: true",
     "zh/二 zh/零 zh/二 zh/六 zh/年 zh/十一 zh/月 zh/二十二 zh/日 zh/星期日"),
    ("what: number, value: '10 / 4'", "zh/二 zh/点 zh/五"),
    ("what: amount, value: '10 / 3'", "zh/三 zh/元 zh/三 zh/角 zh/三 zh/分")])
def test_say(what: str, played: str) -> None:
    world, to, _ = play_call(one_flow(f"tell: {{type: say, {what}, next: end}}\n{END}"))
    assert (to, world.played()) == (None, [played])


def test_an_empty_value_is_said_as_nothing() -> None:
    world, to, _ = play_call(one_flow(f"tell: {{type: say, what: phone, value: vars.none, next: end}}\n{END}"))
    assert (to, world.played()) == (None, [])


@pytest.mark.parametrize(("state", "node"), [
    ("open", "day"), ("lunch", "break"), ("holiday", "night"), ("night", "night")])
def test_schedule(state: str, node: str) -> None:
    flows = one_flow("""
when: {type: schedule, calendar: office, open: day, closed: night, lunch: break}
day: {type: hangup}
night: {type: hangup}
break: {type: hangup}
""")
    world, _, _ = play_call(flows, prepare=lambda world: world.calendar.update(office=state))
    assert world.nodes() == ["when", node]


@pytest.mark.parametrize(("state", "node"), [("open", "day"), ("holiday", "night")])
def test_a_calendar_in_an_expression(state: str, node: str) -> None:
    flows = one_flow("""
when: {type: branch, cases: [{when: "open.office and not vars.closed", next: day}], otherwise: night}
day: {type: hangup}
night: {type: hangup}
""")
    world, _, _ = play_call(flows, prepare=lambda world: world.calendar.update(office=state))
    assert world.nodes() == ["when", node]


def test_unknown_calendars_are_found() -> None:
    findings = told("""
a: {type: schedule, calendar: ofice, open: b, closed: b}
b: {type: branch, cases: [{when: open.shops, next: end}], otherwise: end}
""" + END)
    assert [finding.split(": ", 1)[1] for finding in findings] == [
        "flows.main.nodes.a.calendar: there is no calendar 'ofice', did you mean 'office'? (name one of calendars)",
        "flows.main.nodes.b.cases[0].when: at column 1 of 'open.shops': there is no calendar 'shops', did you mean "
        "'shop'? (the comments of flows/main.yaml say what can be written here)"]


def test_a_loop_counts_and_begins_anew() -> None:
    flows = one_flow("""
outer: {type: loop, times: 2, again: inner, done: end}
inner: {type: loop, times: 3, again: tell, done: outer}
tell: {type: play, prompt: welcome, next: inner}
end: {type: hangup}
""")
    world, to, _ = play_call(flows)
    assert to is None
    assert world.nodes().count("tell") == 6
    assert world.call.laps == {}


def test_a_loop_whose_way_out_leads_back_is_endless() -> None:
    (finding,) = told("""
a: {type: loop, times: 2, again: end, done: b}
b: {type: play, prompt: welcome, next: a}
""" + END)
    assert "endless loop: a → b → a" in finding


@pytest.mark.parametrize(("keys", "account", "inputs"), [
    ("4111111111111111#", "4111111111111111", [("4111111111111111", "terminator")]),
    ("4111111111111112#4111111111111111#", "4111111111111111",
     [("4111111111111112", "invalid"), ("4111111111111111", "terminator")])])
def test_luhn(keys: str, account: str, inputs: list[tuple[str, str]]) -> None:
    world, _, _ = play_call(one_flow(COLLECT % "checksum: luhn"), keys=[(2.0, keys)])
    assert world.call.variables == {"account": account}
    assert world.inputs() == [("ask", *one) for one in inputs]


def test_an_identity_number_ends_by_itself_and_its_x_is_a_star() -> None:
    world, to, ended = play_call(one_flow(COLLECT % "checksum: id_card"), keys=[(2.0, "11010519491231002*")])
    assert (to, ended) == (None, pytest.approx(2.0 + 17 * 0.3))
    assert world.call.variables == {"account": "11010519491231002X"}


@pytest.mark.parametrize(("number", "right"), [
    ("11010519491231002X", True), ("440524188001010014", True), ("110105194912310021", False),
    ("11010519491331002X", False), ("11010519490229002X", False), ("1101051949123100", False), ("", False),
    ("X1010519491231002X", False), ("１1010519491231002X", False)])
def test_identity_numbers(number: str, right: bool) -> None:
    assert id_card(number) is right


def test_luhn_finds_every_wrong_digit_and_nearly_every_swap() -> None:
    number = "4539148803436467"
    assert luhn(number)
    wrong = [number[:at] + digit + number[at + 1:] for at in range(16) for digit in "0123456789" if digit != number[at]]
    assert not any(luhn(one) for one in wrong)
    swaps = [number[:at] + number[at + 1] + number[at] + number[at + 2:] for at in range(15)]
    assert [one for one in swaps if one != number and luhn(one)] == []  # it misses 09 ↔ 90 only, which is not in there
    assert not luhn("0")
    assert not luhn("18a")


def test_patterns_of_what_is_accepted() -> None:
    flows = one_flow(COLLECT % 'accept: ["1[3-9]XXXXXXXXX", 400XXXXXXX]')
    world, to, _ = play_call(flows, keys=[(2.0, "12800138000#"), (7.0, "4008108888#")])
    assert (to, world.call.variables) == (None, {"account": "4008108888"})


def test_confirmed_at_once() -> None:
    world, to, _ = play_call(one_flow(COLLECT % "confirm: true"), keys=[(2.0, "12#"), (4.0, "1")])
    assert (to, world.call.variables) == (None, {"account": "12"})
    assert world.played()[1] == "zh/collect_entered zh/幺 zh/二 zh/collect_confirm"


def test_not_confirmed_is_asked_again_and_bounded() -> None:
    flows = one_flow(COLLECT % "confirm: true, tries: 2")
    world, to, _ = play_call(flows, keys=[(2.0, "12#"), (4.0, "2"), (6.0, "13#"), (8.0, "7"), (10.0, "2")])
    assert (to, world.call.variables) == ("queue:help", {})
    assert world.inputs() == [("ask", "12", "terminator"), ("ask", "", "rejected"), ("ask", "13", "terminator"),
                              ("ask", "", "rejected")]


def test_silence_after_the_read_back_is_no_consent() -> None:
    world, to, _ = play_call(one_flow(COLLECT % "confirm: true, tries: 1"), keys=[(2.0, "12#")])
    assert (to, world.call.variables) == ("queue:help", {})
    assert world.played().count("zh/collect_entered zh/幺 zh/二 zh/collect_confirm") == 2


def test_a_flow_that_goes_on_for_ever_ends_with_an_apology() -> None:
    flows = one_flow("a: {type: loop, times: 100, again: b, done: end}\n"
                     "b: {type: loop, times: 100, again: b, done: a}\n" + END)
    world, to, _ = play_call(flows)
    assert to is None
    assert world.played() == ["zh/error"]
    assert len(world.nodes()) == 1000


@pytest.mark.parametrize(("node", "problem"), [
    ("checksum: id_card, most: 17", "most: an identity number has 18 characters (write most: 18)"),
    ("checksum: id_card, terminator: '*'", "terminator: * is the X of an identity number and cannot end it"),
    ("accept: ['1[x']", "accept[0]: ")])
def test_what_a_collect_may_not_say(node: str, problem: str) -> None:
    (finding,) = told("a" + (COLLECT % node).removeprefix("ask").replace("queue:help", "queue:sales"))
    assert f"flows.main.nodes.a.{problem}" in finding


def test_one_prompt_is_no_choice() -> None:
    (finding,) = told(f"a: {{type: play, prompt: welcome, choose: random, next: end}}\n{END}")
    assert "nodes.a.choose: there is one prompt to choose from (write several: prompt: [one, another])" in finding
