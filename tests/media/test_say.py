"""Wording in Chinese and English: tables, an independent reader for the way back, and any number at all."""

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccappliance.media import say_en, say_zh
from ccappliance.media.phone_groups import phone_groups
from ccappliance.media.ports import Sound
from ccappliance.media.say import WORDINGS, Say, fragments

FRAGMENTS = {language: frozenset(WORDINGS[language].fragments()) for language in WORDINGS}
NUMBERS = st.one_of(st.integers(-10**12, 10**12), st.integers(-20_000, 20_000),
                    st.tuples(st.integers(1, 999), st.integers(0, 9)).map(lambda pair: pair[0] * 10**pair[1]))


@pytest.mark.parametrize(("number", "zh", "en"), [
    (0, "零", "zero"), (1, "一", "one"), (2, "二", "two"), (10, "十", "ten"), (12, "十二", "twelve"),
    (20, "二十", "twenty"), (22, "二十二", "twenty-two"), (100, "一百", "one hundred"),
    (101, "一百零一", "one hundred and one"), (110, "一百一十", "one hundred and ten"),
    (111, "一百一十一", "one hundred and eleven"), (200, "两百", "two hundred"),
    (222, "两百二十二", "two hundred and twenty-two"), (1000, "一千", "one thousand"), (2000, "两千", "two thousand"),
    (2002, "两千零二", "two thousand and two"), (2020, "两千零二十", "two thousand and twenty"),
    (2200, "两千两百", "two thousand two hundred"), (10_000, "一万", "ten thousand"),
    (10_005, "一万零五", "ten thousand and five"), (10_500, "一万零五百", "ten thousand five hundred"),
    (12_000, "一万两千", "twelve thousand"), (20_000, "两万", "twenty thousand"),
    (100_000, "十万", "one hundred thousand"),
    (120_002, "十二万零二", "one hundred and twenty thousand and two"),
    (1_000_010, "一百万零一十", "one million and ten"), (200_000_000, "两亿", "two hundred million"),
    (1_200_000_000, "十二亿", "one billion two hundred million"),
    (100_020_000, "一亿零两万", "one hundred million twenty thousand"),
    (10**12, "一万亿", "one trillion"), (-7, "负七", "minus seven")])
def test_numbers(number: int, zh: str, en: str) -> None:
    assert "".join(say_zh.words_number(number)) == zh
    assert " ".join(say_en.words_number(number)) == en


@pytest.mark.parametrize(("number", "zh", "en"), [
    (10_010, "一万零一十", "ten thousand and ten"), (10_100, "一万零一百", "ten thousand one hundred"),
    (11_000, "一万一千", "eleven thousand"), (22_222, "两万两千两百二十二",
                                           "twenty-two thousand two hundred and twenty-two"),
    (100_010, "十万零一十", "one hundred thousand and ten"),
    (105_000, "十万五千", "one hundred and five thousand"),
    (200_500, "二十万零五百", "two hundred thousand five hundred"), (102_000_000, "一亿零两百万",
                                                               "one hundred and two million"),
    (110_000_000, "一亿一千万", "one hundred and ten million"),
    (100_100_010, "一亿零一十万零一十", "one hundred million one hundred thousand and ten"),
    (200_000_000_000, "两千亿", "two hundred billion"),
    (20_002_000_200, "两百亿零两百万零两百", "twenty billion two million two hundred"),
    (999_999_999_999, "九千九百九十九亿九千九百九十九万九千九百九十九",
     "nine hundred and ninety-nine billion nine hundred and "
     "ninety-nine million nine hundred and ninety-nine thousand nine hundred and ninety-nine"),
    (-200, "负两百", "minus two hundred"), (1_000_001, "一百万零一", "one million and one")])
def test_hard_numbers(number: int, zh: str, en: str) -> None:
    assert "".join(say_zh.words_number(number)) == zh
    assert " ".join(say_en.words_number(number)) == en


@pytest.mark.parametrize(("number", "zh", "en"), [
    ("12.5", "十二点五", "twelve point five"), ("0.02", "零点零二", "zero point zero two"),
    ("-2.10", "负二点一零", "minus two point one zero"), ("1002", "一千零二", "one thousand and two"),
    ("1E+3", "一千", "one thousand"), ("111.11", "一百一十一点一一", "one hundred and eleven point one one")])
def test_decimals(number: str, zh: str, en: str) -> None:
    assert "".join(say_zh.words_decimal(Decimal(number))) == zh
    assert " ".join(say_en.words_decimal(Decimal(number))) == en


@pytest.mark.parametrize(("text", "zh", "en"), [
    ("粤b12-x", "粤B幺二横杠X", "B one two dash X"), ("a.b@c_d/2", "A点B艾特C下划线D斜杠二",
                                               "A dot B at C underscore D slash two"),
    ("*#+ 9é", "星号井号加九", "star hash plus nine"), ("", "", "")])
def test_spelling(text: str, zh: str, en: str) -> None:
    assert "".join(say_zh.words_spelled(text)) == zh
    assert " ".join(say_en.words_spelled(text)) == en


@pytest.mark.parametrize(("number", "groups"), [
    ("13800138000", "138 0013 8000"), ("138-0013-8000", "138 0013 8000"), ("013800138000", "0 138 0013 8000"),
    ("+8613800138000", "+86 138 0013 8000"), ("008613800138000", "0086 138 0013 8000"),
    ("01061234567", "010 6123 4567"), ("02161234567", "021 6123 4567"), ("075561234567", "0755 6123 4567"),
    ("05541234567", "0554 123 4567"), ("+8675561234567", "+86 755 6123 4567"), ("+861061234567", "+86 10 6123 4567"),
    ("4008108888", "400 810 8888"), ("8008108888", "800 810 8888"), ("61234567", "6123 4567"), ("6123456", "612 3456"),
    ("10086", "10086"), ("955881", "955881"), ("8001", "8001"), ("", ""), ("*86*1234567#", "*86*1234567#"),
    ("+442079460958", "+442 0794 6095 8"), ("12345678901", "1234 5678 901")])
def test_telephone_numbers_come_in_groups(number: str, groups: str) -> None:
    assert " ".join(phone_groups(number)) == groups


@settings(max_examples=300)
@given(st.text(alphabet="0123456789+*#-", max_size=32))
def test_no_digit_of_a_telephone_number_is_lost(number: str) -> None:
    plain = number.replace("-", "")
    said = "".join(phone_groups(number))
    assert said in (plain, plain.replace("+860", "+86", 1))


@pytest.mark.parametrize(("amount", "zh", "en"), [
    ("12.05", "十二元零五分", "twelve yuan and five fen"), ("105", "一百零五元", "one hundred and five yuan"),
    ("10010.10", "一万零一十元一角", "ten thousand and ten yuan and ten fen"), ("0.55", "五角五分", "fifty-five fen"),
    ("20000", "两万元", "twenty thousand yuan"), ("200000000", "两亿元", "two hundred million yuan"),
    ("2000.02", "两千元零两分", "two thousand yuan and two fen"), ("12", "十二元", "twelve yuan"),
    ("102", "一百零二元", "one hundred and two yuan"), ("-0.01", "负一分", "minus one fen"),
    ("-0.00", "零元", "zero yuan")])
def test_hard_amounts(amount: str, zh: str, en: str) -> None:
    assert "".join(say_zh.words_amount(Decimal(amount))) == zh
    assert " ".join(say_en.words_amount(Decimal(amount))) == en


@pytest.mark.parametrize(("number", "words"), [(1, "一"), (2, "两"), (12, "十二"), (102, "一百零二"), (200, "两百")])
def test_counting(number: int, words: str) -> None:
    assert "".join(say_zh.words_count(number)) == words


def read_zh(text: str) -> int:
    """Chinese numerals → number, by another way: sections of 亿 and 万, each a sum of digit times unit."""
    if text.startswith("负"):
        return -read_zh(text[1:])
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        if unit in text:
            above, _, below = text.rpartition(unit)
            return read_zh(above) * size + (read_zh(below) if below else 0)
    digits = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}
    total, digit = 0, None
    for char in text:
        if char in digits:
            digit = digits[char]
        else:
            total += (1 if digit is None else digit) * {"十": 10, "百": 100, "千": 1000}[char]
            digit = None
    return total + (digit or 0)


@pytest.mark.slow
@given(NUMBERS)
def test_chinese_numbers_can_be_read_back(number: int) -> None:
    assert read_zh("".join(say_zh.words_number(number))) == number


@pytest.mark.slow
@given(NUMBERS)
def test_chinese_grammar(number: int) -> None:
    said = "".join(say_zh.words_number(number))
    for wrong in ("零零", "二百", "二千", "两十", "两零", "零万", "零亿", "零百", "零千", "零十", "十一十"):
        assert wrong not in said
    assert number == 0 or not said.endswith("零")
    assert not said.startswith("一十")


@pytest.mark.slow
@given(NUMBERS)
def test_english_grammar(number: int) -> None:
    said = " ".join(say_en.words_number(number))
    assert " and and " not in said
    assert not said.endswith(" and")
    assert number == 0 or "zero" not in said


@pytest.mark.slow
@settings(max_examples=300)
@given(st.integers(-10**12, 10**12), st.text(max_size=30), st.dates(), st.times(),
       st.decimals(-10**12, 10**12, places=2), st.sampled_from(["CNY", "USD", "EUR"]), st.integers(-5, 10**7))
def test_every_word_is_known_before(number: int, text: str, day: date, at: time, amount: Decimal, currency: str,
                                    seconds: int) -> None:
    for language, words in WORDINGS.items():
        beyond = words.words_number(number * 10**6)
        said = [*beyond, *words.words_number(number), *words.words_count(number), *words.words_digits(text),
                *words.words_date(day), *words.words_date(day, weekday=True), *words.words_time(at),
                *words.words_amount(amount, currency), *words.words_duration(seconds),
                *words.words_decimal(amount), *words.words_spelled(text)]
        assert set(said) - set(say_en.LETTERS) <= FRAGMENTS[language]


@pytest.mark.parametrize(("text", "zh", "en"), [
    ("13900012345", "幺三九零零零幺二三四五", "one three nine zero zero zero one two three four five"),
    ("+86 10-110", "加八六幺零幺幺零", "plus eight six one zero one one zero"),
    ("*7#", "星号七井号", "star seven hash"), ("", "", ""), ("٣abc", "", "")])
def test_digits(text: str, zh: str, en: str) -> None:
    assert "".join(say_zh.words_digits(text)) == zh
    assert " ".join(say_en.words_digits(text)) == en


@pytest.mark.parametrize(("amount", "zh", "yuan", "dollars"), [
    ("0", "零元", "zero yuan", "zero dollars"), ("0.05", "五分", "five fen", "five cents"),
    ("0.50", "五角", "fifty fen", "fifty cents"), ("1", "一元", "one yuan", "one dollar"),
    ("2.22", "两元两角两分", "two yuan and twenty-two fen", "two dollars and twenty-two cents"),
    ("12.50", "十二元五角", "twelve yuan and fifty fen", "twelve dollars and fifty cents"),
    ("100.05", "一百元零五分", "one hundred yuan and five fen", "one hundred dollars and five cents"),
    ("1.01", "一元零一分", "one yuan and one fen", "one dollar and one cent"),
    ("-3.20", "负三元两角", "minus three yuan and twenty fen", "minus three dollars and twenty cents")])
def test_amounts(amount: str, zh: str, yuan: str, dollars: str) -> None:
    assert "".join(say_zh.words_amount(Decimal(amount))) == zh
    assert " ".join(say_en.words_amount(Decimal(amount))) == yuan
    assert " ".join(say_en.words_amount(Decimal(amount), "USD")) == dollars


def test_dollars_in_chinese() -> None:
    assert "".join(say_zh.words_amount(Decimal("2.22"), "USD")) == "两美元二十二美分"


@pytest.mark.parametrize(("at", "zh", "en"), [
    ("00:00", "凌晨零点整", "twelve a.m."), ("02:05", "凌晨两点零五分", "two oh five a.m."),
    ("09:30", "上午九点三十分", "nine thirty a.m."), ("12:00", "中午十二点整", "twelve p.m."),
    ("14:15", "下午两点十五分", "two fifteen p.m."), ("23:59", "晚上十一点五十九分", "eleven fifty-nine p.m.")])
def test_times(at: str, zh: str, en: str) -> None:
    assert "".join(say_zh.words_time(time.fromisoformat(at))) == zh
    assert " ".join(say_en.words_time(time.fromisoformat(at))) == en


@pytest.mark.parametrize(("day", "zh", "en"), [
    ("2026-11-22", "二零二六年十一月二十二日星期日", "Sunday November twenty-second twenty twenty-six"),
    ("2000-02-29", "二零零零年二月二十九日星期二", "Tuesday February twenty-ninth two thousand"),
    ("2005-05-31", "二零零五年五月三十一日星期二", "Tuesday May thirty-first two thousand and five"),
    ("1900-01-01", "一九零零年一月一日星期一", "Monday January first nineteen hundred"),
    ("1905-01-02", "一九零五年一月二日星期一", "Monday January second nineteen oh five")])
def test_dates(day: str, zh: str, en: str) -> None:
    assert "".join(say_zh.words_date(date.fromisoformat(day), weekday=True)) == zh
    assert " ".join(say_en.words_date(date.fromisoformat(day), weekday=True)) == en


@pytest.mark.parametrize(("seconds", "zh", "en"), [
    (0, "零秒", "zero seconds"), (1, "一秒", "one second"), (120, "两分钟", "two minutes"),
    (62, "一分钟两秒", "one minute and two seconds"), (3661, "一小时一分钟一秒", "one hour one minute and one second"),
    (-5, "零秒", "zero seconds")])
def test_durations(seconds: int, zh: str, en: str) -> None:
    assert "".join(say_zh.words_duration(seconds)) == zh
    assert " ".join(say_en.words_duration(seconds)) == en


class NamingBook:
    """A book whose sounds are only names."""

    def get(self, name: str, language: str) -> Sound:
        return Sound(f"{language}/<{name}>", b"")

    def text(self, text: str, language: str) -> Sound:
        return Sound(f"{language}/{text}", b"")


def names(sounds: list[Sound]) -> str:
    return " ".join(sound.name for sound in sounds)


def test_say_speaks_through_the_book() -> None:
    say = Say(NamingBook())
    assert names(say.position(2, "zh")) == "zh/<you_are_number> zh/二 zh/<in_queue>"
    assert names(say.position(12, "en")) == "en/<you_are_number> en/twelve en/<in_queue>"
    assert names(say.wait(95.0, "en")) == "en/<estimated_wait> en/two en/minutes"
    assert names(say.wait(3.0, "zh")) == "zh/<estimated_wait> zh/一 zh/分钟"
    assert names(say.amount(Decimal("1.005"), "zh")) == "zh/一 zh/元 zh/零 zh/一 zh/分"
    assert names(say.digits("110", "fr")) == "zh/幺 zh/幺 zh/零"
    assert names(say.date(date(2026, 1, 2), "en")) == "en/January en/second en/twenty en/twenty-six"
    assert names(say.time(time(9, 0), "zh")) == "zh/上午 zh/九 zh/点 zh/整"
    assert names(say.duration(59.6, "en")) == "en/one en/minute"
    assert names(say.number(-2, "en")) == "en/minus en/two"
    assert names(say.number(Decimal("2.5"), "zh")) == "zh/二 zh/点 zh/五"
    assert names(say.phone("8612345", "zh")) == "zh/八 zh/六 zh/幺 breath zh/二 zh/三 zh/四 zh/五"
    assert names(say.spelled("京a1", "zh")) == "zh/京 en/A zh/幺"


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1000000000001"])
def test_what_is_no_amount(amount: str) -> None:
    with pytest.raises(ValueError, match="is no amount of money"):
        Say(NamingBook()).amount(Decimal(amount), "zh")


def test_fragments_are_few_and_unique() -> None:
    known = fragments(("zh", "en", "fr"))
    assert len(known) == len(dict.fromkeys(known))
    assert {language for language, _ in known} == {"zh", "en"}
    assert ("en", "Q") in fragments(("zh",))  # letters have English names
    assert len(known) < 500
