"""Caller ID: known messages, both ways, names in Chinese, and any bytes."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccappliance.base.limits import MAX_DIALLED
from ccappliance.signalling import callerid
from ccappliance.signalling.callerid import CallerId, CallerIdReader, DtmfCallerId, Moment, decode, decode_name

WHEN = Moment(11, 22, 16, 5)
# A multiple data message as GR-30-CORE lays it out: 30 November 12:24, 6095551212.
BELLCORE = bytes.fromhex("80 16 01 08 31 31 33 30 31 32 32 34 02 0a 36 30 39 35 35 35 31 32 31 32")


def sealed(body: bytes) -> bytes:
    return body + bytes((-sum(body) % 256,))


def parameters(*pairs):
    body = b"".join(bytes((kind, len(value))) + value for kind, value in pairs)
    return sealed(bytes((0x80, len(body))) + body)


def test_a_message_put_together_by_hand():
    assert decode(sealed(BELLCORE)) == CallerId("6095551212", "", Moment(11, 30, 12, 24), "")


def test_sdmf_by_hand():
    assert decode(sealed(b"\x04\x1211221605" + b"6095551212")) == CallerId("6095551212", "", WHEN, "")
    assert decode(sealed(b"\x04\x0911221605P")).absence == "withheld"
    assert decode(sealed(b"\x04\x0911221605O")).absence == "unavailable"
    assert decode(sealed(b"\x04\x0811221605")).absence == "unavailable"
    assert decode(sealed(b"\x04\x0899221605")).absence == "bad_message"


@pytest.mark.parametrize("alphabet", ["gb2312", "gbk", "utf-8"])
@pytest.mark.parametrize("name", ["李小龙", "王伟", "北京电信", "Li 小龙", "John Smith", ""])
def test_mdmf_there_and_back(name, alphabet):
    message = callerid.encode_mdmf("02188886666", name, WHEN, alphabet=alphabet)
    assert decode(message) == CallerId("02188886666", name, WHEN, "")


@pytest.mark.parametrize("absence", ["withheld", "unavailable"])
def test_without_a_number(absence):
    assert decode(callerid.encode_mdmf("", "", WHEN, absence=absence)) == CallerId("", "", WHEN, absence)
    assert decode(callerid.encode_sdmf("", WHEN, absence=absence)) == CallerId("", "", WHEN, absence)


def test_sdmf_there_and_back():
    assert decode(callerid.encode_sdmf("+8613800138000", WHEN)) == CallerId("+8613800138000", "", WHEN, "")


def test_too_long_ones_are_sent_cut_at_a_whole_character():
    caller = decode(callerid.encode_mdmf("1" * 40, "龙" * 40, WHEN))
    assert caller.number == "1" * 20
    assert caller.name == "龙" * 25


def test_every_single_changed_bit_is_noticed():
    good = callerid.encode_mdmf("02188886666", "李小龙", WHEN)
    for place in range(len(good)):
        for bit in range(8):
            bad = bytearray(good)
            bad[place] ^= 1 << bit
            assert decode(bytes(bad)).absence in ("bad_checksum", "bad_message")


def test_every_cut_is_noticed_and_trailing_noise_is_not():
    good = callerid.encode_mdmf("02188886666", "李小龙", WHEN)
    assert all(decode(good[:length]).absence == "bad_message" for length in range(len(good)))
    assert decode(good + b"\xff\x00\x55").number == "02188886666"


@pytest.mark.parametrize(("pairs", "absence"), [
    ([], "unavailable"), ([(2, b"")], "unavailable"), ([(2, b"P")], "withheld"), ([(4, b"P")], "withheld"),
    ([(4, b"O")], "unavailable"), ([(4, b"\xff")], "unavailable"), ([(2, b"123"), (4, b"P")], ""),
    ([(0x55, b"anything"), (2, b"123")], ""), ([(1, b"99999999"), (2, b"123")], ""),
])
def test_mdmf_parameters(pairs, absence):
    assert decode(parameters(*pairs)).absence == absence


def test_a_parameter_longer_than_the_message():
    assert decode(sealed(b"\x80\x04\x02\x50\x31\x32")).absence == "bad_message"
    assert decode(sealed(b"\x80\x01\x02")).absence == "bad_message"


def test_hostile_text_is_disarmed():
    caller = decode(parameters((2, b"12;DROP\r\n+3*#"), (7, b"\x1b[2J=cmd|'\r\n\x00\x7f")))
    assert caller.number == "12+3*#"
    assert caller.name == "[2J=cmd|'"
    assert decode_name("\u202eabc\u200b".encode()) == "abc"


def test_chinese_that_happens_to_be_valid_utf8():
    pair = bytes((0xC2, 0xB7, 0xD0, 0xA1))  # 路小 in GB 2312, ·С in UTF-8
    assert decode_name(pair) == pair.decode("gb2312") == "路小"
    assert decode_name("José".encode()) == "José"


@given(st.binary(max_size=300))
def test_any_bytes_are_harmless(data):
    caller = decode(data)
    assert set(caller.number) <= set("0123456789*#+")
    assert len(caller.number) <= MAX_DIALLED
    assert caller.name == "" or caller.name.isprintable()
    assert caller.absence in ("", "withheld", "unavailable", "bad_checksum", "bad_message")
    assert bool(caller.number) == (caller.absence == "")


@given(st.sampled_from([0x04, 0x80]), st.binary(max_size=255))
def test_any_body_with_a_good_checksum_is_harmless(kind, body):
    caller = decode(sealed(bytes((kind, len(body))) + body))
    assert caller.absence != "bad_checksum"
    assert caller.name == "" or caller.name.isprintable()


@given(st.text(), st.text(), st.datetimes(), st.sampled_from(["gb2312", "gbk", "utf-8", "ascii"]))
def test_whatever_is_sent_is_a_whole_message(number, name, when, alphabet):
    moment = Moment.of(datetime(when.year, when.month, when.day, when.hour, when.minute))
    caller = decode(callerid.encode_mdmf(number, name, moment, alphabet=alphabet))
    assert caller.understood
    assert caller.when == moment
    assert decode(callerid.encode_sdmf(number, moment)).understood


# ---- DTMF ----


@pytest.mark.parametrize(("digits", "caller"), [
    ("D02188886666C", CallerId("02188886666")), ("A02188886666#", CallerId("02188886666")),
    ("B02188886666C", CallerId("02188886666")), ("C02188886666C", CallerId("02188886666")),
    ("B00C", CallerId(absence="unavailable")), ("B10C", CallerId(absence="withheld")),
    ("D1#", CallerId(absence="withheld")), ("D2#", CallerId(absence="unavailable")),
    ("DC", CallerId(absence="unavailable")), ("5D110C", CallerId("110")), ("1234#", CallerId("1234")),
    ("12#", CallerId(absence="bad_message")),
])
def test_framed_dtmf(digits, caller):
    reader = DtmfCallerId()
    assert all(reader.heard(digit) is None for digit in digits[:-1])
    assert reader.heard(digits[-1]) == caller
    assert not reader.begun


def test_bare_digits_end_in_silence():
    reader = DtmfCallerId()
    for digit in "13800138000":
        assert reader.heard(digit) is None
    assert reader.ended() == CallerId("13800138000")
    assert reader.ended() == callerid.NOBODY


@given(st.text("0123456789*#ABCD", max_size=80))
def test_any_digits_are_harmless(digits):
    reader = DtmfCallerId()
    for caller in [*map(reader.heard, digits), reader.ended()]:
        if caller is not None:
            assert bool(caller.number) == (caller.absence == "")
            assert len(caller.number) <= MAX_DIALLED


def test_a_good_message_after_a_spoilt_one_counts_and_not_the_other_way_round():
    good = callerid.encode_mdmf("110", "", WHEN)
    reader = CallerIdReader()
    reader.message(good[:-1])
    assert reader.best.absence == "bad_message"
    reader.message(good)
    reader.message(b"")
    assert reader.best.number == "110"
