"""The node lookup: every kind of source, every way out, and what the caller hears meanwhile."""

import sqlite3
from pathlib import Path

import pytest
from ivr_world import World
from outside_world import Outdoors, sources, visit

from ccappliance.apps.ivr.sources import json_path
from ccappliance.apps.ivr.sources.query import Database, SourceFault, parameters, sql_problem
from ccappliance.apps.ivr.sources.settings import HttpSource
from ccappliance.apps.ivr.sources.table import TableFault, read_table
from ccappliance.base.errors import ConfigError
from ccappliance.call import facts
from ccappliance.sim.outsiders import Service

NODES = """
ask: {type: lookup, source: accounts, with: {number: vars.account}, variables: {balance: balance, who: name},
      found: tell, missing: none, failed: broken, timeout: late}
tell: {type: set, variables: {said: "vars.who & ':' & vars.balance"}, next: end}
none: {type: queue, queue: none}
broken: {type: queue, queue: broken}
late: {type: queue, queue: late}
end: {type: hangup}
"""
TABLE = "number,name,balance\n123456,王芳,12.50\n654321,\"Li, Ming\",0\n"


def account(number: str) -> object:
    return lambda world: world.call.variables.update(account=number)


def csv_sources(file: Path, more: str = "") -> Outdoors:
    return Outdoors(given=sources(f"sources:\n  accounts: {{type: csv, file: {file}, keys: [number]{more}}}\n"))


def outcome(world: World) -> tuple[str, str]:
    asked = [fact for fact in world.journal if isinstance(fact, facts.SourceAsked)]
    assert len(asked) == 1
    return asked[0].outcome, asked[0].why


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_a_table_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(TABLE, encoding=encoding)
    world, to, _ = visit(NODES, csv_sources(file), account("123456"))
    assert (to, world.call.variables["said"]) == (None, "王芳:12.50")
    assert outcome(world) == ("found", "")


def test_who_is_not_in_the_table_goes_another_way_and_old_values_are_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(TABLE, encoding="utf-8")

    def prepare(world: World) -> None:
        world.call.variables.update(account="111", balance="99")
    world, to, _ = visit(NODES, csv_sources(file), prepare)
    assert (to, world.call.variables["balance"]) == ("queue:none", "")


def test_a_table_that_is_not_there_or_wrong_is_told_by_line(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    world, to, _ = visit(NODES, csv_sources(file), account("123456"))
    assert to == "queue:broken"
    assert "No such file" in outcome(world)[1]
    file.write_text("number,name,balance\n1,a,2\n2,b\n1,c,3\n", encoding="utf-8")
    (given,) = csv_sources(file)._given.values()
    with pytest.raises(TableFault) as failed:
        read_table(given)
    assert failed.value.problems == ("3: 2 fields where the first line has 3", "4: 1 stands in line 2 already")
    file.write_bytes(b"number,name,balance\n1,a,2\n" + b"2,\xff\xff,3\n")
    with pytest.raises(TableFault, match=r"accounts\.csv:3: neither UTF-8 nor GB18030"):
        read_table(given)
    file.write_text("number,name,balance\n1,\"a,2\n2,b,3\n", encoding="utf-8")
    with pytest.raises(TableFault, match="unexpected end of data"):
        read_table(given)
    file.write_text("nummer,name\n1,a\n", encoding="utf-8")
    with pytest.raises(TableFault, match="there is no column 'number', only nummer, name"):
        read_table(given)


def test_a_table_is_read_again_when_it_has_changed_and_keeps_what_it_had_while_it_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(TABLE, encoding="utf-8")
    given = csv_sources(file)._given
    twice = NODES.replace("next: end}\nnone", "next: again}\nnone") + """
again: {type: lookup, source: accounts, with: {number: vars.account}, variables: {then: balance},
        found: end, missing: none, failed: broken}
"""

    def change(text: str) -> Outdoors:
        outdoors = Outdoors(given=given)

        def prepare(world: World) -> None:
            world.call.variables["account"] = "123456"
            find = world.call.variables

            class Watching(dict[str, str]):
                def __setitem__(self, name: str, value: str) -> None:
                    if name == "said":  # between the two look-ups somebody writes the file anew
                        file.write_text(text, encoding="utf-8")
                    super().__setitem__(name, value)

            world.call.variables = Watching(find)  # type: ignore[assignment]
        world, _, _ = visit(twice, outdoors, prepare)
        seen.append(world.call.variables["then"])
        return outdoors

    seen: list[str] = []
    change(TABLE.replace("12.50", "7.00"))
    assert seen == ["7.00"]
    change("number,name,balance\nbroken\n")
    assert seen == ["7.00", "7.00"]


def test_a_database_is_only_read_and_asked_with_parameters(tmp_path: Path) -> None:
    file = tmp_path / "it's 100%.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE account (number TEXT, name TEXT, balance REAL)")
        connection.execute("INSERT INTO account VALUES ('123456', '王芳', 12.5)")
    connection.close()
    given = sources('sources:\n  accounts: {type: sqlite, file: "' + str(file) + '", '
                    'sql: "SELECT name, balance FROM account WHERE number = :number"}\n')
    world, to, _ = visit(NODES, Outdoors(given=given), account("123456"))
    assert (to, world.call.variables["said"]) == (None, "王芳:12.5")
    world, to, _ = visit(NODES, Outdoors(given=given), account("' OR 1=1 --"))
    assert to == "queue:none"
    with pytest.raises(SourceFault, match=r"not authorized|readonly"):
        Database(str(file), "WITH x AS (SELECT 1) DELETE FROM account").find({}, lambda: False)
    with pytest.raises(SourceFault, match="not authorized"):
        Database(str(file), "SELECT 1 FROM pragma_table_info('account')").find({}, lambda: False)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    with pytest.raises(SourceFault, match="takes too long"):
        Database(str(file), endless).find({}, lambda: True)


@pytest.mark.parametrize(("sql", "asks", "problem"), [
    ("SELECT a FROM b WHERE c = :c AND d > :d OR e = :c", ("c", "d"), ""),
    ("SELECT ':no' -- :nor this\n, x FROM b /* :or this */ WHERE c = :c;", ("c",), ""),
    ("with x as (select 1) select * from x", (), ""),
    ("SELECT 1; DROP TABLE a", (), "there are several statements"),
    ("DELETE FROM a", (), "this is no SELECT"), ("", (), "this is no SELECT"),
    ("SELECT a FROM b WHERE c = ?", (), "values are written :name, not ?, @name or $name")])
def test_statements(sql: str, asks: tuple[str, ...], problem: str) -> None:
    assert (parameters(sql), sql_problem(sql)) == (asks, problem)


HTTP = "sources:\n  accounts: {type: http, url: 'https://bank.example/a/{number}?x=1', headers: {X-Key: k}}\n"


@pytest.mark.parametrize(("service", "to", "told"), [
    (Service(url="*", answer={"balance": 12.5, "name": "王芳"}), None, ("found", "")),
    (Service(url="*", answer='{"balance": 12.50, "name": null}'), None, ("found", "")),
    (Service(url="*", status=404), "queue:none", ("missing", "")),
    (Service(url="*", answer={"other": 1}), "queue:none", ("missing", "")),
    (Service(url="*", status=500), "queue:broken", ("failed", "the service answered with status 500")),
    (Service(url="*", status=302), "queue:broken", ("failed", "the service answered with status 302")),
    (Service(url="*", answer="<html>"), "queue:broken",
     ("failed", "the service's answer is no JSON: Expecting value: line 1 column 1 (char 0)")),
    (Service(url="*", answer="[" * 100_000), "queue:broken",
     ("failed", "the service's answer is no JSON: nested too deeply")),
    (Service(url="*", fails="nobody there"), "queue:broken", ("failed", "nobody there")),
    (Service(url="*", after=9.0), "queue:late", ("timeout", "no answer within 5 s"))])
def test_a_web_service(service: Service, to: str | None, told: tuple[str, str]) -> None:
    outdoors = Outdoors(services=[service], given=sources(HTTP))
    world, left_to, _ = visit(NODES, outdoors, account("12/../?&#王"))
    assert (left_to, outcome(world)) == (to, told)
    (request,) = outdoors.web.asked
    assert request.url == "https://bank.example/a/12%2F..%2F%3F%26%23%E7%8E%8B?x=1"
    assert request.headers["X-Key"] == "k"


def test_who_waits_hears_that_he_should_and_then_music_and_his_key_is_kept() -> None:
    hello = "hello: {type: play, prompt: welcome, next: ask}\n"
    menu = "menu: {type: menu, prompt: welcome, keys: {1: none}, invalid: broken, timeout: late}\n"
    nodes = hello + NODES.replace("found: tell", "found: menu").replace("tell: {type", "unused: {type") + menu
    outdoors = Outdoors(services=[Service(url="*", answer={"balance": "1"}, after=4.0)], given=sources(HTTP))
    world, to, ended = visit(nodes, outdoors, account("1"), keys=[(3.0, "1")])
    assert world.played() == ["zh/welcome", "zh/please_wait", "zh/music"]
    assert (to, ended) == ("queue:none", 5.0)


def test_who_has_not_been_answered_is_not_answered_by_waiting_and_may_leave() -> None:
    outdoors = Outdoors(services=[Service(url="*", answer={"balance": "1"}, after=4.0)], given=sources(HTTP))
    world, to, ended = visit(NODES, outdoors, account("1"), hang_up=2.0)
    assert (to, ended, world.played()) == ("cancelled", 2.0, [])


def test_a_post_sends_its_values_as_json() -> None:
    outdoors = Outdoors(services=[Service(url="https://b.example/q", answer={"balance": "1"})], given=sources(
        "sources:\n  accounts: {type: http, url: 'https://b.example/q', method: POST, body: [number]}\n"))
    visit(NODES, outdoors, account('1"2'))
    assert outdoors.web.asked[0].body == b'{"number": "1\\"2"}'


@pytest.mark.parametrize(("url", "problem"), [
    ("ftp://a/b", "this is no URL of a web service"), ("https://{number}.example/", "which host is asked"),
    ("https://a.example/x#y", "never sent"), ("https://a.example/ x", "this is no URL"),
    ("https://a.example:99999/", "Port out of range"), ("https://a.example/{Bad}", "no name of a value")])
def test_a_url_that_cannot_be_meant(url: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        sources(f"sources:\n  a: {{type: http, url: '{url}'}}\n")


def test_a_header_cannot_begin_another_one() -> None:
    for headers in ('{X: "a\\r\\nY: b"}', '{"X Y": a}', "{X: 王}"):
        with pytest.raises(ConfigError, match="header"):
            sources(f"sources:\n  a: {{type: http, url: 'https://a.example/', headers: {headers}}}\n")


@pytest.mark.parametrize(("path", "value"), [
    ("a", "1"), ("b.c[1].d", "x"), ("b.c[0]", '{"d": "w"}'), ("b.c[9].d", None), ("n", None), ("t", "1"), ("f", ""),
    ("a.b", None), ("money", "12.50"), ("姓名", "王芳")])
def test_places_in_json(path: str, value: str | None) -> None:
    document = json_path.parse('{"a": 1, "b": {"c": [{"d": "w"}, {"d": "x"}]}, "n": null, "t": true, "f": false, '
                               '"money": 12.50, "姓名": "王芳"}'.encode())
    assert json_path.pick(document, path) == value


def test_what_is_no_place_in_json() -> None:
    assert [json_path.steps(path) for path in ("", ".", "a.", "a[x]", "[0]b", "a..b", "a[-1]")] == [None] * 7
    assert json_path.steps("[0].a") == [0, "a"]


def test_only_names_are_asked_for() -> None:
    source = HttpSource(url="https://a.example/{one}?b={two}&c={one}", method="POST", body=("three",))
    assert source.asks() == ("one", "two", "three")
