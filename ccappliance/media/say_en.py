"""English wording: numbers, digits, dates, times and amounts as lists of fragments that are spoken in a row."""

from datetime import date, time
from decimal import Decimal

_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
_LIMIT = 10**12  # beyond this a number is read digit by digit: nobody could follow it as a number
_DIGITS = {**{str(value): _ONES[value] for value in range(10)}, "*": "star", "#": "hash", "+": "plus"}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SIGNS = {"-": "dash", ".": "dot", "@": "at", "_": "underscore", "/": "slash"}
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
             "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
             "twentieth", "twenty-first", "twenty-second", "twenty-third", "twenty-fourth", "twenty-fifth",
             "twenty-sixth", "twenty-seventh", "twenty-eighth", "twenty-ninth", "thirtieth", "thirty-first")
_CURRENCIES = {"CNY": (("yuan", "yuan"), ("fen", "fen")), "USD": (("dollar", "dollars"), ("cent", "cents"))}
_UNITS = (("hour", "hours"), ("minute", "minutes"), ("second", "seconds"))


def words_digits(text: str) -> list[str]:
    """Digit by digit, as telephone numbers are read. What is no digit, *, # or + is a gap and left out."""
    return [_DIGITS[char] for char in text if char in _DIGITS]


def words_number(number: int) -> list[str]:
    """A cardinal number: two thousand and five, one million two hundred thousand."""
    sign = ["minus"] if number < 0 else []
    number = abs(number)
    if number > _LIMIT:
        return sign + words_digits(str(number))
    words = []
    for size, name in _SCALES:
        if number >= size:
            words += [*_below_thousand(number // size), name]
            number %= size
    if number or not words:
        if words and number < 100:
            words.append("and")
        words += _below_thousand(number)
    return sign + words


def words_decimal(number: Decimal) -> list[str]:
    """A number with its decimals digit by digit: minus three point one four. As many decimals as it has."""
    whole, _, decimals = format(abs(number), "f").partition(".")
    sign = ["minus"] if number < 0 else []
    tail = ["point", *(_DIGITS[digit] for digit in decimals)] if decimals else []
    return [*sign, *words_number(int(whole)), *tail]


def words_spelled(text: str) -> list[str]:
    """Character by character, letters as large ones. What has no name is left out."""
    return [word for char in text.upper() if (word := _spelled(char))]


def words_count(number: int) -> list[str]:
    """A number before a thing that is counted: the same in English."""
    return words_number(number)


def words_date(day: date, *, weekday: bool = False) -> list[str]:
    """Month, ordinal day, year: November twenty-second twenty twenty-six."""
    words = [_WEEKDAYS[day.weekday()]] if weekday else []
    return [*words, _MONTHS[day.month - 1], _ORDINALS[day.day - 1], *_year(day.year)]


def words_time(at: time) -> list[str]:
    """Of twelve hours: three oh five p.m.; twelve a.m. is midnight."""
    words = [_below_hundred(at.hour % 12 or 12)]
    if at.minute:
        words += ["oh"] if at.minute < 10 else []
        words.append(_below_hundred(at.minute))
    return [*words, "a.m." if at.hour < 12 else "p.m."]


def words_amount(amount: Decimal, currency: str = "CNY") -> list[str]:
    """Money, rounded to a hundredth by the caller: one dollar and five cents."""
    units, hundredths = _CURRENCIES.get(currency, _CURRENCIES["CNY"])
    words = ["minus"] if amount < 0 else []
    whole, rest = divmod(int(abs(amount) * 100), 100)
    if whole or not rest:
        words += [*words_number(whole), units[whole != 1]]
    if rest:
        words += [*(["and"] if whole else []), *words_number(rest), hundredths[rest != 1]]
    return words


def words_duration(seconds: int) -> list[str]:
    """Hours, minutes and seconds; those that are zero are left out."""
    seconds = max(0, seconds)
    values = (seconds // 3600, seconds // 60 % 60, seconds % 60)
    parts = [[*words_number(value), unit[value != 1]] for value, unit in zip(values, _UNITS, strict=True) if value]
    if len(parts) > 1:
        parts[-1].insert(0, "and")
    return [word for part in parts for word in part] or ["zero", "seconds"]


def words_minutes(least: int, most: int) -> list[str]:
    """A range: between two and three minutes."""
    return ["between", *words_number(least), "and", *words_number(most), "minutes"]


def fragments() -> list[str]:
    """Everything the functions above can return."""
    found = dict.fromkeys(_below_hundred(value) for value in range(100))
    found.update(dict.fromkeys([*_DIGITS.values(), "hundred", "minus", "and", "between", "oh", "a.m.", "p.m."]))
    found.update(dict.fromkeys(["point", *LETTERS, *_SIGNS.values()]))
    found.update(dict.fromkeys([*(name for _, name in _SCALES), *_MONTHS, *_WEEKDAYS, *_ORDINALS]))
    found.update(dict.fromkeys(word for pairs in _CURRENCIES.values() for pair in pairs for word in pair))
    found.update(dict.fromkeys(word for unit in _UNITS for word in unit))
    return list(found)


def _spelled(char: str) -> str:
    return char if char in LETTERS else _SIGNS.get(char) or _DIGITS.get(char, "")


def _year(year: int) -> list[str]:
    """In pairs as years are read, but two thousand and five, and nineteen hundred."""
    century, rest = divmod(year, 100)
    if (century % 10 == 0 and rest < 10) or century < 11:
        return words_number(year)
    if rest == 0:
        return [_below_hundred(century), "hundred"]
    return [_below_hundred(century), *(["oh"] if rest < 10 else []), _below_hundred(rest)]


def _below_thousand(number: int) -> list[str]:
    hundreds, rest = divmod(number, 100)
    words = [_ONES[hundreds], "hundred"] if hundreds else []
    if rest or not words:
        words += ["and"] if words else []
        words.append(_below_hundred(rest))
    return words


def _below_hundred(number: int) -> str:
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens]}-{_ONES[ones]}" if ones else _TENS[tens]
