"""Voicemail with real samples: the owner hears the caller's own words, and a caller the owner's greeting."""

from pathlib import Path

import pytest
from storyteller import facts, tell, trouble

from ccappliance.sim.script import read_script

pytestmark = pytest.mark.slow
WORDS = "您好，我是王芳，请您给我回个电话，谢谢。"
STORY = f"""
title: Heard again
config:
  routes:
    - {{source: lines, to: "voicemail:8001"}}
    - {{source: stations, called: "*97", to: "mailbox:8001"}}
  voicemail: {{group: pstn}}
  mailboxes:
    "8001": {{owner: 李明, pin: "4711", station: "8001"}}
people:
  li: {{name: 李明, station: "8001"}}
  wang: {{name: 王芳, number: "13800138000"}}
steps:
  - wang: {{calls: "61234567"}}
  - expect: {{fact: RecordingStarted, within: 30}}
  - wang: {{says: "{WORDS}"}}
  - wang: {{presses: "#"}}
  - wang: {{hears: voicemail_menu, within: 10}}
  - wang: {{presses: "2"}}
  - wang: {{hears: "{WORDS}", within: 10}}
  - wang: {{hears: voicemail_menu, within: 15}}
  - wang: hangs up
  - expect: {{fact: VoicemailLeft, mailbox: "8001", within: 20}}
  - li: lifts
  - li: {{hears: dial}}
  - li: {{presses: "*97"}}
  - li: {{hears: agent_enter_pin, within: 10}}
  - li: {{presses: "4711#"}}
  - li: {{hears: mailbox_menu, within: 30}}
  - li: {{presses: "1"}}
  - li: {{hears: "{WORDS}", within: 40}}
  - li: {{hears: mailbox_message_menu, within: 15}}
  - li: {{presses: "4"}}
  - wang: {{rings: 1, within: 30}}
  - wang: lifts
  - wang: {{says: 喂，您好？, to: li}}
  - li: hangs up
  - wang: {{hears: busy, within: 20}}
  - wang: hangs up
"""


def test_words_are_heard_as_they_were_spoken(prompts: Path, tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_text(STORY, encoding="utf-8")
    told: list[str] = []
    played = tell(read_script(path), prompts, engine=True, recordings=tmp_path, say=told.append)
    assert not played.failed, f"{played.step} {played.failed}\n" + "\n".join(told[-20:])
    assert trouble(played) == []
    (left,) = facts(played, "VoicemailLeft")
    assert (tmp_path / "voicemail" / left["path"]).stat().st_size == pytest.approx(16_000 * left["seconds"], abs=200)


GREETING = "我是李明，我在出差，请留言。"
CHANGED = f"""
title: His own greeting
config:
  routes:
    - {{source: stations, called: "*97", to: "mailbox:8001"}}
    - {{source: stations, called: "*98", to: "flow:away"}}
  flows:
    away: {{start: box, nodes: {{box: {{type: voicemail, mailbox: "8001", prompt: closed}}}}}}
  mailboxes:
    "8001": {{owner: 李明, pin: "4711"}}
people:
  li: {{name: 李明, station: "8001"}}
  zhao: {{name: 赵敏, station: "8002"}}
steps:
  - li: lifts
  - li: {{hears: dial}}
  - li: {{presses: "*97"}}
  - li: {{hears: agent_enter_pin, within: 10}}
  - li: {{presses: "4711#"}}
  - li: {{hears: mailbox_menu, within: 30}}
  - li: {{presses: "8"}}
  - expect: {{fact: RecordingStarted, within: 20}}
  - li: {{says: "{GREETING}"}}
  - li: {{presses: "#"}}
  - li: {{hears: mailbox_greeting_menu, within: 10}}
  - li: {{presses: "1"}}
  - expect: {{fact: MailboxChanged, what: greeting}}
  - li: hangs up
  - zhao: lifts
  - zhao: {{hears: dial}}
  - zhao: {{presses: "*98"}}
  - zhao: {{hears: "{GREETING}", within: 10}}
  - zhao: {{hears: leave_message, within: 15}}
  - zhao: hangs up
"""


def test_callers_hear_the_owners_own_greeting(prompts: Path, tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_text(CHANGED, encoding="utf-8")
    told: list[str] = []
    played = tell(read_script(path), prompts, engine=True, recordings=tmp_path, say=told.append)
    assert not played.failed, f"{played.step} {played.failed}\n" + "\n".join(told[-20:])
    assert trouble(played) == []
