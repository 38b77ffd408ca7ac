"""AMI's wire: any portions of bytes are the same actions, garbage is harmless, and no value breaks a line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_AMI_FILTERS, MAX_AMI_LINE, MAX_AMI_LINES
from ccappliance.interfaces.ami.filters import Filters
from ccappliance.interfaces.ami.wire import Parser, TooLong, clean, is_name, legacy, message

TWO = b"Action: Ping\r\nActionID: 1\r\n\r\n\r\naction:Originate\nVariable: a=1\r\nVARIABLE: b: 2\r\njunk\r\n\r\n"


def test_two_actions_in_one_segment_and_one_byte_at_a_time() -> None:
    whole = Parser().feed(TWO)
    parser = Parser()
    slowly = [asked for number in range(len(TWO)) for asked in parser.feed(TWO[number:number + 1])]
    assert whole == slowly
    assert [one.action for one in whole] == ["Ping", "Originate"]
    assert (whole[0].action_id, whole[1].all("Variable"), whole[1].get("x", "-")) == ("1", ["a=1", "b: 2"], "-")


def test_a_line_and_an_action_have_their_limits() -> None:
    for bad in (b"x" * (MAX_AMI_LINE + 1), b"A: " + b"x" * MAX_AMI_LINE + b"\r\n", b"a: 1\r\n" * (MAX_AMI_LINES + 1)):
        with pytest.raises(TooLong):
            Parser().feed(bad)
    assert Parser().feed(b"a: 1\r\n" * MAX_AMI_LINES + b"\r\n")


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_garbage_is_read_without_harm(parts: list[bytes]) -> None:
    one, other = Parser(), Parser()
    assert [asked for part in parts for asked in one.feed(part)] == other.feed(b"".join(parts))


@given(st.text(max_size=200))
def test_no_value_breaks_a_line(value: str) -> None:
    said = message([("Event", "UserEvent"), ("Value", value)]).decode()
    assert said.count("\r\n") == 3
    assert said.endswith("\r\n\r\n")
    (asked,) = Parser().feed(said.encode())
    assert len(asked.fields) == 2


def test_what_hangs_pyst2_is_said_in_lists_only() -> None:
    assert clean("x status will follow") == "x status_will_follow"
    assert clean("Queue status will follow") == "Queue status will follow"
    assert [is_name(name) for name in ("Foo", "ChanVariable", "chanvariable(x)", "Response", "a b", "")] == [
        True, False, False, False, False, False]
    said = legacy([("Response", "Follows")], ["a\r\n--END COMMAND--", "b"])
    assert said == b"Response: Follows\r\na  \nb\n--END COMMAND--\r\n\r\n"


def test_filters_know_a_little_of_regular_expressions() -> None:
    lines = ["Event: Newchannel", "Channel: DAHDI/i1/138-1a"]
    for written, passes in (("Newchannel", True), ("^Event: Hangup$", False), ("^Event: New.*", True), ("annel$", True),
                            ("DAHDI/i./1.*-1a$", True), ("!Event: New", False), ("^Event: Newchannel$", True),
                            ("!Hangup", True), ("^channel", False), ("i1\\.", False), ("^Event.*Event", False)):
        filters = Filters()
        filters.add(written)
        assert filters.passes(lines) is passes, written
    for bad in ("(a+)+$", "[x]", "a{9}"):
        with pytest.raises(Refused, match="a filter knows"):
            Filters().add(bad)
    filters = Filters()
    for _ in range(MAX_AMI_FILTERS):
        filters.add("x")
    with pytest.raises(Refused, match="at most"):
        filters.add("x")


@settings(deadline=None)
@given(st.text(alphabet=".*ab^$\\!", max_size=30), st.text(alphabet="ab", max_size=60))
def test_no_filter_is_slow_or_fails(written: str, line: str) -> None:
    filters = Filters()
    try:
        filters.add(written)
    except Refused:
        return
    filters.passes([line])
