"""The mailroom: nothing is lost whatever is killed when, PINs are guarded, old messages go, owners are told."""

import asyncio
import wave
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from mail_world import SETTINGS, VOICE, World, play

from ccappliance.apps.voicemail.mailroom import LOCKED, Mailroom
from ccappliance.apps.voicemail.settings import MailboxSettings, VoicemailSettings
from ccappliance.base.errors import ConfigError, Refused
from ccappliance.call import facts
from ccappliance.config.load import Source, bind_sources
from ccappliance.site import Site


def test_a_message_is_the_customers_voice_alone(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path)
        await world.left("m1")
        (row,) = world.room.rows("8001")
        assert (row["state"], row["calling"], row["owner"]) == ("new", "13800138000", "李明")
        with wave.open(row["path"]) as file:
            assert (file.getnchannels(), file.getframerate()) == (1, 8000)
            assert file.readframes(file.getnframes()) == VOICE
        assert world.lamps == [("8001", True)]
        world.room.move("m1", "old", "keypad")
        assert world.lamps == [("8001", True), ("8001", False)]
    play(story)


@pytest.mark.parametrize("ended", [False, True])
def test_a_kill_loses_no_message(ended: bool, tmp_path: Path) -> None:
    """Killed while the caller speaks, or before the message is in its mailbox."""
    async def story() -> None:
        world = World(tmp_path)
        world.begin("m1")
        if ended:
            world.end("m1")
        world = world.again()
        if not ended:
            world.end("m1")  # the house writes what a kill left open
        await asyncio.sleep(1)
        assert [row["state"] for row in world.room.rows("8001")] == ["new"]
        assert world.lamps == [("8001", True)]
        world = world.again()
        await asyncio.sleep(1)
        assert len(world.told(facts.VoicemailLeft)) == 1, "and it is there once"
        assert [row["state"] for row in world.room.rows("8001")] == ["new"]
    play(story)


def test_a_database_that_is_lost_is_made_anew_from_the_journal(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path)
        await world.left("m1")
        world.room.move("m1", "saved", "keypad")
        world.room.change("8001", "pin", Mailroom.hashed("8001", "5555"), "keypad")
        rows = world.room.rows()
        other = World(tmp_path, sink=world.sink)
        assert other.room.rows() == rows
        assert other.room.right("8001", "5555")
    play(story)


def test_nobody_spoke(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path)
        world.begin("m1", voice=VOICE[:len(VOICE) // 2 // 4 * 2])
        world.end("m1", seconds=9.0)
        world.room.bring("m1")
        await asyncio.sleep(1)
        assert world.room.rows() == []
        assert world.told(facts.VoicemailDropped) == [facts.VoicemailDropped("c-m1", "8001", "m1", "short")]
        assert world.lamps == []
    play(story)


def test_a_full_disk_keeps_messages_waiting(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path)
        world.full = True
        await world.left("m1")
        assert [fact.alarm for fact in world.told(facts.AlarmRaised)] == ["voicemail_failed"]  # type: ignore[attr-defined]
        world.full = False
        await asyncio.sleep(60)
        assert len(world.room.rows()) == 1
        assert len(world.told(facts.AlarmCleared)) == 1
    play(story)


def test_messages_grow_old_but_saved_ones(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, {"8001": replace(SETTINGS["8001"], keep=2.0)})
        await world.left("m1")
        await world.left("m2")
        world.room.move("m2", "saved", "keypad")
        await asyncio.sleep(2 * 86_400 - 60)
        assert len(world.room.rows()) == 2
        await asyncio.sleep(120)
        assert [row["message"] for row in world.room.rows()] == ["m2"]
        assert world.told(facts.VoicemailMoved)[-1] == facts.VoicemailMoved("8001", "m1", "new", "deleted", "expired")
        assert not (tmp_path / "voicemail/8001/m1.wav").exists()
        assert (tmp_path / "voicemail/8001/m2.wav").exists()
        assert world.lamps[-1] == ("8001", False)
    play(story)


def test_a_pin_that_is_guessed_at_is_locked(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path)
        right = world.room.right
        assert right("8001", "4711")
        assert not right("9999", "4711")
        assert not any(right("8001", guess) for guess in ("0000", "1111", "2222"))
        assert [fact.alarm for fact in world.told(facts.AlarmRaised)] == ["pin_guessing"]  # type: ignore[attr-defined]
        assert not right("8001", "4711"), "locked: the right one sounds as wrong"
        await asyncio.sleep(LOCKED + 1)
        assert right("8001", "4711")
        assert len(world.told(facts.AlarmCleared)) == 1
    play(story)


def test_without_a_pin_nobody_gets_in(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, {"8001": MailboxSettings()})
        assert not world.room.right("8001", "")
    play(story)


def test_what_is_kept_of_a_pin_cannot_be_dialled(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path)
        world.room.change("8001", "pin", Mailroom.hashed("8001", "5555"), "keypad")
        assert "5555" not in str(world.told(facts.MailboxChanged))
        assert Mailroom.hashed("8001", "5555") != Mailroom.hashed("8002", "5555")
        assert (world.room.right("8001", "5555"), world.room.right("8001", "4711")) == (True, False)
    play(story)


def test_the_owner_is_told_once_with_the_message(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path)
        world.failures = 2
        await world.left("m1")
        assert world.letters == []
        await asyncio.sleep(400)
        assert world.told(facts.NoticeSent) == [facts.NoticeSent("8001", "m1", "li@example.com", 3)]
        letter = message_from_bytes(world.letters[0], policy=policy.default)
        assert (letter["To"], letter["Subject"]) == ("li@example.com", "语音留言:13800138000 王芳")
        text, wav = letter.iter_parts()  # type: ignore[attr-defined]
        assert "时长:2 秒" in text.get_content()
        assert wav.get_content()[44:] == VOICE
        world = world.again()
        await asyncio.sleep(400)
        assert len(world.told(facts.NoticeSent)) == 1
    play(story)


def test_a_notice_that_cannot_be_sent_is_given_up_and_one_that_a_kill_took_is_sent(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path)
        world.failures = 100
        await world.left("m1")
        await asyncio.sleep(4 * 3600)
        assert [type(fact).__name__ for fact in world.told(facts.NoticeSent, facts.NoticeFailed)] == ["NoticeFailed"]
        await world.left("m2")
        await world.room.close()
        world = world.again()
        await asyncio.sleep(1)
        assert world.told(facts.NoticeSent) == [facts.NoticeSent("8001", "m2", "li@example.com", 1)]
    play(story)


def test_without_a_command_nobody_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, shared=VoicemailSettings())
        await world.left("m1")
        assert world.told(facts.NoticeSent, facts.NoticeFailed) == []
    play(story)


def test_control_lists_and_deletes(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path)
        await world.left("m1")
        world.room.delete("m1", "cli:root")
        assert world.room.rows() == []
        await asyncio.sleep(0.1)
        assert not (tmp_path / "voicemail/8001/m1.wav").exists()
        for wrong in (lambda: world.room.delete("m1", "x"), lambda: world.room.rows("9")):
            with pytest.raises(Refused, match="there is no m"):
                wrong()
    play(story)


@pytest.mark.parametrize(("text", "expected"), [
    ("mailboxes: {'80a': {}}", "mailboxes.80a: '80a' can't be dialled"),
    ("mailboxes: {'8001': {station: '8001'}}", "mailboxes.8001.station: there is no station 8001"),
    ("mailboxes: {'8001': {greeting: nothing}}", "mailboxes.8001.greeting: there is no prompt 'nothing'"),
    ("mailboxes: {'8001': {greeting: {fr: Bonjour}}}", "mailboxes.8001.greeting.fr: 'fr' is no language"),
    ("mailboxes: {'8001': {pin: '12'}}", "mailboxes.8001.pin"),
    ("voicemail: {mail: \"sendmail '\"}", "voicemail.mail: the command cannot be split"),
    ("voicemail: {group: gsm}", "voicemail.group: there is no trunk group 'gsm'"),
    ("routes: [{source: lines, to: 'voicemail:8009'}]", "routes[0].to: there is no destination 'voicemail:8009'"),
    ("conferences: {'room': {}}", "conferences.room: 'room' can't be dialled")])
def test_what_is_wrong_is_said(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        bind_sources([Source("a.yaml", text.encode())], Site)
    assert expected in str(error.value)


