"""A prompt on a telephone, a recording nobody can read, and a caller who says what he wants, in whole houses."""

from pathlib import Path

import pytest
from storyteller import facts, tell, trouble

from ccappliance.base.errors import CcError
from ccappliance.call.routes import Routed
from ccappliance.media.speech import Phrase, Recognised, Recognition
from ccappliance.media.speech_settings import DEFAULT_MODELS
from ccappliance.media.sphinx import Decoder
from ccappliance.sim.play import Played, Stage

pytestmark = pytest.mark.slow
PEOPLE = """
people:
  li: {name: 李明, station: "8001"}
  wang: {name: 王芳, number: "13800138000"}
steps:
"""
MENU = (Phrase("technical support", "support"), Phrase("account balance", "balance"), Phrase("opening hours", "hours"))


@pytest.fixture(params=[False, True], ids=["scripted", "engine"])
def engine(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def told(tmp_path: Path, text: str, prompts: Path, **more: object) -> Played:
    path = tmp_path / "story.yaml"
    path.write_text(text, encoding="utf-8")
    played = tell(path, prompts, **more)  # type: ignore[arg-type]
    assert not played.failed, played.failed
    assert trouble(played) == []
    return played


def test_a_telephone_is_rung_to_hear_a_prompt(tmp_path: Path, prompts: Path, engine: bool) -> None:
    def ring(stage: Stage) -> None:
        routed = Routed("prompt:en/goodbye", "prompt for the test")
        stage.house.switch.call_station("8001", routed, called="8001", name="goodbye")

    played = told(tmp_path, PEOPLE + """
  - li: {rings: 1, within: 15}
  - li: lifts
  - li: {hears: en/goodbye}
  - li: {hears: busy, within: 15}
  - li: hangs up
""", prompts, engine=engine, interfere=lambda stage: stage.loop.call_later(1.0, ring, stage))
    assert [fact["sounds"] for fact in facts(played, "PromptStarted")] == [["en/goodbye"]]


def test_calls_go_on_beside_a_recording_nobody_can_read(tmp_path: Path, prompts: Path, engine: bool) -> None:
    """F57: its text is heard, as soon as any prompt, and the alarm says which file."""
    (tmp_path / "prompts" / "zh").mkdir(parents=True)
    (tmp_path / "prompts" / "zh" / "welcome.wav").write_bytes(b"RIFF" + b"\xff" * 4000)
    played = told(tmp_path, f"config: {{prompts: {{directory: {tmp_path / 'prompts'}}}}}" + PEOPLE + """
  - wang: {calls: "61234567"}
  - wang: {hears: zh/welcome, within: 20}
  - wang: hangs up
""", prompts, engine=engine)
    (alarm,) = facts(played, "AlarmRaised")
    assert (alarm["alarm"], alarm["subject"]) == ("prompt_bad", "prompt:zh/welcome")
    assert alarm["words"].endswith("callers hear its text spoken instead")
    answered = next(fact for fact in facts(played, "CallAnswered"))
    heard = next(fact for fact in facts(played, "PromptStarted"))
    assert heard["now"] - answered["now"] <= 0.2


def english() -> None:
    try:
        Decoder(DEFAULT_MODELS["en"].acoustic, DEFAULT_MODELS["en"].dictionary)
    except CcError as error:
        pytest.skip(f"no pocketsphinx with English: {error}")


def test_a_caller_who_talks_into_the_prompt_is_understood(tmp_path: Path, prompts: Path, engine: bool) -> None:
    """Scripted by the script; with real samples by pocketsphinx, through the line, beside the echo of the prompt."""
    if engine:
        english()
    results: list[Recognised] = []
    began: list[float] = []

    def listen(stage: Stage) -> None:
        (call,) = stage.house.switch.calls.values()
        recognition: Recognition = stage.house.speech.listen(call.anchor.port, MENU, "en")
        recognition.on_speech(lambda: began.append(stage.loop.time()))
        recognition.on_end(results.append)

    def arm(stage: Stage) -> None:
        stage.house.journal.follow(lambda entry: stage.loop.call_later(0.5, listen, stage)
                                   if type(entry.fact).__name__ == "CallAnswered" else None)

    played = told(tmp_path, "config: {system: {language: en}, speech: {enabled: true}}" + PEOPLE + """
  - wang: {calls: "61234567"}
  - wang: {hears: en/welcome, within: 20}
  - wait: 1
  - wang: {says: technical support}
  - wait: 3
  - wang: hangs up
""", prompts, engine=engine, interfere=arm)
    assert facts(played, "AlarmRaised") == []
    assert [(one.outcome, one.intent) for one in results] == [("matched", "support")]
    assert len(began) == 1


def test_a_menu_is_spoken_to(tmp_path: Path, prompts: Path, engine: bool) -> None:
    """The phrase counts as its key, the first word stops the prompt, and the way is told as if it had been pressed."""
    if engine:
        english()
    played = told(tmp_path, """
config:
  routes: [{source: lines, to: "flow:spoken"}]
  system: {language: en}
  speech: {enabled: true}
  flows:
    spoken:
      start: menu
      nodes:
        menu:
          type: menu
          prompt: main_menu
          keys: {1: support, 2: balance}
          speech: true
          phrases: {1: {en: [technical support]}, 2: {en: [account balance]}}
          invalid: over
          timeout: over
        support: {type: hangup, prompt: goodbye}
        balance: {type: hangup, prompt: please_hold}
        over: {type: hangup}
""" + PEOPLE + """
  - wang: {calls: "61234567"}
  - wang: {hears: en/main_menu, within: 20}
  - wait: 1
  - wang: {says: technical support}
  - wang: {hears: en/goodbye, within: 20}
  - wang: {hears: busy, within: 20}
  - wang: hangs up
""", prompts, engine=engine)
    (heard,) = facts(played, "SpeechHeard")
    assert (heard["outcome"], heard["intent"], heard["node"]) == ("matched", "1", "menu")
    ways = [(fact["node"], fact["way"]) for fact in facts(played, "NodeEntered")]
    assert ways == [("menu", ""), ("support", "keys.1")]
    menu, goodbye = facts(played, "PromptEnded")
    assert not menu["completed"]
    assert goodbye["completed"]
