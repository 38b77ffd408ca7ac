"""The YAML reader: broken files say where and what to do; any bytes give a tree or findings, never an exception."""

import string

import pytest
from config_sample import Site
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.base.errors import ConfigError
from ccappliance.config.load import Source, bind_sources
from ccappliance.config.tree import Findings, Items, Meaning, Scalar
from ccappliance.config.yaml import parse


def told(data: bytes) -> list[str]:
    findings = Findings()
    parse(data, "a.yaml", findings)
    return [str(finding) for finding in findings.errors]


@pytest.mark.parametrize(("data", "place", "words"), [
    (b"a:\n\tb: 1", "a.yaml:2:1", "indent with spaces: YAML allows no tabs there"),
    (b"a: b: c", "a.yaml:1:5", "put texts that contain ': ' in quotes"),
    (b"a: *", "a.yaml:1:", "put '*' and '&' in quotes"),
    (b"a: *b", "a.yaml:1:4", "undefined alias"),
    (b"a: @b", "a.yaml:1:4", "put the text in quotes"),
    (b'a: "b', "a.yaml:1:6", "never closed"),
    (b"a: 1\n---\nb: 2", "a.yaml:2:1", "one file is one document"),
    (b"a: 1\n b: 2", "a.yaml:2:3", "check the indentation"),
    (b"a: \xd6\xd0", "a.yaml:1:4", "save the file in UTF-8, not GBK"),
    ("a: 1".encode("utf-16"), "a.yaml:1:1", "is not UTF-8"),
    (b"a: 1\nb: \x00", "a.yaml:2:4", "the character U+0000 is not allowed"),
    (b"- a", "a.yaml:1:1", "must consist of `key: value` lines"),
    (b"a: 1\nb: 2\na: 3", "a.yaml:3:1", "given twice: first at a.yaml:1:1 (keep one of them)"),
    (b"1: 1\n'1': 2", "a.yaml:2:1", "given twice"),
    (b"[a]: 1", "a.yaml:1:1", "a key must be a word"),
    (b"a: !!python/name:os.system x", "a.yaml:1:4", "is not used here"),
    (b"a: !mine {}", "a.yaml:1:4", "the tag '!mine' is not used here"),
    (b"a: &x [*x]", "a.yaml:1:4", "an alias to itself"),
    (b"a: &x {b: *x}", "a.yaml:1:4", "an alias to itself"),
    (b"a: " + b"[" * 50, "a.yaml:1:", "levels inside each other"),
    (b'a: "\\UFFFFFFFF"', "a.yaml:1:1", "check escapes"),
    (b'a: "\\ud800"', "a.yaml:1:4", "surrogate"),
    (b"<<: 1", "a.yaml:1:5", "only tables can be merged"),
    (b"a: 1 # " + b"x" * 300_000, "a.yaml:1:1", "larger than 256 KiB"),
])
def test_broken_files_say_where_and_what_to_do(data: bytes, place: str, words: str) -> None:
    (finding, *_) = told(data)
    assert finding.startswith(place), finding
    assert words in finding


@pytest.mark.slow
def test_a_billion_laughs_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 9)]
    assert "too many" in told("\n".join(lines).encode())[0]


def test_texts_stay_as_written() -> None:
    text = 'a: 007\nb: no\nc: "no"\nd:\ne: 2026-01-01\nf: [8:30, "*"]\n电话: "无"\n'
    table = parse(text.encode(), "a.yaml", Findings())
    assert table is not None
    values = {name: entry.value for name, entry in table.entries.items()}
    found = {name: (value.text, value.meaning) for name, value in values.items() if isinstance(value, Scalar)}
    assert found == {"a": ("007", Meaning.NUMBER), "b": ("no", Meaning.BOOLEAN), "c": ("no", Meaning.TEXT),
                     "d": ("", Meaning.NOTHING), "e": ("2026-01-01", Meaning.DATE), "电话": ("无", Meaning.TEXT)}
    assert isinstance(values["f"], Items)
    assert str(table.entries["c"].place) == "a.yaml:3:4"


def test_anchors_and_merge_keys() -> None:
    table = parse(b"base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\n", "a.yaml", Findings())
    assert table is not None
    own = table.entries["own"].value
    assert {name: entry.value.text for name, entry in own.entries.items()} == {"x": "1", "y": "3"}  # type: ignore[union-attr]
    assert str(own.entries["x"].place) == "a.yaml:1:14"  # type: ignore[union-attr]


def test_an_empty_file_is_an_empty_table() -> None:
    for data in (b"", b"# nothing\n", b"---\n", b"~", b"\xef\xbb\xbf"):
        table = parse(data, "a.yaml", Findings())
        assert table is not None
        assert table.entries == {}


SYNTAX = st.text(alphabet="abqueuswrp019 :-[]{},&*!|>'\"%@`#~<\n\t\\Ux", max_size=80).map(str.encode)
NEAR = st.lists(st.sampled_from(["queues:", "\n", "  ", " q:", " {", "}", "wrapup", ": ", "1h", "no", "system", "[",
                                 "]", "flows", "type: menu", "&a ", "*a", "- ", "<<: ", '"', "0", "pin", "!!str "]),
                max_size=25).map(lambda parts: "".join(parts).encode())


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=100), SYNTAX, NEAR, st.text(alphabet=string.printable).map(str.encode)))
def test_any_bytes_are_a_site_or_clear_findings(data: bytes) -> None:
    findings = []
    try:
        bound = bind_sources([Source("a.yaml", data)], Site)
    except ConfigError as error:
        findings = error.findings
    else:
        assert isinstance(bound.value, Site)
        return
    assert findings
    for finding in findings:
        assert finding.problem
        assert finding.place.startswith("a.yaml:")
        str(finding).encode()
