"""The binder: every kind of key is read, and everything that does not fit is told with its place and what to do."""

import dataclasses
import datetime

import pytest
from config_sample import Menu, Play, Queue, Side, Site, System, bound

from ccappliance.base.errors import Bug, ConfigError
from ccappliance.config.keys import key
from ccappliance.config.load import Source, bind_sources


def told(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        bound(text)
    return [str(finding) for finding in caught.value.findings]


def test_nothing_written_is_all_defaults() -> None:
    loaded = bound("")
    assert loaded.value == Site()
    assert loaded.warnings == ()


def test_every_type_is_read() -> None:
    site = bound("""
system: {name: "7", gain: -3, opens: 08:30, since: 2026-02-28, fast: no, side: right, pin: "0042"}
queues:
  sales: {number: "+8610", wrapup: 1m30s, max_len: 5, strategy: ring_all, tags: [a, "1"], overflow: "flow:main"}
  service:
routes:
  - {to: "queue:sales", from: "139"}
flows:
  main:
    start: ask
    nodes:
      ask: {type: menu, tries: 2, choices: {1: bye, "*": ask, 0: bye}}
      bye: {type: play, prompt: bye}
hello: [one, two]
""").value
    assert site.system == System(name="7", gain=-3.0, opens=datetime.time(8, 30), since=datetime.date(2026, 2, 28),
                                 fast=False, side=Side.RIGHT, pin="0042")
    assert site.queues == {"sales": Queue(number="+8610", wrapup=90.0, max_len=5, strategy="ring_all", tags=("a", "1"),
                                          overflow="flow:main"), "service": Queue()}
    assert isinstance(site.system.gain, float)
    assert site.routes[0].from_ == "139"
    assert site.flows["main"].nodes == {"ask": Menu(tries=2, choices={"1": "bye", "*": "ask", "0": "bye"}),
                                        "bye": Play(prompt="bye")}
    assert site.hello == ("one", "two")
    assert bound("hello: one").value.hello == "one"


@pytest.mark.parametrize(("written", "seconds"), [
    ("10", 10.0), ("0.5", 0.5), ("10s", 10.0), ("2m", 120.0), ("500ms", 0.5), ("1m30s", 90.0), ('"1m 30s"', 90.0),
    ("1h", 3600.0), ("1.5m", 90.0), ("1e2", 100.0), ('"10"', 10.0)])
def test_durations(written: str, seconds: float) -> None:
    assert bound(f"queues: {{q: {{wrapup: {written}}}}}").value.queues["q"].wrapup == seconds


@pytest.mark.parametrize(("written", "problem"), [
    ("30s1m", "no duration"), ("2m2m", "no duration"), ("1:30", "no duration"), ("soon", "no duration"),
    ("-1", "less than the least allowed, 0 s"), ("2h", "more than the most allowed, 3600 s"), ("", "is empty"),
    ("[1]", "a single value is expected, not a list"), (".inf", "no duration"),
    ("1e999", "too large"), ("9" * 50, "no duration")])
def test_wrong_durations(written: str, problem: str) -> None:
    (finding,) = told(f"queues:\n  q:\n    wrapup: {written}")
    assert finding.startswith("a.yaml:3:")
    assert problem in finding


@pytest.mark.parametrize(("line", "place", "words"), [
    ("system: {nmae: x}", "a.yaml:1:10", "system.nmae: there is no such key (did you mean 'name'?)"),
    ("quees: {}", "a.yaml:1:1", "quees: there is no such key (did you mean 'queues'?)"),
    ("queues: {q: {wrap-up: 1}}", "a.yaml:1:14", "(did you mean 'wrapup'?)"),
    ("queues: {q: {zzz: 1}}", "a.yaml:1:14", "known here: number, wrapup, max_len"),
    ("queues: {q: {number: 0075}}", "a.yaml:1:22", 'for a number and would lose leading zeros and \'+\' (put it in '
                                                 'quotes: "0075")'),
    ("queues: {q: {strategy: no}}", "a.yaml:1:24", 'for a truth value (put it in quotes: "no")'),
    ("system: {name: 2026-01-01}", "a.yaml:1:16", 'takes \'2026-01-01\' for a date (put it in quotes: "2026-01-01")'),
    ("queues: {q: {overflow: #}\n", "a.yaml:", "not valid YAML"),
    ("queues: {q: {strategy: fair}}", "a.yaml:1:24", "'fair' is none of linear, ring_all"),
    ("queues: {q: {number: abc}}", "a.yaml:1:22", "'abc' does not have the form"),
    ("queues: {Q: {}}", "a.yaml:1:10", "'Q' does not have the form [a-z_]+"),
    ("queues: {no: {}}", "a.yaml:1:10", 'takes the name no for a truth value (put it in quotes: "no")'),
    ("queues: {q: {max_len: 1.5}}", "a.yaml:1:23", "a whole number is expected, not '1.5'"),
    ("queues: {q: {max_len: '5'}}", "a.yaml:1:23", "quotes make '5' a text (take the quotes away)"),
    ("queues: {q: {max_len: 010}}", "a.yaml:1:23", "octal"),
    ("queues: {q: {max_len: 0}}", "a.yaml:1:23", "0 is less than the least allowed, 1"),
    ("system: {gain: 5 dBm0}", "a.yaml:1:16", "write only the number; the unit is dBm0"),
    ("system: {gain: .nan}", "a.yaml:1:16", "a number of dBm0 is expected"),
    ("system: {fast: 1}", "a.yaml:1:16", "true or false is expected, not '1'"),
    ("system: {opens: '24:00'}", "a.yaml:1:17", "no time of day"),
    ("system: {since: 2026-02-30}", "a.yaml:1:17", "there is no day 2026-02-30"),
    ("system: {side: up}", "a.yaml:1:16", "'up' is none of left, right"),
    ("system: [1]", "a.yaml:1:1", "a table of keys is expected, not a list"),
    ("queues: [q]", "a.yaml:1:1", "a table of names is expected, not a list"),
    ("routes: {to: x}", "a.yaml:1:1", "a list is expected, not a table (write [one, two], or lines"),
    ("routes: [{from: x}]", "a.yaml:1:10", "routes[0].to: this key is required (Destination.)"),
    ("flows: {m: {nodes: {a: {prompt: x}}}}", "a.yaml:1:21", "the key 'type' is missing (one of play, menu)"),
    ("flows: {m: {nodes: {a: {type: mneu}}}}", "a.yaml:1:31", "there is no type 'mneu' (did you mean 'menu'?)"),
    ("flows: {m: {nodes: {a: {type: menu, prompt: x}}}}", "a.yaml:1:37", "prompt: there is no such key"),
    ("flows: {m: {nodes: {a: 5}}}", "a.yaml:1:24", "a table of keys is expected, not a single value"),
    ("hello: {a: b}", "a.yaml:1:1", "a value or a list is expected, not a table"),
])
def test_what_does_not_fit_is_told_with_place_and_advice(line: str, place: str, words: str) -> None:
    findings = told(line)
    assert findings[0].startswith(place), findings
    assert words in findings[0]


def test_all_findings_are_told_in_the_order_of_the_file() -> None:
    findings = told("routes:\n- {}\nqueues: {q: {wrapup: x, max_len: 0}}\nsystem: {a: 1}\n")
    assert [finding.split(": ")[:2] for finding in findings] == [
        ["a.yaml:2:3", "routes[0].to"], ["a.yaml:3:22", "queues.q.wrapup"], ["a.yaml:3:34", "queues.q.max_len"],
        ["a.yaml:4:10", "system.a"]]


def test_a_flood_of_findings_is_cut() -> None:
    findings = told("\n".join(f"key{number}: 1" for number in range(300)))
    assert len(findings) == 101
    assert "and 200 more" in findings[-1]


def test_a_secret_is_never_told() -> None:
    for written in ("hunter", "12345x", "123456"):
        assert all(written not in finding for finding in told(f"system: {{pin: {written}}}"))


def test_checks_run_bottom_up_with_the_place_of_the_nearest_key() -> None:
    findings = told("flows:\n  m:\n    nodes:\n      a: {type: menu}\nroutes:\n  - to: queue:none\n")
    assert findings == ["a.yaml:2:3: flows.m.start: there is no node 'start' (name one of nodes)",
                        "a.yaml:6:9: routes[0].to: there is no queue:none"]


def test_warnings_do_not_refuse() -> None:
    loaded = bound("queues:\n  unused:\n")
    assert [str(warning) for warning in loaded.warnings] == ["a.yaml:2:10: queues.unused: nobody calls this queue"]


def test_an_owner_who_refuses_in_post_init_is_a_finding() -> None:
    @dataclasses.dataclass(frozen=True)
    class Odd:
        n: int = key(1, doc="Odd.")

        def __post_init__(self) -> None:
            if self.n % 2 == 0:
                raise ValueError(f"{self.n} is even")

    with pytest.raises(ConfigError, match=r"a\.yaml:1:1: : 2 is even"):
        bind_sources([Source("a.yaml", b"n: 2")], Odd)


def test_a_key_may_be_called_type() -> None:
    @dataclasses.dataclass(frozen=True)
    class Typed:
        type: str = key("a", doc="A key.")

    assert bind_sources([Source("a.yaml", b"type: b")], Typed).value.type == "b"
    assert bind_sources([Source("a.yaml", b"")], Typed).value.type == "a"


def test_a_field_that_is_no_key_is_a_bug_of_its_owner() -> None:
    @dataclasses.dataclass(frozen=True)
    class Wrong:
        n: complex = key(1, doc="No such key.")

    with pytest.raises(Bug, match=r"Wrong\.n: .* is no type a key can have"):
        bind_sources([Source("a.yaml", b"")], Wrong)
