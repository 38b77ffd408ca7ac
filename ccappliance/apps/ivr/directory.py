"""The directory: people found by the first letters of their names on a keypad, Chinese ones by pinyin initials.

The letter of a Chinese character is known from GB 2312, whose first level lies in the order of pinyin; what that does
not know, or what names read otherwise, stands in data/letters.yaml.
"""

import itertools
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import yaml

MAX_FORMS = 16  # ways to spell one name; a longer list of readings is cut
# GB 2312-80, level 1: the code with which each letter begins. No syllable begins with I, U or V.
_LETTERS = "ABCDEFGHJKLMNOPQRSTWXYZ"
_BEGIN = (0xB0A1, 0xB0C5, 0xB2C1, 0xB4EE, 0xB6EA, 0xB7A2, 0xB8C1, 0xB9FE, 0xBBF7, 0xBFA6, 0xC0AC, 0xC2E8, 0xC4C3,
          0xC5B6, 0xC5BE, 0xC6DA, 0xC8BB, 0xC8F6, 0xCBFA, 0xCDDA, 0xCEF4, 0xD1B9, 0xD4D1)
_LEVEL_2 = 0xD7FA  # from here on characters lie by their strokes


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be asked for. `to`: the destination now; "" if he cannot be reached."""

    name: str
    to: str


class Keypad:
    """Which keys spell a name."""

    def __init__(self, keys: Mapping[str, str], readings: Mapping[str, str]) -> None:
        """`keys`: letter → digit; `readings`: Chinese character → its letters, the likelier first."""
        self._keys = keys
        self._readings = readings

    @classmethod
    def standard(cls) -> "Keypad":
        """ITU-T E.161 and the readings of data/letters.yaml."""
        data = yaml.safe_load((resources.files("ccappliance.apps.ivr") / "data" / "letters.yaml").read_text("utf-8"))
        keys = {letter: str(digit) for digit, letters in data["keys"].items() for letter in letters}
        return cls(keys, {char: letters for letters, chars in data["readings"].items() for char in chars})

    def letters(self, char: str) -> str:
        """The letters a character may begin with, "" if none is known."""
        if char.isascii():
            return char.upper() if char.isalpha() else ""
        if char in self._readings:
            return self._readings[char]
        code = int.from_bytes(char.encode("gb2312", "replace")[:2], "big")
        return _LETTERS[bisect_right(_BEGIN, code) - 1] if _BEGIN[0] <= code < _LEVEL_2 else ""

    def spellings(self, name: str) -> list[str]:
        """The digits of a name: initials of Chinese characters (王小明 9 9 6), whole words otherwise, from any word on.

        Li Ming is 5 4 6 4 6 4 and 6 4 6 4 5 4, whichever name somebody knows first.
        """
        words = [word for word in name.replace("·", " ").replace("-", " ").split() if self._readable(word)]
        turns = [words[at:] + words[:at] for at in range(len(words))]
        forms: dict[str, None] = {}
        for turn in turns:
            choices = [self.letters(char) for word in turn for char in word if self.letters(char)]
            for letters in itertools.islice(itertools.product(*choices), MAX_FORMS):
                forms["".join(self._keys[letter] for letter in letters)] = None
        return list(forms)[:MAX_FORMS]

    def find(self, digits: str, people: Sequence[Person]) -> list[Person]:
        """Those whose name begins so, in the order given; those whose name is just that first."""
        spelled = [(person, self.spellings(person.name)) for person in people]
        whole = [person for person, forms in spelled if digits in forms]
        return whole + [person for person, forms in spelled
                        if digits not in forms and any(form.startswith(digits) for form in forms)]

    def _readable(self, word: str) -> bool:
        return any(self.letters(char) for char in word)


def spoken_in(name: str) -> str:
    """The language a name is said in: its own."""
    return "en" if name.isascii() else "zh"
