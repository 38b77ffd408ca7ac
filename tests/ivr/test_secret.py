"""What callers enter in secret: the shield, paused recordings, and flows that would give it away."""

import pytest
from ivr_world import World, one_flow, play_call
from test_flow_check import END, told

from ccappliance.apps.ivr.graph import shielded
from ccappliance.call import facts
from ccappliance.call.shield import TAIL

CARD = "6222020200112230"
PAY = """
hello: {type: play, prompt: welcome, next: which}
which: {type: branch, cases: [{when: 'caller = "1"', next: menu}], otherwise: card}
card:
  {type: collect, prompt: enter_number, variable: card, most: 16, least: 16, secure: true, next: thanks, failed: menu}
thanks: {type: play, prompt: goodbye, next: menu}
menu: {type: menu, prompt: main_menu, keys: {1: "queue:sales"}, invalid: "queue:sales", timeout: "queue:sales"}
"""


def pressed(world: World) -> str:
    return "".join(fact.digit for fact in world.journal if isinstance(fact, facts.DigitPressed))


def test_digits_are_kept_from_journal_and_recordings() -> None:
    world, to, _ = play_call(one_flow(PAY), keys=[(2.5, CARD), (9.5, "1")])
    assert to == "queue:sales"
    assert pressed(world) == "?" * 16 + "1"
    assert ("card", "?" * 16, "complete") in world.inputs()
    assert world.call.secrets == {"card": CARD}
    assert world.call.variables == {}
    last = 2.5 + 15 * 0.3
    assert world.recordings == ["0 pause secure node", f"{last + TAIL:g} resume"]
    assert CARD not in repr(world.journal)


def test_who_presses_ahead_is_shielded_too() -> None:
    """The first digits stop the greeting, and those behind the last one come in the tail."""
    world, _, _ = play_call(one_flow(PAY), keys=[(0.2, CARD + "99")])
    assert pressed(world) == "?" * 18
    assert world.call.secrets == {"card": CARD}


def test_a_failed_try_stays_secret() -> None:
    world, _, _ = play_call(one_flow(PAY), keys=[(2.5, CARD[:5] + "#"), (6.0, CARD)])
    assert pressed(world) == "?" * 22
    assert world.inputs()[:2] == [("card", "?????", "invalid"), ("card", "?" * 16, "complete")]


def test_leaving_the_flow_waits_for_the_last_key_to_be_let_go() -> None:
    flows = one_flow('card: {type: collect, prompt: enter_number, variable: card, most: 4, secure: true, '
                     'next: "queue:sales", failed: "queue:sales"}')
    world, to, ended = play_call(flows, keys=[(2.0, "1234")])
    assert (to, ended) == ("queue:sales", pytest.approx(2.9 + TAIL))
    assert world.recordings == ["0 pause secure node", f"{2.9 + TAIL:g} resume"]


def test_a_caller_who_hangs_up_leaves_no_shield_behind() -> None:
    world, to, _ = play_call(one_flow(PAY), keys=[(2.5, CARD[:3])], hang_up=4.0)
    assert to == "cancelled"
    assert pressed(world) == "???"


def test_where_the_shield_is_up() -> None:
    flows = one_flow(PAY + "end: {type: hangup}")
    assert shielded(flows)["main"] == {"hello", "which", "card"}


def test_a_recording_that_begins_in_secret_begins_paused() -> None:
    world, _, _ = play_call(one_flow(PAY), keys=[(2.5, CARD)],
                            prepare=lambda world: world.loop.call_at(2.0, world.call.record, "always"))
    assert world.recordings[:3] == ["0 pause secure node", "2 always", "2 pause secure node"]


SECURE = 'a: {type: collect, prompt: enter_number, variable: pin, secure: true, next: b, failed: "queue:sales"}\n'
LEAK = ("would leak here: what was entered in secret may stand only where a node sends it on in secret (lookup, http) "
        "(the comments of flows/main.yaml say what can be written here)")


@pytest.mark.parametrize(("node", "where"), [
    ("b: {type: say, what: digits, value: secret.pin, next: end}", "value: at column 1 of 'secret.pin'"),
    ("b: {type: say, what: digits, value: '1 & left(secret.pin, 2)', next: end}",
     "value: at column 10 of '1 & left(secret.pin, 2)'"),
    ("b: {type: set, variables: {x: secret.pin}, next: end}", "variables.x: at column 1 of 'secret.pin'"),
    ("b: {type: branch, cases: [{when: 'secret.pin = 7', next: end}], otherwise: end}",
     "cases[0].when: at column 1 of 'secret.pin = 7'")])
def test_a_secret_that_would_leak(node: str, where: str) -> None:
    (finding,) = told(f"{SECURE}{node}\n{END}")
    assert f"flows.main.nodes.b.{where}: 'secret.pin' {LEAK}" in finding


def test_a_secret_is_no_plain_variable() -> None:
    (finding,) = told(f"{SECURE}b: {{type: say, what: digits, value: vars.pin, next: end}}\n{END}")
    assert "'pin' is entered in secret: it is secret.pin, and never a plain variable" in finding


def test_a_secret_is_sent_on_over_https_alone() -> None:
    sent = "b: {type: http, url: 'SCHEME://bank.example/pin', send: {pin: secret.pin}, ok: end, failed: end}\n"
    found = told(SECURE + sent.replace("SCHEME", "http") + END)
    assert any("nodes.b.send.pin: a secret would be sent in clear" in finding for finding in found)
    with pytest.raises(pytest.fail.Exception):  # nothing is wrong with it
        told(SECURE + sent.replace("SCHEME", "https") + END)


def test_a_secret_is_not_read_back() -> None:
    asked = SECURE.replace("secure: true", "secure: true, confirm: true").replace("next: b", "next: end")
    (finding,) = told(asked + END)
    assert "nodes.a.confirm: a secret would be said aloud (leave out confirm or secure)" in finding
