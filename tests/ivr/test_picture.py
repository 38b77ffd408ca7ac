"""Pictures of flows: nothing covers anything, arrows end where they should, counts are those of the journal."""

import random
from datetime import UTC, datetime, timedelta
from itertools import combinations
from xml.etree import ElementTree

import pytest
from ivr_world import one_flow

from ccappliance.apps.ivr.picture.chart import chart, columns_of, label_of, shortened
from ccappliance.apps.ivr.picture.layers import Laid, Line, Size, lay
from ccappliance.apps.ivr.picture.svg import draw
from ccappliance.apps.ivr.picture.traffic import Traffic
from ccappliance.apps.ivr.written import Edge
from ccappliance.call import facts
from ccappliance.call.journal import Entry

BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
FLOW = """
hello: {type: play, prompt: welcome, next: menu}
menu: {type: menu, prompt: {zh: 请选择, en: Choose & go}, keys: {1: sales, 2: sales, "*": menu, 3: hello},
       invalid: bye, timeout: bye}
sales: {type: branch, cases: [{when: 'caller = "1"', next: "queue:sales"}], otherwise: bye}
bye: {type: hangup}
"""


def words(prompt: object) -> str:
    return prompt if isinstance(prompt, str) else str(prompt)


def overlaps(laid: Laid, sizes: dict[str, Size], lines: list[Line]) -> list[str]:
    """What covers what: boxes and labels."""
    areas = [(name, laid.boxes[name], size) for name, size in sizes.items()]
    areas += [(f"label {index}", laid.labels[index], line.label) for index, line in enumerate(lines)
              if line.label.width]
    return [f"{one} {other}" for (one, (x, y), a), (other, (u, v), b) in combinations(areas, 2)
            if abs(x - u) < (a.width + b.width) / 2 - 0.01 and abs(y - v) < (a.height + b.height) / 2 - 0.01]


@pytest.mark.parametrize("seed", range(30))
def test_nothing_covers_anything_whatever_the_graph(seed: int) -> None:
    chance = random.Random(seed)
    names = [f"n{number}" for number in range(chance.randint(1, 25))]
    sizes = {name: Size(chance.uniform(60, 220), chance.uniform(20, 70)) for name in names}
    pairs = dict.fromkeys((chance.choice(names), chance.choice(names)) for _ in range(chance.randint(0, 45)))
    lines = [Line(source, target, chance.choice([Size(0, 0), Size(chance.uniform(8, 120), 14)]))
             for source, target in pairs]
    laid = lay(sizes, lines, names[:1])
    assert overlaps(laid, sizes, lines) == [], f"seed {seed}"
    for line, way in zip(lines, laid.ways, strict=True):
        for name, (x, y) in ((line.source, way[0]), (line.target, way[-1])):
            middle, size = laid.boxes[name], sizes[name]
            assert abs(x - middle[0]) <= size.width / 2 + 0.01, f"seed {seed}: {line}"
            assert abs(y - middle[1]) <= size.height / 2 + 0.01, f"seed {seed}: {line}"
    for name, (x, y) in laid.boxes.items():
        assert sizes[name].width / 2 - 0.01 <= x <= laid.width - sizes[name].width / 2 + 0.01, f"seed {seed}"
        assert 0 <= y <= laid.height
    for (x, y), line in zip(laid.labels, lines, strict=True):
        assert x - line.label.width / 2 >= -0.01, f"seed {seed}"
        assert x + line.label.width / 2 <= laid.width + 0.01, f"seed {seed}"
        assert 0 <= y <= laid.height
    assert lay(sizes, lines, names[:1]) == laid


def test_arrows_go_down_unless_they_lead_back() -> None:
    sizes = dict.fromkeys("abcd", Size(50, 20))
    lines = [Line(*pair, Size(0, 0)) for pair in ("ab", "bc", "cd", "ad", "ca")]
    laid = lay(sizes, lines, ["a"])
    assert [laid.boxes[name][1] for name in "abcd"] == sorted(laid.boxes[name][1] for name in "abcd")
    assert laid.backward == [False, False, False, False, True]
    for way, back in zip(laid.ways, laid.backward, strict=True):
        assert (way[0][1] > way[-1][1]) is back


def test_a_tree_is_drawn_without_crossings() -> None:
    """Children given in a bad order find their places."""
    sizes = dict.fromkeys(["r", "a", "b", "c", "a1", "a2", "b1", "c1", "c2"], Size(40, 20))
    pairs = [("r", "a"), ("r", "b"), ("r", "c"), ("c", "a1"), ("a", "b1"), ("b", "a2"), ("a", "c1"), ("c", "c2")]
    laid = lay(sizes, [Line(*pair, Size(0, 0)) for pair in pairs], ["r"])
    places = [(laid.boxes[source][0], laid.boxes[target][0]) for source, target in pairs if source != "r"]
    assert not any((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(places, 2))


def test_a_chart_joins_ways_to_one_target_and_words_their_labels() -> None:
    told = chart("main", one_flow(FLOW)["main"], words)
    arrows = {(arrow.source, arrow.target): arrow.label for arrow in told.arrows}
    assert arrows == {("hello", "menu"): "", ("menu", "sales"): "1 · 2", ("menu", "menu"): "*", ("menu", "hello"): "3",
                      ("menu", "bye"): "invalid · timeout", ("sales", "queue:sales"): 'caller = "1"',
                      ("sales", "bye"): "otherwise"}
    assert told.boxes["queue:sales"].kind == "destination"
    assert [name for name, box in told.boxes.items() if box.start] == ["hello"]
    assert told.boxes["menu"].room == "asking"


def test_words_are_cut_by_columns() -> None:
    assert columns_of("a你") == 3
    assert shortened("你好世界", 5) == "你好…"
    assert shortened("你好", 4) == "你好"
    assert label_of(Edge("failed", "x"), one_flow(FLOW)["main"].nodes["bye"]) == "failed"


def entries(*told: facts.Fact) -> list[Entry]:
    return [Entry(number, BEGIN + timedelta(minutes=number), float(number), fact)
            for number, fact in enumerate(told, start=1)]


def journey(call: str) -> list[facts.Fact]:
    return [facts.FlowEntered(call, "main"), facts.NodeEntered(call, "main", "hello"),
            facts.NodeEntered(call, "main", "menu", "next")]


def test_counts_are_those_of_the_journal() -> None:
    told = entries(*journey("1"), *journey("2"), facts.NodeEntered("1", "main", "sales", "keys.2"),
                   facts.CallEnded("2", 16, "caller"),
                   facts.FlowLeft("1", "main", "sales", "cases[0].next", "queue:sales"),
                   facts.CallEnded("1", 16, "caller"))
    traffic = Traffic().read(told)
    assert traffic.flows["main"] == 2
    assert dict(traffic.hung_up) == {("main", "menu"): 1}
    flow = one_flow(FLOW)["main"]
    arrows = {(arrow.source, arrow.target): (arrow.calls, arrow.share)
              for arrow in chart("main", flow, words, traffic).arrows}
    assert arrows["hello", "menu"] == (2, 1.0)
    assert arrows["menu", "sales"] == (1, 0.5)
    assert arrows["sales", "queue:sales"] == (1, 1.0)
    assert arrows["menu", "bye"] == (0, 0.0)
    late = Traffic(since=BEGIN + timedelta(minutes=4), until=BEGIN + timedelta(minutes=8)).read(told)
    assert late.flows["main"] == 1
    assert late.ways["main", "menu", "keys.2"] == 1, "where it came from counts although that was before"
    assert not late.hung_up


def test_ways_in_a_sub_flow_are_its_own_and_the_way_back_is_the_callers() -> None:
    told = entries(facts.FlowEntered("1", "main"), facts.NodeEntered("1", "main", "ask"),
                   facts.SubflowEntered("1", "main", "ask", "sub"), facts.NodeEntered("1", "sub", "a"),
                   facts.NodeEntered("1", "sub", "b", "next"), facts.SubflowLeft("1", "sub", "b", "", "good", ""),
                   facts.NodeEntered("1", "main", "go", "returns.good"),
                   facts.SubflowEntered("1", "main", "go", "sub"), facts.NodeEntered("1", "sub", "a"),
                   facts.SubflowLeft("1", "sub", "a", "keys.0", "", "queue:sales"),
                   facts.FlowLeft("1", "main", "go", "", "queue:sales"))
    traffic = Traffic().read(told)
    assert dict(traffic.ways) == {("sub", "a", "next"): 1, ("main", "ask", "returns.good"): 1,
                                  ("sub", "a", "keys.0"): 1}
    assert traffic.flows["sub"] == 2
    hung = Traffic().read([*told[:4], *entries(facts.CallEnded("1", 16, "caller"))])
    assert dict(hung.hung_up) == {("sub", "a"): 1}


def test_the_svg_is_well_formed_shows_counts_and_is_the_same_each_time() -> None:
    traffic = Traffic().read(entries(*journey("1"), facts.CallEnded("1", 16, "caller")))
    flows = one_flow(FLOW)
    charts = [chart(name, flow, words, traffic) for name, flow in flows.items()]
    picture = draw(charts, "zh", "journal <of> today")
    texts = ["".join(node.itertext()) for node in ElementTree.fromstring(picture).iter()
             if node.tag.endswith("}text")]
    assert "流程 main · 1 次呼叫" in texts
    assert "1 次呼叫 · 1 次挂断" in texts, "the caller who hung up in the menu"
    assert "1 · 2: 0 (0%)" in texts
    assert "journal <of> today" in texts
    assert draw(charts, "zh", "journal <of> today") == picture


def test_several_flows_are_panels_joined_where_they_lead_to_each_other() -> None:
    day, night = one_flow("a: {type: transfer, to: 'flow:night'}")["main"], one_flow("b: {type: hangup}")["main"]
    picture = draw([chart("day", day, words), chart("night", night, words)], "en")
    root = ElementTree.fromstring(picture)
    panels = [node for node in root.iter() if node.get("fill") == "#fafbfc"]
    joined = [node for node in root.iter() if node.get("stroke") == "#8a939c"]
    assert len(panels) == 2
    assert len(joined) == 1
