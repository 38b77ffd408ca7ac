"""What an owner can say of the time callers wait: what they hear, what they are told, and the keys that lead out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ccappliance.config.keys import Report, key

ORDERS = ("in-turn", "random")
EXIT_KEYS = "0123456789*#"


@dataclass(frozen=True, kw_only=True)
class Announce:
    """What waiting callers are told."""

    position: bool = key(True, doc="Tell callers their position, at once and then whenever it has improved.")
    every: float = key(30.0, unit="s", least=30, most=3600, doc="Seconds at least between two announcements.")
    wait: bool = key(True, doc="Tell callers how long it may take, as a range of minutes, with the position; if that "
                               "is not told, whenever it has become shorter. Nothing under a minute.")
    quantile: float = key(0.8, least=0.5, most=0.95,
                          doc="How often a told range should come true; `queues show` tells how often it did.")
    handling: float = key(180.0, unit="s", least=5, most=7200,
                          doc="Seconds a call takes an agent, wrap-up included: a guess, for as long as too few calls "
                              "were answered to know.")
    patience: float = key(600.0, unit="s", least=5, most=86_400,
                          doc="Seconds a caller waits before he gives up: a guess, for as long as too few gave up.")


@dataclass(frozen=True, kw_only=True)
class Playlist:
    """What is played to waiting callers, one piece after the other, without end."""

    pieces: tuple[str, ...] = key(("music",), doc="Prompts by name.")
    order: str = key("in-turn", choices=ORDERS, doc="One after the other, or at random but never twice in a row.")

    def check(self, report: Report, path: str) -> None:
        if not self.pieces:
            report.error(f"{path}.pieces", "there is no piece: callers would hear silence and hang up",
                         "name at least one prompt, such as music")


@dataclass(frozen=True, kw_only=True)
class Messages:
    """What is said to waiting callers between the music."""

    pieces: tuple[str, ...] = key((), doc="Prompts by name; each time one of them.")
    order: str = key("in-turn", choices=ORDERS, doc="One after the other, or at random but never twice in a row.")
    every: float = key(60.0, unit="s", least=15, most=3600, doc="Seconds of waiting before each.")


def playlist(music: str | Playlist) -> Playlist:
    """The long way of writing for both: `music: jazz` is a playlist of one piece."""
    return Playlist(pieces=(music,)) if isinstance(music, str) else music


def check_exit_keys(report: Report, path: str, keys: Mapping[str, str], taken: Mapping[str, str]) -> None:
    """Each a single key, none with two meanings; `taken`: keys that mean something else, and what."""
    for digit in keys:
        if len(digit) != 1 or digit not in EXIT_KEYS:
            report.error(f"{path}.{digit}", f"{digit!r} is no key", 'write one of 0 to 9, "*" and "#", in quotes')
        elif digit in taken:
            report.error(f"{path}.{digit}", f"this key is {taken[digit]}", "choose another key for one of them")


def prompts(music: Playlist, messages: Messages) -> Iterator[tuple[str, str]]:
    """(key, prompt) of all pieces, for the check that they exist."""
    yield from (("music", name) for name in music.pieces)
    yield from (("messages.pieces", name) for name in messages.pieces)
