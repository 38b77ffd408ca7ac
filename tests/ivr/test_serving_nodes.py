"""Nodes that bring somebody or something to the caller: their ways, and what the check refuses of them."""

import pytest
from ivr_world import World, bind, one_flow, play_call
from test_nodes import END

from ccappliance.apps.ivr.check import check_flows
from ccappliance.base.causes import Cause
from ccappliance.call import facts
from ccappliance.call.call import Served

BOX = f"box: {{type: voicemail, mailbox: '%s', prompt: closed%s}}\nfull: {{type: hangup, cause: busy}}\n{END}"


@pytest.mark.parametrize(("mailbox", "ways", "to", "cause"), [
    ("8", ", next: end, full: full", None, Cause.NORMAL), ("9", ", next: end, full: full", None, Cause.BUSY),
    ("9", ", next: end", None, Cause.NORMAL), ("8", "", "voicemail:8", None),
    ("8", ", full: full", None, Cause.NORMAL)])
def test_voicemail_goes_on_as_it_ended(mailbox: str, ways: str, to: str | None, cause: Cause | None) -> None:
    world, went, _ = play_call(one_flow(BOX % (mailbox, ways)))
    assert (went, world.line.cleared_with) == (to, cause)
    assert world.played() == ["zh/closed"]


@pytest.mark.parametrize(("queue", "calling", "way"), [
    ("sales", "139", "next"), ("sales", "", "declined"), ("closed", "139", "not_offered")])
def test_callback_goes_on_as_it_ended(queue: str, calling: str, way: str) -> None:
    flows = one_flow(f"offer: {{type: callback, queue: {queue}, next: a, declined: b, not_offered: c}}\n"
                     "a: {type: hangup}\nb: {type: hangup}\nc: {type: hangup}")

    def prepare(world: World) -> None:
        world.call.calling = calling
    world, _, _ = play_call(flows, prepare=prepare)
    entered = [fact for fact in world.journal if isinstance(fact, facts.NodeEntered)]
    assert entered[-1].way == way


@pytest.mark.parametrize(("room", "way"), [("300", "next"), ("9", "failed")])
def test_conference_goes_on_as_it_ended(room: str, way: str) -> None:
    flows = one_flow(f"meet: {{type: conference, room: '{room}', next: end, failed: out}}\n"
                     f"out: {{type: hangup}}\n{END}")
    world, _, _ = play_call(flows)
    assert [fact.way for fact in world.journal if isinstance(fact, facts.NodeEntered)] == ["", way]
    _, to, _ = play_call(one_flow("meet: {type: conference}"))
    assert to == "conference:ask"


SURVEY = """
ask:
  type: survey
  questions: [{name: good, prompt: main_menu}, {name: solved, prompt: closed, keys: "12"}]
  comment: leave_message
"""


def test_a_survey_belongs_to_who_has_served_him() -> None:
    def prepare(world: World) -> None:
        world.call.served = Served("1001", "sales")
    world, to, _ = play_call(one_flow(SURVEY), keys=[(2.0, "7"), (4.0, "5"), (30.0, "#")], prepare=prepare)
    assert (to, world.line.cleared_with) == (None, Cause.NORMAL)
    assert [fact for fact in world.journal if isinstance(fact, facts.SurveyAnswered)] == [
        facts.SurveyAnswered("1.000001", "main", question, answer, "sales", "1001")
        for question, answer in (("good", "5"), ("solved", ""), ("comment", "recorded"))]
    assert world.call.variables == {"survey_good": "5", "survey_comment": "recorded"}
    assert world.inputs()[:2] == [("ask", "7", "invalid"), ("ask", "5", "complete")]
    assert [line.split(" ", 1)[1] for line in world.recordings] == ["survey main", "stop"]


def test_who_hangs_up_has_answered_what_he_has_answered() -> None:
    world, to, _ = play_call(one_flow(SURVEY), keys=[(2.0, "3")], hang_up=3.0)
    assert to == "cancelled"
    assert [(fact.question, fact.answer) for fact in world.journal
            if isinstance(fact, facts.SurveyAnswered)] == [("good", "3")]


def test_a_queue_node_gives_skills_and_variables_along() -> None:
    world, to, _ = play_call(one_flow(
        "q: {type: queue, queue: sales, skills: loans >= 3, variables: {topic: \"'loan ' & caller\"}}"))
    assert (to, world.call.require) == ("queue:sales", "loans >= 3")
    assert world.call.known == {"topic": "loan 13900000000"}


class Findings:
    """A report that collects."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def error(self, path: str, problem: str, advice: str = "") -> None:
        assert advice
        self.told.append(f"{path}: {problem}")

    def warning(self, path: str, problem: str, advice: str = "") -> None:
        self.told.append(f"{path}: {problem}")


class Book:
    """Every name there is."""

    languages = ("zh", "en")

    def names(self) -> list[str]:
        return ["closed", "main_menu", "survey_welcome", "survey_thanks", "leave_message"]

    def missing(self, name: str) -> list[str]:
        return []


KNOWN = ("station:8001", "trunk:pstn/*", "voicemail:8001", "conference:ask", "queue:sales", "hangup")


@pytest.mark.parametrize(("node", "problem"), [
    ("{type: dial, failed: end}", ".x: it must be said who is rung, in one way"),
    ("{type: dial, to: 'station:8001', number: caller, group: pstn, allow: ['1X.'], failed: end}", ".x: it must be"),
    ("{type: dial, number: caller, group: pstn, failed: end}", ".x.allow: any number could be dialled, at any price"),
    ("{type: dial, number: caller, allow: ['1X.'], failed: end}", ".x.group: a number needs a trunk group"),
    ("{type: dial, number: caller, group: gsm, allow: ['1X.'], failed: end}", ".x.group: there is no trunk 'gsm/*'"),
    ("{type: dial, to: 'queue:sales', failed: end}", ".x.to: 'queue:sales' is nobody who can be rung"),
    ("{type: dial, to: ['station:8001', 'station:8009'], failed: end}", ".x.to[1]: there is no station '8009'"),
    ("{type: dial, to: 'station:8001'}", ".x: nothing is said for callers who reach nobody"),
    ("{type: transfer, to: 'station:8001', failed: end}", ".x.failed: a transfer without announce"),
    ("{type: transfer, to: 'station:8001', announce: closed}", ".x: nothing is said for callers whom nobody takes"),
    ("{type: transfer, to: 'queue:sales', announce: closed, failed: end}", ".x.to: queue:sales is nobody to whom"),
    ("{type: voicemail, mailbox: '8002', next: end}", ".x.mailbox: there is no voicemail '8002'"),
    ("{type: conference, failed: end}", ".x.failed: without next the call ends in the room"),
    ("{type: callback, queue: nobody, declined: end}", ".x.queue: there is no queue 'nobody'"),
    ("{type: survey, questions: []}", ".x.questions: there are 0 questions"),
    ("{type: survey, questions: [{name: a, prompt: closed}, {name: a, prompt: closed}]}", ".x.questions[1].name: 'a'"),
    ("{type: survey, questions: [{name: a, prompt: closed, keys: '11'}]}", ".x.questions[0].keys: '11' has a key"),
    ("{type: queue, queue: sales, variables: {Bad: caller}}", ".x.variables.Bad: 'Bad' is no name of a variable")])
def test_what_is_wrong_is_refused(node: str, problem: str) -> None:
    findings = Findings()
    end = "\n      end: {type: hangup}" if "end" in node else ""
    flows = bind(f"flows:\n  main:\n    start: x\n    nodes:\n      x: {node}{end}\n")
    check_flows(flows, findings, "flows", book=Book(), destinations=dict.fromkeys(KNOWN), calendars=())
    assert any(told.startswith(f"flows.main.nodes{problem}") for told in findings.told), findings.told
