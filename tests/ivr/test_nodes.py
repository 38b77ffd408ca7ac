"""Every kind of node, played against a real leg in virtual time."""

import pytest
from ivr_world import World, one_flow, play_call

from ccappliance.base.causes import Cause
from ccappliance.call import facts
from ccappliance.call.callers import Callers
from ccappliance.call.numbers import Numbers
from ccappliance.call.vip import Known, VipClass, VipSettings

END = "end: {type: hangup}"
MENU = f"""
menu:
  type: menu
  prompt: main_menu
  keys: {{1: sales, 12: end, "*": menu}}
  invalid: queue:wrong
  timeout: queue:mute
sales: {{type: queue, queue: sales, prompt: please_hold, priority: 2, boost: 30s}}
{END}
"""


def test_play_and_hang_up() -> None:
    flows = one_flow(f"hello: {{type: play, prompt: [welcome, en/welcome, {{en: Hi}}], next: end}}\n{END}")
    world, to, ended = play_call(flows)
    assert (to, ended, world.line.cleared_with) == (None, 3.0, Cause.NORMAL)
    assert world.played() == ["zh/welcome en/welcome en/Hi"]
    assert world.nodes() == ["hello", "end"]
    entered = [fact for fact in world.journal if isinstance(fact, facts.FlowEntered | facts.CallAnswered)]
    assert entered == [facts.FlowEntered("1.000001", "main"), facts.CallAnswered("1.000001")]


def test_a_call_that_only_hangs_up_is_not_answered() -> None:
    world, to, ended = play_call(one_flow("end: {type: hangup, cause: busy}"))
    assert (to, ended, world.line.cleared_with) == (None, 0.0, Cause.BUSY)
    assert not [fact for fact in world.journal if isinstance(fact, facts.CallAnswered)]


def test_a_key_stops_a_prompt_and_counts_for_the_menu() -> None:
    flows = one_flow("hello: {type: play, prompt: welcome, next: more}\n"
                     "more: {type: play, prompt: closed, next: menu}\n" + MENU.replace("12: end, ", ""))
    world, to, ended = play_call(flows, keys=[(0.5, "1")])
    assert to == "queue:sales"
    assert world.played() == ["zh/welcome", "zh/please_hold"]
    assert ended == 1.5
    assert world.inputs() == [("menu", "1", "complete")]


def test_without_barge_in_a_prompt_is_heard_to_its_end() -> None:
    flows = one_flow("hello: {type: play, prompt: welcome, barge_in: false, next: menu}\n"
                     + MENU.replace("12: end, ", ""))
    world, to, ended = play_call(flows, keys=[(0.5, "1")])
    assert (to, ended) == ("queue:sales", 2.0)
    assert world.played() == ["zh/welcome", "zh/please_hold"]


def test_queue_hands_over_class_and_boost() -> None:
    world, to, _ = play_call(one_flow(MENU), keys=[(1.0, "1")])
    assert to == "queue:sales"
    assert (world.call.order_class, world.call.boost) == (2, 30.0)


def test_what_is_known_of_the_caller_adds_to_class_and_boost_and_stands_in_expressions() -> None:
    told = "caller_city & '/' & caller_carrier & '/' & caller_kind & '/' & vip & '/' & caller_service"
    flows = one_flow(f"""
known: {{type: set, variables: {{who: "{told}"}}, next: which}}
which: {{type: branch, cases: [{{when: "vip = 'gold' and caller_region = '北京'", next: sales}}], otherwise: end}}
sales: {{type: queue, queue: sales, priority: 2, boost: 30s}}
{END}""")
    vips = VipSettings(classes={"gold": VipClass(order_class=3, boost=60.0)},
                       numbers=(Known(number="13911112222", class_="gold"),))

    def prepare(world: World) -> None:
        world.call.caller = Callers(Numbers(), vips, {}).find("fxo/1", "13911112222")
    world, to, _ = play_call(flows, prepare=prepare)
    assert to == "queue:sales"
    assert world.call.variables == {"who": "北京/移动/mobile/gold/"}
    assert (world.call.order_class, world.call.boost) == (5, 90.0)


def test_a_key_of_one_digit_waits_for_a_second_only_if_there_may_be_one() -> None:
    _, to, ended = play_call(one_flow(MENU), keys=[(1.0, "1")])
    assert (to, ended) == ("queue:sales", 1.0 + 2.0 + 1.0)  # the pause, then please_hold
    world, to, ended = play_call(one_flow(MENU), keys=[(1.0, "12")])
    assert (to, ended) == (None, 1.3)
    assert world.inputs() == [("menu", "12", "complete")]


def test_star_plays_the_menu_again() -> None:
    world, _, _ = play_call(one_flow(MENU), keys=[(1.0, "*"), (2.0, "12")])
    assert world.nodes() == ["menu", "menu", "end"]
    assert world.played() == ["zh/main_menu", "zh/main_menu"]


def test_wrong_keys_are_answered_three_times() -> None:
    world, to, ended = play_call(one_flow(MENU), keys=[(1.0, "7"), (3.0, "8"), (5.0, "#")])
    assert (to, ended) == ("queue:wrong", 5.0)
    assert world.played() == ["zh/main_menu", "zh/invalid_key zh/main_menu", "zh/invalid_key zh/main_menu"]
    assert world.inputs() == [("menu", "7", "invalid"), ("menu", "8", "invalid"), ("menu", "#", "invalid")]


def test_silence_is_answered_three_times() -> None:
    world, to, ended = play_call(one_flow(MENU))
    assert (to, ended) == ("queue:mute", 9.0 + 10.0 + 10.0)
    assert world.inputs() == [("menu", "", "timeout")] * 3


def test_a_flood_of_keys_ends_a_menu_at_its_tries() -> None:
    world, to, _ = play_call(one_flow(MENU), keys=[(0.0, "7" * 200)])
    assert to == "queue:wrong"
    assert len(world.inputs()) == 3


COLLECT = f"""
ask: {{type: collect, prompt: enter_number, variable: account, most: 6, least: 4, next: tell, failed: "queue:help"}}
tell: {{type: say, what: digits, value: vars.account, next: end}}
{END}
"""


@pytest.mark.parametrize(("keys", "digits", "reason", "after"), [
    ("123456", "123456", "complete", 1.5), ("12345#", "12345", "terminator", 1.5), ("1234", "1234", "timeout", 4.9)])
def test_collect_keeps_the_digits(keys: str, digits: str, reason: str, after: float) -> None:
    world, to, ended = play_call(one_flow(COLLECT), keys=[(2.0, keys)])
    assert to is None
    assert world.call.variables == {"account": digits}
    assert world.inputs() == [("ask", digits, reason)]
    assert ended == pytest.approx(2.0 + after + len(digits))


def test_collect_asks_again_and_gives_up() -> None:
    world, to, _ = play_call(one_flow(COLLECT), keys=[(2.0, "12#"), (5.0, "#")])
    assert to == "queue:help"
    assert world.inputs() == [("ask", "12", "invalid"), ("ask", "", "invalid"), ("ask", "", "timeout")]
    assert world.played()[1:] == ["zh/invalid_key zh/enter_number"] * 2
    assert "account" not in world.call.variables


def test_collect_may_be_content_with_nothing() -> None:
    flows = one_flow(COLLECT.replace("least: 4", "least: 0"))
    world, to, _ = play_call(flows, keys=[(2.0, "#")])
    assert (to, world.call.variables) == (None, {"account": ""})


def test_collect_in_secret() -> None:
    flows = one_flow(COLLECT.replace("least: 4", "secure: true").replace("vars.account", "caller"))
    world, _, _ = play_call(flows, keys=[(2.0, "123456")])
    assert world.inputs() == [("ask", "??????", "complete")]
    assert [fact.digit for fact in world.journal if isinstance(fact, facts.DigitPressed)] == ["?"] * 6
    assert world.call.variables == {}
    assert world.call.secrets == {"account": "123456"}


def test_collect_begins_with_the_key_that_stopped_a_prompt() -> None:
    flows = one_flow("hello: {type: play, prompt: welcome, next: ask}\n" + COLLECT)
    world, _, _ = play_call(flows, keys=[(0.5, "1234#")])
    assert world.call.variables == {"account": "1234"}


@pytest.mark.parametrize(("what", "value", "played"), [
    ("digits", "caller", "zh/幺 zh/三 zh/九 zh/零 zh/零 zh/零 zh/零 zh/零 zh/零 zh/零 zh/零"),
    ("number", "200 + 2", "zh/两百 zh/零 zh/二"), ("number", "7.9", "zh/七 zh/点 zh/九"),
    ("number", "0 - 7.9", "zh/负 zh/七 zh/点 zh/九"),
    ("amount", '"12.5"', "zh/十二 zh/元 zh/五 zh/角"), ("duration", "62", "zh/一 zh/分钟 zh/两 zh/秒"),
    ("date", '"2026-02-28"', "zh/二 zh/零 zh/二 zh/六 zh/年 zh/二 zh/月 zh/二十八 zh/日"),
    ("time", '"09:05"', "zh/上午 zh/九 zh/点 zh/零 zh/五 zh/分"), ("time", "", "zh/下午 zh/两 zh/点 zh/整"),
    ("date", "", "zh/二 zh/零 zh/二 zh/六 zh/年 zh/十一 zh/月 zh/二十二 zh/日")])
def test_say(what: str, value: str, played: str) -> None:
    flows = one_flow(f"tell: {{type: say, what: {what}, value: '{value}', next: end}}\n{END}")
    world, to, _ = play_call(flows)
    assert to is None
    assert world.played() == [played]


@pytest.mark.parametrize(("what", "value"), [
    ("number", 'caller & "x"'), ("date", '"2026-02-30"'), ("time", '"25:00"'), ("amount", "vars.none"),
    ("amount", '"9999999999999"')])
def test_what_cannot_be_said_gets_an_apology(what: str, value: str) -> None:
    flows = one_flow(f"tell: {{type: say, what: {what}, value: '{value}', next: end}}\n{END}")
    world, to, _ = play_call(flows)
    assert to is None
    assert world.played() == ["zh/error"]
    assert world.line.cleared_with is Cause.TEMPORARY_FAILURE


def test_language_branch_and_set() -> None:
    flows = one_flow("""
count: {type: set, variables: {n: "default(vars.n, 0) + 1", double: vars.n * 2, sunday: weekday = 7}, next: look}
look:
  type: branch
  cases:
    - {when: 'time < "09:00" or language = "en"', next: end}
    - {when: 'starts_with(caller, "139") and vars.double = 2 and vars.sunday', next: english}
  otherwise: end
english: {type: language, to: en, next: hello}
hello: {type: play, prompt: welcome, next: look}
end: {type: transfer, to: "station:8001", prompt: {zh: "你好", en: "Hi"}}
""")
    world, to, _ = play_call(flows)
    assert to == "station:8001"
    assert world.call.variables == {"n": "1", "double": "2", "sunday": "1"}
    assert world.nodes() == ["count", "look", "english", "hello", "look", "end"]
    assert world.played() == ["en/welcome", "en/Hi"]


def test_the_flow_may_set_the_language_first() -> None:
    world, _, _ = play_call(one_flow(f"hello: {{type: play, prompt: welcome, next: end}}\n{END}", language="en"))
    assert world.played() == ["en/welcome"]


RECORD = f"note: {{type: record, most: 30s, next: end}}\n{END}"


@pytest.mark.parametrize(("keys", "ended", "reason"), [
    ([(10.0, "5"), (12.0, "#")], 12.0, "terminator"), ([], 31.5, "timeout")])
def test_a_message_lasts_until_its_end_key(keys: list[tuple[float, str]], ended: float, reason: str) -> None:
    world, to, at = play_call(one_flow(RECORD), keys=keys)
    assert to is None
    assert world.played() == ["zh/leave_message", "zh/beep"]
    assert world.recordings == ["1.5 message", f"{ended:g} stop"]
    assert at == pytest.approx(ended)
    assert world.inputs() == [("note", "", reason)]


def test_a_message_ends_with_the_call() -> None:
    world, to, _ = play_call(one_flow(RECORD), hang_up=9.0)
    assert to == "cancelled"
    assert world.recordings == ["1.5 message", "9 stop"]


def test_a_target_may_be_a_destination() -> None:
    _, to, _ = play_call(one_flow("hello: {type: play, prompt: welcome, next: 'queue:sales'}"))
    assert to == "queue:sales"


def break_line(world: World, error: Exception) -> None:
    world.line.port.broken = error


@pytest.mark.parametrize("error", [OSError("a cable"), ZeroDivisionError()])
def test_an_unforeseen_failure_gets_an_apology_and_the_fallback(error: Exception) -> None:
    flows = one_flow(MENU, on_error="queue:service")
    world, to, _ = play_call(flows, prepare=lambda world: break_line(world, error))
    assert to == "queue:service"
    assert world.played()[-1] == "zh/error"


def test_a_flow_that_runs_in_circles_ends_with_an_apology() -> None:
    flows = one_flow("one: {type: set, variables: {x: caller}, next: two}\ntwo: {type: language, to: zh, next: one}")
    world, to, _ = play_call(flows)
    assert to is None
    assert len(world.nodes()) == 1000
    assert world.played() == ["zh/error"]
    assert world.line.cleared_with is Cause.TEMPORARY_FAILURE


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0, 1.5, 4.5, 5.5, 7.0, 9.5, 20.0, 40.0])
def test_a_caller_may_hang_up_anywhere(at: float) -> None:
    flows = one_flow("hello: {type: play, prompt: [welcome, closed], next: ask}\n"
                     + COLLECT.replace("next: tell", "next: note") + "note: {type: record, next: tell}")
    world, to, ended = play_call(flows, keys=[(3.0, "1234#")], hang_up=at)
    assert to == "cancelled"
    assert ended == pytest.approx(at)
    assert "zh/error" not in world.played()
    assert len(world.recordings) in (0, 2)
