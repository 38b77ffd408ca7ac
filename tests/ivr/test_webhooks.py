"""The node http: what is sent, how it is signed, and that nobody waits longer than he must."""

import asyncio
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from ivr_world import World, bind, one_flow
from outside_world import Outdoors, visit

from ccappliance.apps.ivr import webhooks
from ccappliance.apps.ivr.webhooks import Message, sign
from ccappliance.call import facts
from ccappliance.sim.loop import run_virtual
from ccappliance.sim.outsiders import Service

URL = "https://crm.example/hook"
NODES = """
tell: {type: http, url: "https://crm.example/hook", send: {account: vars.account, who: caller}, SECRET
       variables: {ticket: ticket.id}, ok: fine, failed: broken, timeout: late}
fine: {type: queue, queue: fine}
broken: {type: queue, queue: broken}
late: {type: queue, queue: late}
"""
BACKGROUND = NODES.replace("SECRET", "wait: false,").replace("variables: {ticket: ticket.id}, ", "")


def account(world: World) -> None:
    world.call.variables["account"] = '12"王'


def ended(world: World) -> list[tuple[str, int, int, str]]:
    return [(fact.outcome, fact.status, fact.tries, fact.why) for fact in world.journal
            if isinstance(fact, facts.WebhookEnded)]


def nodes(wait: bool = True, more: str = "") -> str:
    return NODES.replace("SECRET", more) if wait else BACKGROUND


def test_what_is_sent_is_signed_and_the_answer_is_kept(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    outdoors = Outdoors(services=[Service(url=URL, status=201, answer={"ticket": {"id": 7}})])
    world, to, _ = visit(nodes(more=f"secret_file: {secret},"), outdoors, account)
    assert (to, world.call.variables["ticket"], ended(world)) == ("queue:fine", "7", [("ok", 201, 1, "")])
    (request,) = outdoors.web.asked
    assert json.loads(request.body) == {
        "delivery": "1.000001-w1", "at": "2026-11-22T06:00:00.000+00:00", "call": "1.000001", "flow": "main",
        "node": "tell", "data": {"account": '12"王', "who": "13900000000"}}
    at = 1795327200  # 2026-11-22 06:00 UTC
    expected = hmac.new(b"s3cret", f"{at}.".encode() + request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Ccappliance-Signature"] == f"t={at},v1={expected}"
    assert request.headers["X-Ccappliance-Delivery"] == "1.000001-w1"


def test_a_signature_by_hand() -> None:
    assert sign(b"key", 1, b"{}") == "t=1,v1=" + hmac.digest(b"key", b"1.{}", "sha256").hex()


def test_a_secret_that_is_not_there_sends_nothing(tmp_path: Path) -> None:
    outdoors = Outdoors(services=[Service(url=URL)])
    world, to, _ = visit(nodes(more=f"secret_file: {tmp_path}/none,"), outdoors, account)
    assert (to, outdoors.web.asked) == ("queue:broken", [])
    assert "no secret to sign it with" in ended(world)[0][3]


@pytest.mark.parametrize(("service", "to", "told", "attempts"), [
    (Service(url=URL, status=400), "queue:broken", ("refused", 400), 1),
    (Service(url=URL, status=301), "queue:broken", ("refused", 301), 1),
    (Service(url=URL, status=503), "queue:broken", ("failed", 503), 3),
    (Service(url=URL, status=429), "queue:broken", ("failed", 429), 3),
    (Service(url=URL, fails="nobody there"), "queue:broken", ("failed", 0), 3)])
def test_what_may_be_better_next_time_is_tried_again(service: Service, to: str, told: tuple[str, int],
                                                     attempts: int) -> None:
    outdoors = Outdoors(services=[service])
    world, left_to, when = visit(nodes(), outdoors, account)
    assert (left_to, ended(world)[0][:2], len(outdoors.web.asked)) == (to, told, attempts)
    assert when == (0.0 if attempts == 1 else 3.0)  # pauses of one and of two seconds
    assert len({request.headers["X-Ccappliance-Delivery"] for request in outdoors.web.asked}) == 1
    assert len({request.body for request in outdoors.web.asked}) == 1


def finish(outdoors: Outdoors, seconds: str = "60") -> str:
    """Nodes that keep the call long enough for what is delivered behind its back."""
    return f"\nrest: {{type: record, beep: false, prompt: [], most: {seconds}s, next: gone}}\ngone: {{type: hangup}}\n"


def test_who_waits_too_long_goes_on_while_it_is_still_tried() -> None:
    outdoors = Outdoors(services=[Service(url=URL, after=8.0)])
    flow = nodes().replace("timeout: late", "timeout: rest").replace(
        "late: {type: queue, queue: late}", "") + finish(outdoors)
    world, _, when = visit(flow, outdoors, account)
    assert world.nodes() == ["tell", "rest", "gone"]
    assert (when, ended(world)) == (65.0, [("ok", 200, 1, "")])


def test_nobody_waits_for_what_is_sent_in_the_background() -> None:
    outdoors = Outdoors(services=[Service(url=URL, status=500)])
    flow = nodes(wait=False).replace("ok: fine", "ok: rest").replace(
        "fine: {type: queue, queue: fine}", "") + finish(outdoors)
    world, _, when = visit(flow, outdoors, account)
    assert (world.nodes(), when) == (["tell", "rest", "gone"], 60.0)
    assert ended(world) == [("failed", 500, 3, "the service answered with status 500")]


def test_a_caller_who_leaves_stops_no_delivery() -> None:
    outdoors = Outdoors(services=[Service(url=URL, after=4.0)])

    async def main() -> World:
        world = World(one_flow(nodes()))
        outdoors.install(world)
        account(world)
        world.hang_up(2.0)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(world.run())
        assert ended(world) == []
        await asyncio.sleep(5.0)
        return world

    assert ended(run_virtual(main())) == [("ok", 200, 1, "")]


def test_too_many_are_dropped_and_a_stop_says_what_was_not_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MAX_WEBHOOKS", 2)
    outdoors = Outdoors(services=[Service(url=URL, after=9.0)])
    told: list[str] = []

    def prepare(world: World) -> None:
        account(world)

        async def flood() -> None:
            tickets = [outdoors.hooks.post(Message(call="c", flow="f", node="n", url=URL, data={})) for _ in range(3)]
            told.append(" ".join(str(ticket.dropped) for ticket in tickets))
            await outdoors.hooks.close()
            told.append(str(outdoors.hooks.waiting))
        world.loop.call_at(0.5, lambda: tasks.append(world.loop.create_task(flood())))
    tasks: list[object] = []
    world, _, _ = visit("rest: {type: record, beep: false, prompt: [], most: 5s, next: gone}\ngone: {type: hangup}",
                        outdoors, prepare)
    assert told == ["False False True", "0"]
    assert [(outcome, why) for outcome, _, _, why in ended(world)] == [
        ("dropped", "2 webhooks wait already"), ("failed", "the daemon stopped"), ("failed", "the daemon stopped")]


def test_a_node_that_cannot_be_meant_is_refused() -> None:
    class Report:
        def __init__(self) -> None:
            self.said: list[str] = []

        def error(self, path: str, problem: str, advice: str = "") -> None:
            self.said.append(f"{path}: {problem}")

        def warning(self, path: str, problem: str, advice: str = "") -> None:
            self.said.append(f"warning {path}: {problem}")

    flows = bind("""
flows:
  main:
    start: a
    nodes:
      a: {type: http, url: "http://h.example/{x}", headers: {"a b": c}, wait: false, variables: {Bad: "a..b"},
          ok: b, failed: b}
      b: {type: hangup}
""")
    report = Report()
    flows["main"].nodes["a"].inspect(report, "a")
    assert report.said == [
        "warning a.url: what is sent there can be read by everybody on the way",
        "a.url: the address of a webhook is fixed", "a.headers.a b: 'a b' is no name of a header",
        "a.variables.Bad: 'Bad' is no name of a variable", "a.variables.Bad: 'a..b' is no place in a JSON answer",
        "a.variables: nobody waits for the answer"]
