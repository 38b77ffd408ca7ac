"""Numbers, presentation and causes between the house and Q.931; and channels as they are written."""

import pytest

from ccappliance.base.causes import Cause
from ccappliance.base.limits import MAX_DIALLED
from ccappliance.signalling.pri_numbers import caller, cause_of, clean, incoming, outgoing, presentation, shown_name
from ccappliance.signalling.pri_settings import NumberingSettings, channels_of

HOUSE = NumberingSettings()


def test_every_octet_the_network_may_send_has_a_cause():
    assert all(isinstance(cause_of(number), Cause) for number in range(256))


@pytest.mark.parametrize(("number", "cause"), [(1, Cause.UNALLOCATED), (3, Cause.UNALLOCATED), (6, Cause.NOT_AVAILABLE),
                                               (17, Cause.BUSY), (22, Cause.UNALLOCATED), (38, Cause.TEMPORARY_FAILURE),
                                               (44, Cause.NOT_AVAILABLE), (82, Cause.NOT_AVAILABLE),
                                               (127, Cause.INTERWORKING)])
def test_causes_the_house_has_no_name_for_are_what_they_mean(number, cause):
    assert cause_of(number) is cause


def test_what_cannot_be_dialled_is_left_out_of_a_number():
    assert clean("+86 (10) 6123-4567\x00") == "+861061234567"
    assert len(clean("1" * 100)) == MAX_DIALLED


@pytest.mark.parametrize(("number", "plan", "written"), [
    ("8613800138000", 0x11, "008613800138000"), ("1061234567", 0x21, "01061234567"), ("61234567", 0x41, "61234567"),
    ("+8613800138000", 0x11, "+8613800138000"), ("", 0x11, "")])
def test_a_number_is_written_with_its_prefix(number, plan, written):
    assert incoming(number, plan, HOUSE) == written


def test_what_is_sent_by_prefix_comes_back_as_it_was():
    for number in ("008613800138000", "01061234567", "61234567"):
        sent, plan = outgoing(number, "prefix", HOUSE)
        assert incoming(sent, plan, HOUSE) == number
    assert outgoing("+861061234567", "prefix", HOUSE) == ("861061234567", 0x11)
    assert outgoing("00", "prefix", HOUSE) == ("0", 0x21)  # a prefix alone is no prefix


def test_who_calls_as_far_as_he_is_shown():
    assert caller("138", 1, 0x00, " Zhang ", HOUSE).name == "Zhang"
    assert caller("138", 1, 0x21, "Zhang", HOUSE).absence == "withheld"
    assert caller("138", 1, 0x21, "Zhang", HOUSE).name == ""
    assert caller("", 1, 0x43, "", HOUSE).absence == "unavailable"
    assert (presentation(True, "1"), presentation(False, "1"), presentation(True, "")) == (0x01, 0x21, 0x43)
    assert (shown_name("Zhang"), shown_name("王芳")) == ("Zhang", "")


def test_channels_as_they_are_written():
    assert channels_of("1-15,17-31") == (*range(1, 16), *range(17, 32))
    assert channels_of(" 3 , 5-6") == (3, 5, 6)


@pytest.mark.parametrize("text", ["", "0-3", "5-3", "1-", "a", "1,1", "1-3,2", "1-99", "1--3", "1-20,21-40"])
def test_channels_that_cannot_be_are_refused(text):
    with pytest.raises(ValueError, match=r"channel|range"):
        channels_of(text)
