"""Saying values: numbers, digits, dates, times, amounts, durations and queue positions as sounds of the prompt book.

The words of each language are pure functions (say_zh, say_en) that return fragments; all fragments are known in
advance (`fragments`), so that they are rendered before the first call.
"""

from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Protocol

from ccappliance.base.units import RATE
from ccappliance.media import say_en, say_zh
from ccappliance.media.phone_groups import phone_groups
from ccappliance.media.ports import Sound

MAX_AMOUNT = Decimal(10) ** 12  # units of money; more is no amount anybody is told by telephone
CENT = Decimal("0.01")
BREATH = Sound("breath", bytes(2 * (RATE // 4)))  # between the groups of a telephone number: a quarter of a second
SPELLER = "en"  # letters have English names in every language


class Wording(Protocol):
    """What a language's module offers."""

    def words_digits(self, text: str) -> list[str]: ...
    def words_number(self, number: int) -> list[str]: ...
    def words_decimal(self, number: Decimal) -> list[str]: ...
    def words_spelled(self, text: str) -> list[str]: ...
    def words_count(self, number: int) -> list[str]: ...
    def words_date(self, day: date, *, weekday: bool = False) -> list[str]: ...
    def words_time(self, at: time) -> list[str]: ...
    def words_amount(self, amount: Decimal, currency: str = "CNY") -> list[str]: ...
    def words_duration(self, seconds: int) -> list[str]: ...
    def words_minutes(self, least: int, most: int) -> list[str]: ...
    def fragments(self) -> list[str]: ...


WORDINGS: Mapping[str, Wording] = MappingProxyType({"zh": say_zh, "en": say_en})


class Book(Protocol):
    """What Say needs of the prompt book."""

    def get(self, name: str, language: str) -> Sound: ...
    def text(self, text: str, language: str) -> Sound: ...


class Say:
    """Values → sounds. A language without wording of its own is spoken to in `fallback`."""

    def __init__(self, book: Book, fallback: str = "zh") -> None:
        self._book = book
        self._fallback = fallback if fallback in WORDINGS else "en"

    def digits(self, text: str, language: str) -> list[Sound]:
        """Digit by digit; zh says 幺 for one."""
        spoken, words = self._in(language)
        return self._sounds(words.words_digits(text), spoken)

    def phone(self, number: str, language: str) -> list[Sound]:
        """A telephone number in the groups people say, with a breath between; zh says 幺 for one."""
        sounds: list[Sound] = []
        for group in phone_groups(number):
            sounds += [*([BREATH] if sounds else []), *self.digits(group, language)]
        return sounds

    def spelled(self, text: str, language: str) -> list[Sound]:
        """Character by character, letters in English. What has no name is left out."""
        spoken, words = self._in(language)
        return [self._book.text(word, SPELLER if word in say_en.LETTERS else spoken)
                for word in words.words_spelled(text)]

    def number(self, number: int | Decimal, language: str) -> list[Sound]:
        """A cardinal, or a finite Decimal with as many decimals as it has (12.50 is twelve point five zero)."""
        spoken, words = self._in(language)
        said = words.words_number(number) if isinstance(number, int) else words.words_decimal(number)
        return self._sounds(said, spoken)

    def date(self, day: date, language: str, *, weekday: bool = False) -> list[Sound]:
        spoken, words = self._in(language)
        return self._sounds(words.words_date(day, weekday=weekday), spoken)

    def time(self, at: time, language: str) -> list[Sound]:
        """A time of day in the zone the caller lives in: the caller of this converts."""
        spoken, words = self._in(language)
        return self._sounds(words.words_time(at), spoken)

    def amount(self, amount: Decimal, language: str, currency: str = "CNY") -> list[Sound]:
        """Money, rounded to a hundredth. ValueError if it is not finite or beyond MAX_AMOUNT."""
        if not amount.is_finite() or abs(amount) > MAX_AMOUNT:
            raise ValueError(f"{amount} is no amount of money")
        spoken, words = self._in(language)
        return self._sounds(words.words_amount(amount.quantize(CENT, ROUND_HALF_UP), currency), spoken)

    def duration(self, seconds: float, language: str) -> list[Sound]:
        spoken, words = self._in(language)
        return self._sounds(words.words_duration(round(seconds)), spoken)

    def position(self, position: int, language: str) -> list[Sound]:
        """A caller's place in a queue, from 1, between the announcements you_are_number and in_queue."""
        number = self.number(position, language)
        return [self._book.get("you_are_number", language), *number, self._book.get("in_queue", language)]

    def wait(self, seconds: float, language: str) -> list[Sound]:
        """An estimated waiting time: the announcement estimated_wait and a duration in full minutes, at least one."""
        minutes = max(1, round(seconds / 60.0))
        return [self._book.get("estimated_wait", language), *self.duration(60.0 * minutes, language)]

    def wait_range(self, least: int, most: int, language: str) -> list[Sound]:
        """An estimated waiting time of `least` to `most` minutes; `least` 0: less than `most`."""
        spoken, words = self._in(language)
        begin = [self._book.get("estimated_wait", language)]
        if least > 0:
            return [*begin, *self._sounds(words.words_minutes(least, most), spoken)]
        return [*begin, self._book.get("less_than", language), *self.duration(60.0 * most, language)]

    def _in(self, language: str) -> tuple[str, Wording]:
        spoken = language if language in WORDINGS else self._fallback
        return spoken, WORDINGS[spoken]

    def _sounds(self, words: Sequence[str], language: str) -> list[Sound]:
        return [self._book.text(word, language) for word in words]


def fragments(languages: Sequence[str]) -> list[tuple[str, str]]:
    """(language, text) of everything Say may need: what `PromptBook.prepare` is to be given."""
    spoken = [language for language in languages if language in WORDINGS]
    letters = [(SPELLER, letter) for letter in say_en.LETTERS] if spoken else []
    return [*((language, word) for language in spoken for word in WORDINGS[language].fragments()),
            *(letter for letter in letters if SPELLER not in spoken)]
