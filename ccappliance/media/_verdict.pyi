"""What type checkers know of the compiled module _verdict (ext/ccappliance/media/_verdict.pyx)."""

from collections.abc import Sequence

GIVEN: int
BEEP: int
GREETING_ENDED: int
HUMAN: int
MACHINE: int
FAX: int
CARRIER: int
MOST_TONES: int
MODEL: str
SNAPSHOTS: list[float]
MACHINE_BELOW: list[float]
HUMAN_ABOVE: list[float]

class Verdict:
    def __init__(self, tones: Sequence[float] = ()) -> None: ...
    def reset(self) -> None: ...
    def run(self, pcm: bytes) -> list[tuple[int, int, float, int, int]]: ...
    def fillin(self, n: int) -> None: ...
    def features(self) -> list[float]: ...
    def look(self) -> tuple[float, float]: ...
    def likely(self) -> tuple[float, float]: ...
    @property
    def special(self) -> int: ...
