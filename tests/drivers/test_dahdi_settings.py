"""Cards in spans.yaml: errors at their place, plans, system.conf; and what `cards detect` makes of a machine."""

import errno
import os
from pathlib import Path

import pytest
from dahdi_fake import FakeKernel

from ccappliance.base.errors import ConfigError
from ccappliance.config.load import load
from ccappliance.drivers.dahdi_conf import system_conf
from ccappliance.drivers.dahdi_detect import detect
from ccappliance.drivers.dahdi_gains import gain_table
from ccappliance.drivers.dahdi_settings import channels_of, plans_of
from ccappliance.drivers.dahdi_words import Alarm, Sig, alarm_words
from ccappliance.media.dsp import alaw_to_linear
from ccappliance.site import Site

CARDS = """\
driver: dahdi
spans:
  office:
    type: analog
    number: 1
    ports:
      - {port: fxo, channels: "1-2,4", sound: {canceller: mg2, echo: 64}}
      - {port: fxs, channels: "5-6", start: loop}
  operator:
    type: e1
    number: 2
    first: 9
    signalling: pri
    sound: {gain_in: 3.0}
  old:
    {type: e1, number: 3, first: 40, signalling: r2, crc4: false, timing: 2, idle_bits: "1001"}
lines:
  fxo/1: {type: fxo, channel: 4}
  fxs/1: {type: fxs, channel: 5, station: "8001"}
"""


def site(folder: Path, text: str) -> Site:
    (folder / "spans.yaml").write_text(text, encoding="utf-8")
    return load(folder, Site).value


def test_system_conf_says_the_same_in_dahdis_words(tmp_path: Path) -> None:
    text = system_conf(site(tmp_path, CARDS).spans, "cn")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines == [
        "fxsks=1-2,4", "alaw=1-2,4", "echocanceller=mg2,1-2,4", "fxols=5-6", "alaw=5-6",
        "span=2,1,0,ccs,hdb3,crc4", "bchan=9-23,25-39", "dchan=24",
        "span=3,2,0,cas,hdb3", "cas=40-54,56-70:1001",
        "loadzone=cn", "defaultzone=cn"]


def test_plans_open_ports_with_lines_and_whole_spans(tmp_path: Path) -> None:
    found = site(tmp_path, CARDS)
    plans = plans_of(found.spans, [line.channel for line in found.lines.values()])
    assert sorted(plans) == [4, 5, *range(9, 40), *[n for n in range(40, 71) if n != 55]]
    assert (plans[4].kind, plans[4].echo, plans[5].kind, plans[5].echo) == ("fxo", 0.064, "fxs", 0.0)
    assert plans[4].place == "channel 4 (port 3 of office)"
    assert (plans[24].kind, plans[9].kind, plans[9].gain_in, plans[40].kind) == ("a data channel", "bearer", 3.0, "cas")


@pytest.mark.parametrize(("old", "new", "place", "words"), [
    ("number: 2", "number: 1", "spans.yaml:11", "span 1 is office already"),
    ("first: 9", "first: 5", "spans.yaml:9", "channel 5 belongs to office already"),
    ("channel: 4", "channel: 5", "spans.yaml", "channel 5 is fxs in span office, not fxo"),
    ("channel: 5", "channel: 7", "spans.yaml", "no span has a channel 7"),
    ("signalling: pri", "signalling: ss7", "spans.yaml:13", "ss7"),
    ("signalling: pri", "signalling: pri\n    framing: cas", "spans.yaml:14", "pri needs framing ccs"),
    ('"5-6"', '"6-5"', "spans.yaml", "no channels"),
    ("port: fxs", "port: fxsks", "spans.yaml:8", "fxsks"),
])
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, old: str, new: str, place: str, words: str) -> None:
    assert old in CARDS
    with pytest.raises(ConfigError) as wrong:
        site(tmp_path, CARDS.replace(old, new, 1))
    told = [str(finding) for finding in wrong.value.findings]
    assert any(place in one and words in one for one in told), told


def test_dahdi_without_cards_is_an_error_and_simulated_lines_need_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cards detect"):
        site(tmp_path, "driver: dahdi\n")
    assert site(tmp_path, "driver: simulated\nlines: {a: {type: fxo, channel: 1}}\n").spans == {}


def test_ranges() -> None:
    assert channels_of("1-3,7") == (1, 2, 3, 7)
    assert channels_of("3-1") == channels_of("0") == channels_of("1-9999") == ()


@pytest.mark.parametrize("db", [-12.0, -3.0, 3.0, 12.0])
def test_gain_tables_are_as_loud_as_they_say(db: float) -> None:
    table = gain_table(db)
    code = bytes([0x80 ^ 0x55 ^ 0x40])  # a middling level, far from full scale
    before = int.from_bytes(alaw_to_linear(code), "little", signed=True)
    after = int.from_bytes(alaw_to_linear(table[code[0]:code[0] + 1]), "little", signed=True)
    assert after / before == pytest.approx(10 ** (db / 20), rel=0.04)  # a step of A-law is 6 % at most


@pytest.mark.parametrize(("bits", "code", "words"), [
    (Alarm.RED | Alarm.LOS, "red", "no signal from the exchange: check the cable at port 1"),
    (Alarm.RED | Alarm.LFA, "red", "framing"), (Alarm.RED | Alarm.LMFA, "red", "crc4"),
    (Alarm.BLUE, "blue", "operator"),
    (Alarm.YELLOW, "yellow", "does not receive us"), (Alarm.NOTOPEN, "not_open", "dahdi_cfg"),
    (Alarm.LOOPBACK, "loopback", "looped"), (Alarm.RECOVER, "recovering", "within seconds"),
    (1 << 30, "red", "unknown"),
    (Alarm.YELLOW | Alarm.RED | Alarm.LOS, "red", "no signal")])
def test_alarms_in_words(bits: int, code: str, words: str) -> None:
    found = alarm_words(bits, "port 1")
    assert found is not None
    assert found[0] == code
    assert words in found[1]
    assert alarm_words(0, "port 1") is None


# ---- detect ----


def test_what_is_found_can_be_written_as_it_stands(tmp_path: Path) -> None:
    kernel = FakeKernel((Sig.FXSKS, Sig.FXSKS, Sig.FXOKS, Sig.NONE),
                        (*[Sig.CLEAR] * 15, Sig.HDLCFCS, *[Sig.CLEAR] * 15), [Sig.CAS] * 31, (Sig.NONE,))
    kernel.alarms[2] = Alarm.RED | Alarm.LOS
    found = detect(lambda: kernel, tmp_path)
    assert kernel.closed
    assert [(span.number, span.kind) for span in found.spans] == [(1, "analog"), (2, "e1"), (3, "e1"), (4, "other")]
    assert "check the cable" in found.spans[1].alarm
    assert found.missing == []
    proposed = site(tmp_path, found.proposal)
    assert proposed.driver == "dahdi"
    assert sorted(proposed.lines) == ["fxo/1", "fxo/2", "fxs/3"]
    assert [span.type for span in proposed.spans.values()] == ["analog", "e1", "e1"]
    assert "bchan=5-19,21-35" in system_conf(proposed.spans, "cn")


def machine(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).mkdir(parents=True)
    return folder


@pytest.mark.parametrize(("number", "paths", "words"), [
    (errno.EACCES, [], ["group dahdi"]),
    (errno.ENOENT, [], ["no module dahdi for this kernel", "dahdi_cfg is missing", "no telephony card"]),
    (errno.ENOENT, ["lib/modules/{}/dahdi.ko"], ["modprobe dahdi"]),
    (errno.ENOENT, ["sys/module/dahdi"], ["udev"]),
])
def test_where_there_is_nothing_it_is_said_why(tmp_path: Path, number: int, paths: list[str], words: list[str]) -> None:
    root = machine(tmp_path, *[path.format(os.uname().release) for path in paths])

    def refuse() -> FakeKernel:
        raise OSError(number, "no")

    found = detect(refuse, root)
    assert (found.spans, found.proposal) == ([], "")
    for word in words:
        assert any(word in one for one in found.missing), found.missing


def test_a_card_without_a_driver_and_spans_without_numbers_are_told(tmp_path: Path) -> None:
    root = machine(tmp_path, "sys/bus/pci/devices/0000:01:00.0", "sys/bus/dahdi_devices/devices/pci:0000:01:00.0")
    (root / "sys/bus/pci/devices/0000:01:00.0/vendor").write_text("0xd161\n")
    (root / "sys/bus/dahdi_devices/devices/pci:0000:01:00.0/spantype").write_text("1:E1\n")

    def refuse() -> FakeKernel:
        raise OSError(errno.ENOENT, "no")

    assert any("Digium" in one and "without a driver" in one for one in detect(refuse, root).missing)
    assert any("dahdi_span_assignments" in one for one in detect(FakeKernel, root).missing)
