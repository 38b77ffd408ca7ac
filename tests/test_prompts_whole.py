"""Chinese and English are whole: everything the house can ask its prompt book for is there in both."""

import ast
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import ccappliance
from ccappliance.apps.acd.agent import AgentState
from ccappliance.media.prompts import COMPUTED, PromptBook, PromptSettings, built_in_announcements
from ccappliance.media.render import MuteVoice
from ccappliance.media.say import WORDINGS, Say, fragments

PACKAGE = Path(ccappliance.__file__).parent
LANGUAGES = ("zh", "en")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[PromptBook, list[tuple[str, str]]]:
    """A book as a start prepares it, and what it was asked for in vain."""
    missing: list[tuple[str, str]] = []
    book = PromptBook(PromptSettings(), cache=tmp_path_factory.mktemp("cache"), voice=MuteVoice(),
                      on_missing=lambda name, language: missing.append((name, language)))
    book.prepare(fragments(LANGUAGES))
    return book, missing


def test_every_announcement_is_there_in_both_languages() -> None:
    for name, texts in built_in_announcements().items():
        assert set(texts) == set(LANGUAGES), name


def names_in_the_code() -> dict[str, str]:
    """Words in the code that are given to a book: `.get("name", …language)`, and constants that are passed to it."""
    found: dict[str, str] = {}
    for path in sorted((PACKAGE).rglob("*.py")):
        if path.parts[-2] in ("cli", "control"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {target.id: node.value.value for node in tree.body if isinstance(node, ast.Assign)
                     and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
                     for target in node.targets if isinstance(target, ast.Name)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" \
                    and len(node.args) == 2 and "language" in ast.unparse(node.args[1]) \
                    and any(word in ast.unparse(node.func.value) for word in ("prompts", "book", "sounds")):
                name = node.args[0]
                value = name.value if isinstance(name, ast.Constant) else \
                    constants.get(name.id) if isinstance(name, ast.Name) else None
                if isinstance(value, str) and value:
                    found[value] = f"{path.relative_to(PACKAGE)}:{node.lineno}"
    return found


@pytest.mark.slow
def test_every_name_the_code_asks_for_is_there() -> None:
    known, wanted = {*built_in_announcements(), *COMPUTED}, names_in_the_code()
    assert len(wanted) >= 10, "the search finds what it is to find"
    assert {name: where for name, where in wanted.items() if name not in known} == {}


def test_every_state_of_an_agent_can_be_said() -> None:
    """Who has no telephone, cannot ask."""
    wanted = {f"state_{state.value}" for state in AgentState if state is not AgentState.LOGGED_OUT}
    assert wanted <= set(built_in_announcements())


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_can_be_said(asked: tuple[PromptBook, list[tuple[str, str]]], language: str) -> None:
    """All numbers to 20,000 and round every power of ten, all days of four years, minutes, amounts and durations."""
    book, missing = asked
    say = Say(book)
    powers = [10**power + by for power in range(4, 13) for by in (-1, 0, 1, 10, 101, 2 * 10**power)]
    for number in (*range(20_000), *powers, *[-one for one in powers]):
        say.number(number, language)
        say.position(number, language)
    for day in range(366 * 4):
        say.date(date(2024, 1, 1) + timedelta(days=day), language, weekday=True)
    for year in (1900, 1999, 2000, 2001, 2010, 2099, 2100):
        say.date(date(year, 12, 31), language)
    for minute in range(24 * 60):
        say.time(time(minute // 60, minute % 60), language)
    for cents in (*range(1_000), *range(9_900, 30_000, 7), *[one * 100 for one in powers if abs(one) < 10**11]):
        for currency in ("CNY", "USD"):
            say.amount(Decimal(cents) / 100, language, currency)
            say.amount(-Decimal(cents) / 100, language, currency)
    for seconds in (*range(4_000), *range(4_000, 400_000, 997)):
        say.duration(seconds, language)
    for least in range(121):
        say.wait(60.0 * least, language)
        say.wait_range(least, least + 1, language)
        say.wait_range(least, least + 30, language)
    say.digits("0123456789*#+", language)
    assert missing == []


def test_fragments_are_no_empty_words() -> None:
    for language, word in fragments(LANGUAGES):
        assert word.strip() == word != "", (language, word)
    assert set(WORDINGS) == set(LANGUAGES)
