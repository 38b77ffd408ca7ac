"""`Master.csv`: eighteen fields as Asterisk's cdr_csv writes them, whatever a caller is called, once for each call."""

import csv
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from test_cdr import Teller, ended, offered, whole_call

from ccappliance.base.causes import Cause
from ccappliance.call import facts
from ccappliance.call.cdr import Cdr
from ccappliance.call.master_csv import MasterCsvLines, disposition, line

SHANGHAI = ZoneInfo("Asia/Shanghai")


def whole() -> Cdr:
    house = Teller()
    house.tell(*whole_call())
    return house.one()


def test_a_call_field_for_field() -> None:
    assert line(whole(), SHANGHAI) == (
        '"","020123","4008","queue","""王"" <020123>","fxo/1-c","fxs/2-c","Queue","sales","2026-11-22 16:00:00",'
        '"2026-11-22 16:00:02","2026-11-22 16:01:57",117,115,"ANSWERED","DOCUMENTATION","c","2026/c-r1.wav"')


@pytest.mark.parametrize(("name", "read"), [
    ('=HYPERLINK("http://x","y")', '"=HYPERLINK("http://x","y")" <020123>'), ("a,b", '"a,b" <020123>'),
    ("two\r\nlines", '"two  lines" <020123>'), ("", "020123")])
def test_whatever_somebody_is_called_it_is_one_field_of_one_line(name: str, read: str) -> None:
    told = line(replace(whole(), name=name), SHANGHAI)
    assert "\n" not in told
    (row,) = csv.reader([told])
    assert len(row) == 18
    assert row[4] == read


@pytest.mark.parametrize(("called", "read"), [("+8613800138000", "+8613800138000"), ("*11", "*11"), ("=1+1", "'=1+1"),
                                              ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)")])
def test_nothing_is_computed_by_a_spreadsheet_and_numbers_stay(called: str, read: str) -> None:
    (row,) = csv.reader([line(replace(whole(), called=called), SHANGHAI)])
    assert row[2] == read


@pytest.mark.parametrize(("answered", "cause", "told"), [
    (True, Cause.NORMAL, "ANSWERED"), (False, Cause.BUSY, "BUSY"), (False, Cause.NO_ANSWER, "NO ANSWER"),
    (False, Cause.CONGESTION, "CONGESTION"), (False, Cause.UNALLOCATED, "FAILED")])
def test_a_disposition_is_one_of_asterisks_five(answered: bool, cause: Cause, told: str) -> None:
    house = Teller()
    house.tell(offered(), *([facts.CallAnswered("c")] if answered else []), 3.0, ended("c", cause))
    assert disposition(house.one()) == told


def test_one_line_for_each_call_and_none_is_told_again_from_the_middle() -> None:
    house, lines = Teller(), list[str]()
    fold = MasterCsvLines(lines.append, SHANGHAI)
    house.journal.follow(fold.hear)
    for name in ("a", "b", "c"):
        house.tell(*whole_call(name), 1.0)
    house.tell(offered("d"))
    assert [row[16] for row in csv.reader(lines)] == ["a", "b", "c"]
    assert fold.replay_from(house.journal.seq) == house.journal.seq  # from d's offer on
