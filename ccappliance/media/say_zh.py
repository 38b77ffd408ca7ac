"""Chinese (Mandarin) wording: numbers, digits, dates, times and amounts as lists of fragments that are spoken in a row.

Rules: 两 before 百 千 万 亿 and measure words, 二 elsewhere (两百二十二, 两千零二, 第二);
零 once for any gap inside a number (一万零五); ten is 十 at the beginning of a number and 一十 inside (一百一十);
telephone numbers say 幺 for one.
"""

from datetime import date, time
from decimal import Decimal

_DIGITS = "零一二三四五六七八九"
_PLAIN = {str(value): word for value, word in enumerate(_DIGITS)}
_PHONE = {**_PLAIN, "1": "幺", "*": "星号", "#": "井号", "+": "加"}
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"  # the first character of a number plate
_SIGNS = {"-": "横杠", ".": "点", "@": "艾特", "_": "下划线", "/": "斜杠", "+": "加", "*": "星号", "#": "井号"}
_LIMIT = 10**12  # beyond this a number is read digit by digit: nobody could follow it as a number
_WEEKDAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")
_DAY_PARTS = ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
_CURRENCIES = {"CNY": ("元", "角", "分"), "USD": ("美元", "", "美分")}


def words_digits(text: str) -> list[str]:
    """Digit by digit, as telephone numbers are read. What is no digit, *, # or + is a gap and left out."""
    return [_PHONE[char] for char in text if char in _PHONE]


def words_number(number: int) -> list[str]:
    """A cardinal number as it is counted: 2 is 二."""
    sign = ["负"] if number < 0 else []
    if abs(number) > _LIMIT:
        return sign + words_digits(str(abs(number)))
    return sign + _cardinal(abs(number), first=True)


def words_decimal(number: Decimal) -> list[str]:
    """A number with its decimals digit by digit, where 1 is 一: 负三点一四. As many decimals as it has."""
    whole, _, decimals = format(abs(number), "f").partition(".")
    sign = ["负"] if number < 0 else []
    tail = ["点", *(_PLAIN[digit] for digit in decimals)] if decimals else []
    return [*sign, *words_number(int(whole)), *tail]


def words_spelled(text: str) -> list[str]:
    """Character by character: digits as in telephone numbers, letters as large ones (their names are English).

    A number plate's province is said as it is; what has no name is left out.
    """
    return [word for char in text.upper() if (word := _spelled(char))]


def words_count(number: int) -> list[str]:
    """A number before a measure word: 2 is 两, everything else as in `words_number`."""
    return ["两"] if number == 2 else words_number(number)


def words_date(day: date, *, weekday: bool = False) -> list[str]:
    """Year digit by digit, month, day, and the day of the week if asked."""
    words = [_PLAIN[digit] for digit in str(day.year)] + ["年"]
    words += [*words_number(day.month), "月", *words_number(day.day), "日"]
    return [*words, _WEEKDAYS[day.weekday()]] if weekday else words


def words_time(at: time) -> list[str]:
    """Part of the day, hour of twelve, minute: 下午 三 点 零 五 分; the full hour ends in 整."""
    part = next(name for before, name in _DAY_PARTS if at.hour < before)
    hour = at.hour if at.hour <= 12 else at.hour - 12
    words = [part, *words_count(hour), "点"]
    if at.minute == 0:
        return [*words, "整"]
    gap = ["零"] if at.minute < 10 else []
    return [*words, *gap, *words_number(at.minute), "分"]


def words_amount(amount: Decimal, currency: str = "CNY") -> list[str]:
    """Money, rounded to a hundredth by the caller: 一百元零五分, 三元五角, 零元."""
    unit, tenth, hundredth = _CURRENCIES.get(currency, _CURRENCIES["CNY"])
    words = ["负"] if amount < 0 else []
    whole, rest = divmod(int(abs(amount) * 100), 100)
    if whole or not rest:
        words += [*words_count(whole), unit]
    tens, ones = divmod(rest, 10) if tenth else (0, rest)
    if tens:
        words += [*words_count(tens), tenth]
    if ones:
        gap = ["零"] if whole and not tens and tenth else []
        words += [*gap, *words_count(ones), hundredth]
    return words


def words_duration(seconds: int) -> list[str]:
    """Hours, minutes and seconds; those that are zero are left out."""
    seconds = max(0, seconds)
    parts = ((seconds // 3600, "小时"), (seconds // 60 % 60, "分钟"), (seconds % 60, "秒"))
    words = [word for value, unit in parts if value for word in (*words_count(value), unit)]
    return words or ["零", "秒"]


def words_minutes(least: int, most: int) -> list[str]:
    """A range: 两到三分钟."""
    return [*words_count(least), "到", *words_count(most), "分钟"]


def fragments() -> list[str]:
    """Everything the functions above can return."""
    found = dict.fromkeys([*_PHONE.values(), *"两负万亿年月日点整秒到", "小时", "分钟"])
    found.update(dict.fromkeys(word for value in range(100) for first in (True, False)
                               for word in _below_hundred(value, first)))
    found.update(dict.fromkeys([*_SIGNS.values(), *_PROVINCES]))
    found.update(dict.fromkeys(_hundreds(digit) + unit for digit in range(1, 10) for unit in "百千"))
    found.update(dict.fromkeys([*_WEEKDAYS, *(name for _, name in _DAY_PARTS)]))
    found.update(dict.fromkeys(word for words in _CURRENCIES.values() for word in words if word))
    return list(found)


def _cardinal(number: int, *, first: bool) -> list[str]:
    """`first`: at the beginning of the whole number, where ten is 十."""
    for size, unit in ((10**8, "亿"), (10**4, "万")):
        if number >= size:
            above, below = divmod(number, size)
            head = ["两"] if above == 2 else _cardinal(above, first=first)
            gap = ["零"] if 0 < below < size // 10 else []
            return [*head, unit, *gap, *(_cardinal(below, first=False) if below else [])]
    words = []
    for size, unit in ((1000, "千"), (100, "百")):
        digit, below = divmod(number, size)
        if digit:
            words.append(_hundreds(digit) + unit)
            first = False
            if 0 < below < size // 10:
                words.append("零")
                return words + _cardinal(below, first=False)
            number = below
    if number or not words:
        words += _below_hundred(number, first)
    return words


def _spelled(char: str) -> str:
    if char in _PROVINCES or (char.isascii() and char.isalpha()):
        return char
    return _SIGNS.get(char) or _PHONE.get(char, "")


def _hundreds(digit: int) -> str:
    return "两" if digit == 2 else _DIGITS[digit]


def _below_hundred(number: int, first: bool) -> list[str]:
    tens, ones = divmod(number, 10)
    if tens == 0:
        return [_DIGITS[ones]]
    head = "" if tens == 1 and first else _DIGITS[tens]
    return [f"{head}十{_DIGITS[ones] if ones else ''}"]
