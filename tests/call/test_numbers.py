"""Numbers as lines show them: one form, place, carrier, kind, owner; against the library that knows all of them."""

import random

import phonenumbers
import pytest
from phonenumbers import carrier

from ccappliance.call.numbering import plan
from ccappliance.call.numbers import KINDS, Numbers, services

BEIJING = Numbers("010")


@pytest.mark.parametrize(("shown", "normal", "kind", "place", "carrier_name"), [
    ("13800138000", "+8613800138000", "mobile", "北京", "移动"),
    ("013800138000", "+8613800138000", "mobile", "北京", "移动"),  # a 0 before a mobile number of elsewhere
    ("+86 138-0013-8000", "+8613800138000", "mobile", "北京", "移动"),
    ("008613800138000", "+8613800138000", "mobile", "北京", "移动"),
    ("1790913800138000", "+8613800138000", "mobile", "北京", "移动"),  # dialled over IP telephony
    ("17909075586123456", "+8675586123456", "fixed", "广东深圳", ""),
    ("19912345678", "+8619912345678", "mobile", "", "电信"),  # a block issued after the data
    ("19212345678", "+8619212345678", "mobile", "", "广电"),
    ("61234567", "+861061234567", "fixed", "北京", ""),  # local
    ("01061234567", "+861061234567", "fixed", "北京", ""),
    ("(0755) 8612 3456", "+8675586123456", "fixed", "广东深圳", ""),
    ("02886123456", "+862886123456", "fixed", "四川成都、资阳、眉山", ""),
    ("4008101234", "+864008101234", "free", "", ""),
    ("8008101234", "+868008101234", "free", "", ""),
    ("95588", "95588", "short", "", ""),
    ("01012345", "010-12345", "short", "北京", ""),
    ("10106789", "10106789", "short", "", ""),
    ("110", "110", "short", "", ""),
    ("0014155552671", "+14155552671", "international", "", ""),
    ("8001", "8001", "unknown", "", ""),
    ("", "", "withheld", "", ""),
    ("O", "", "unknown", "", ""),  # what some exchanges send for "not available"
    ("anonymous", "", "unknown", "", ""),
])
def test_what_a_number_means(shown: str, normal: str, kind: str, place: str, carrier_name: str) -> None:
    number = BEIJING.read(shown)
    assert (number.normal, number.kind, number.place.words, number.carrier) == (normal, kind, place, carrier_name)
    assert number.kind in KINDS


def test_extensions_and_owners_and_countries() -> None:
    assert [BEIJING.read(shown).extension for shown in (
        "0755-86123456-801", "01061234567转12", "+861061234567;ext=7", "0755-86123456", "010-12345")] == [
        "801", "12", "7", "", ""]
    assert (BEIJING.read("95588").service, BEIJING.read("95588").service_english) == ("工商银行", "ICBC")
    assert BEIJING.read("075512345").service == "政务服务热线"
    assert BEIJING.read("120").emergency
    assert not BEIJING.read("95588").emergency
    assert [BEIJING.read(shown).country for shown in ("+4930123456", "0014155552671", "+85221234567", "+9990")] == [
        "DE", "US", "HK", ""]


def test_without_an_area_code_a_local_number_stays_as_it_is() -> None:
    assert (Numbers().read("61234567").normal, Numbers().read("61234567").kind) == ("61234567", "fixed")


def test_places_and_carriers_are_known_by_all_their_names() -> None:
    shenzhen = BEIJING.read("075586123456").place
    for name in ("深圳", "深圳市", "Shenzhen", "广东", "广东省", "guangdong", "广东深圳"):
        assert shenzhen in plan().named(name), name
    chengdu = BEIJING.read("02886123456").place
    for name in ("成都", "资阳市", "Chengdu", "Meishan", "四川"):
        assert chengdu in plan().named(name), name
    assert BEIJING.read("083412345678").place in plan().named("凉山")
    assert plan().named("Atlantis") == []
    assert {plan().carriers()[name] for name in ("移动", "中国移动", "china mobile", "mobile")} == {"移动"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_the_table_says_what_the_library_says(seed: int) -> None:
    """Mobile numbers of every head, drawn at random; fixed numbers of every area code."""
    geocoder = pytest.importorskip("phonenumbers.geocoder")
    chance = random.Random(seed)
    numbers = [f"1{chance.randrange(300_000_000, 1_000_000_000) * 10 + chance.randrange(10):010}"[:11]
               for _ in range(5_000)]
    for number in numbers:
        ours = BEIJING.read(number)
        theirs = phonenumbers.parse(f"+86{number}")
        place = geocoder.description_for_number(theirs, "en")
        assert ours.place.english == ("" if place == "China" else place), number
        assert ours.carrier_english == carrier.name_for_valid_number(theirs, "en"), number
    for area in ("010", "021", "022", "0755", "0571", "0898", "028"):
        theirs = phonenumbers.parse(f"+86{area[1:]}86123456")
        assert BEIJING.read(f"{area}86123456").place.english == geocoder.description_for_number(theirs, "en"), area


def test_every_service_is_a_short_number_or_listed_by_name() -> None:
    for number, (chinese, english) in services().items():
        read = BEIJING.read(number)
        assert (read.kind, read.service) == ("short", chinese), number
        assert english
    assert len(services()) >= 80


@pytest.mark.parametrize("seed", range(3))
def test_nothing_shown_can_break_it(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(2_000):
        shown = "".join(chance.choice("0123456789+-() x转,;*#ABé\udcff") for _ in range(chance.randrange(40)))
        number = BEIJING.read(shown)
        assert number.kind in KINDS, ascii(shown)
        again = BEIJING.read(number.normal) if number.normal else number
        assert again.normal in (number.normal, "") or number.kind == "unknown", (seed, ascii(shown))
