"""The directory: names as keys, who is found by them, and a caller who looks for somebody."""

from importlib import resources

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ivr_world import World, one_flow, play_call
from test_flow_check import told

from ccappliance.apps.ivr.directory import MAX_FORMS, Keypad, Person, spoken_in
from ccappliance.call import facts

PAD = Keypad.standard()
PEOPLE = [Person("李明", "station:8001"), Person("王芳", "station:8002"), Person("Anna Smith", "station:8003"),
          Person("吴帆", ""), Person("刘美兰", "station:8005")]
FLOW = one_flow("find: {type: directory, failed: \"queue:sales\"}")


@pytest.mark.parametrize(("name", "keys"), [
    ("李明", ["56"]), ("王芳", ["93"]), ("欧阳娜娜", ["6966"]), ("单雄信", ["799", "399"]), ("翟天临", ["985"]),
    ("Li Ming", ["546464", "646454"]), ("Anna-Maria", ["266262742", "627422662"]), ("买买提·艾力", ["66825", "25668"]),
    ("Tom 王", ["8669", "9866"]), ("鱻", []), ("", []), ("7", []), ("é", [])])
def test_spellings(name: str, keys: list[str]) -> None:
    assert PAD.spellings(name) == keys


@given(st.text(max_size=40))
def test_any_name_has_a_few_spellings_of_keys(name: str) -> None:
    forms = PAD.spellings(name)
    assert len(forms) <= MAX_FORMS
    assert all(form and set(form) <= set("23456789") for form in forms)


def test_the_initials_of_all_syllables_of_level_1() -> None:
    """A character of each letter, from its first and its last syllable: they lie in the order of pinyin."""
    known = {"A": "阿奥", "B": "巴布", "C": "擦错", "D": "搭堕", "E": "蛾二", "F": "发咐", "G": "噶过", "H": "哈获",
             "J": "击骏", "K": "喀阔", "L": "垃落", "M": "妈穆", "N": "拿诺", "O": "哦沤",
             "P": "啪瀑", "Q": "期群", "R": "然若", "S": "撒所",
             "T": "塌唾", "W": "挖误", "X": "昔逊", "Y": "压孕", "Z": "匝座"}
    assert {char: PAD.letters(char) for chars in known.values() for char in chars} == {
        char: letter for letter, chars in known.items() for char in chars}


def test_the_table_says_only_what_is_not_known_without_it() -> None:
    data = yaml.safe_load((resources.files("ccappliance.apps.ivr") / "data" / "letters.yaml").read_text("utf-8"))
    bare = Keypad({}, {})
    chars = [char for chars in data["readings"].values() for char in chars]
    assert len(chars) == len(dict.fromkeys(chars))
    assert [char for letters, some in data["readings"].items() for char in some if bare.letters(char) == letters] == []
    assert sorted("".join(data["keys"].values())) == [chr(65 + index) for index in range(26)]


def test_whole_names_come_first() -> None:
    people = [Person("王芳芳", "a"), Person("王芳", "b"), Person("李明", "c")]
    assert [person.to for person in PAD.find("93", people)] == ["b", "a"]


def test_names_are_said_in_their_own_language() -> None:
    assert (spoken_in("王芳"), spoken_in("Anna"), spoken_in("José")) == ("zh", "en", "zh")


def here(world: World) -> None:
    world.people = PEOPLE


def test_one_is_found() -> None:
    world, to, _ = play_call(FLOW, keys=[(2.0, "565#"), (4.0, "1")], prepare=here)
    assert to == "station:8005"
    assert world.played() == ["zh/directory_enter",
                              "zh/directory_for zh/刘美兰 zh/directory_press zh/一 zh/directory_again"]
    assert world.inputs() == [("find", "565", "terminator"), ("find", "1", "complete")]
    left = [fact for fact in world.journal if isinstance(fact, facts.FlowLeft)]
    assert left == [facts.FlowLeft("1.000001", "main", "find", "person", "station:8005")]


def test_several_are_read_out() -> None:
    world, to, _ = play_call(FLOW, keys=[(2.0, "93"), (12.0, "2")], prepare=here)
    assert to == "queue:sales"
    assert world.played()[1].startswith("zh/directory_for zh/王芳 zh/directory_press zh/一 "
                                        "zh/directory_for zh/吴帆 zh/directory_press zh/二")
    assert world.played()[2] == "zh/directory_away"


def test_a_name_in_letters() -> None:
    world, to, _ = play_call(FLOW, keys=[(2.0, "7648#"), (4.0, "1")], prepare=here)
    assert to == "station:8003"
    assert "en/Anna Smith" in world.played()[1]


def test_nobody_then_another_then_none_of_them() -> None:
    world, to, _ = play_call(FLOW, keys=[(2.0, "2222#"), (6.0, "5#"), (9.0, "56#"), (11.0, "*")], prepare=here)
    assert to == "queue:sales"
    assert world.played()[1] == "zh/directory_nobody zh/directory_enter"
    assert world.inputs() == [("find", "2222", "terminator"), ("find", "5", "invalid"), ("find", "56", "terminator"),
                              ("find", "*", "complete")]


def test_silence_ends_it() -> None:
    world, to, _ = play_call(FLOW, prepare=here)
    assert to == "queue:sales"
    assert world.played() == ["zh/directory_enter", *["zh/no_input zh/directory_enter"] * 2]


def test_too_many_are_not_read_out() -> None:
    def crowd(world: World) -> None:
        world.people = [Person(f"王芳{char}", f"station:{index}") for index, char in enumerate("一二三四五六七八九十")]
    world, to, _ = play_call(FLOW, keys=[(2.0, "93#"), (5.0, "937#"), (8.0, "1")], prepare=crowd)
    assert world.played()[1] == "zh/directory_many zh/directory_enter"
    assert to in ("station:2", "station:3")  # 三 四 are 7 both, in the order given: 三
    assert to == "station:2"


def test_its_ways_are_checked() -> None:
    (finding,) = told("a: {type: directory, failed: sale}")
    assert "nodes.a.failed: there is no node 'sale'" in finding
