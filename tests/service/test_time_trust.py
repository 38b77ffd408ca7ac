"""Trust in the wall clock: what makes it lost, and what brings it back."""

from datetime import UTC, datetime, timedelta

from ccappliance.service.time_trust import SETTLE, TimeTrust, kernel_trust

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
BUILT = NOW - timedelta(days=30)


class TurnedClock:
    """Both clocks by hand."""

    def __init__(self) -> None:
        self.at, self.seconds = NOW, 100.0

    def wall(self) -> datetime:
        return self.at

    def now(self) -> float:
        return self.seconds

    def go(self, seconds: float, step: float = 0.0) -> None:
        self.seconds += seconds
        self.at += timedelta(seconds=seconds + step)


class World:
    """A trust that is asked."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.kernel = ""
        self.trust = TimeTrust(self.clock, lambda: self.kernel, BUILT)

    def why(self, seconds: float = 1.0, step: float = 0.0) -> str:
        self.clock.go(seconds, step)
        return self.trust.why_not()


def test_a_synchronised_clock_that_goes_on_is_trusted() -> None:
    world = World()
    assert [world.why(seconds) for seconds in (1.0, 3600.0, 86400.0)] == [""] * 3


def test_the_kernels_word_counts() -> None:
    world = World()
    world.kernel = "not synchronised"
    assert world.why() == "not synchronised"
    world.kernel = ""
    assert world.why() == ""


def test_a_dead_battery_is_known_by_the_journal_and_by_the_program() -> None:
    world = World()
    world.clock.at = datetime(1970, 1, 1, tzinfo=UTC)
    assert "it has been 2026-10-23" in world.why()
    world.clock.at = NOW - timedelta(days=1)
    world.trust.remember(NOW)
    assert "it has been 2026-11-22" in world.why()


def test_a_jump_ahead_is_believed_only_after_a_while() -> None:
    world = World()
    assert world.why() == ""
    assert "has jumped" in world.why(1.0, 3600.0)
    assert "has jumped" in world.why(SETTLE / 2)
    assert world.why(SETTLE / 2) == ""


def test_a_jump_ahead_that_is_taken_back_leaves_nothing_behind() -> None:
    world = World()
    assert world.why() == ""
    assert "has jumped" in world.why(1.0, 10 * 365 * 86400.0)
    assert "has jumped" in world.why(1.0, -10 * 365 * 86400.0)
    assert world.why(SETTLE) == ""


def test_an_hour_back_is_waited_for() -> None:
    world = World()
    assert world.why() == ""
    assert "set it" in world.why(1.0, -3600.0)
    assert "set it" in world.why(3000.0)
    assert world.why(700.0) == ""


def test_small_steps_of_ntp_do_no_harm() -> None:
    world = World()
    assert [world.why(1.0, step) for step in (0.5, -0.5, 2.0, -2.0)] == [""] * 4


def test_the_kernel_can_be_asked() -> None:
    assert kernel_trust() in ("", kernel_trust())
    assert all(word not in kernel_trust() for word in ("does not say", "cannot be asked"))
