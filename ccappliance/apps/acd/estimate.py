"""How long an entry will wait: the distribution of its wait, from who stands before it and who serves.

With i entries before him a caller moves up at the rate sμ + iθ: one of s busy agents becomes free, or one of the i
gives up. His wait is the sum of n + 1 such steps, with mean Σ 1/(sμ + iθ), and exp(-θ·wait) has the Beta distribution
with parameters sμ/θ and n + 1 (its moments Π (a + i)/(a + i + t) are those of Beta): quantiles need no simulation.
M/M/s+M: Palm 1946; the same sum is Whitt's "Predicting queueing delays" (1999) and Ibrahim & Whitt's QLm (2009).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

MANY = 100.0  # entries before him: from here on the sum of steps is as good as normal (0.3 s of 300), and costs less
NEVER = 20.0
MINUTE = 60.0
MOST_MINUTES = 120  # longer is told to nobody: such a queue is not described by its last hours


@dataclass(frozen=True, slots=True)
class Estimate:
    """The wait of an entry. `rate`: calls a second that its agents finish together; `patience`: mean, in seconds."""

    rate: float
    patience: float
    ahead: float  # entries that will take an agent of its own before it does; a share counts as a part

    @property
    def mean(self) -> float:
        """Seconds."""
        steps = int(self.ahead)
        near = min(steps + 1, int(MANY))
        whole = math.fsum([1.0 / (self.rate + i / self.patience) for i in range(near)])
        if steps >= near:  # the rest as an integral: of terms that change by a hundredth it is as good as the sum
            first, last = self._rates(near - 0.5), self._rates(steps + 0.5)
            whole += self.patience * math.log1p((last - first) / first)
        return whole + (self.ahead - steps) / (self.rate + self.ahead / self.patience)

    def over(self, seconds: float) -> float:
        """The probability of waiting longer."""
        return self._curve()(seconds)

    def quantile(self, share: float) -> float:
        """Seconds within which this share of such waits is over; to a hundredth."""
        over = self._curve()
        low, high = 0.0, self.mean
        while over(high) > 1.0 - share:
            low, high = high, 2.0 * high
        while high - low > 0.01:
            middle = (low + high) / 2.0
            if over(middle) > 1.0 - share:
                low = middle
            else:
                high = middle
        return high

    def minutes(self, share: float) -> tuple[int, int] | None:
        """The narrowest range of whole minutes that holds this share of such waits; of two, the likelier.

        None if it would end after MOST_MINUTES.
        """
        over = self._curve()
        enough = (1.0 - share) / 4.0  # these waits have their long tail on the right: no narrowest range ends there
        within = [0.0]
        while 1.0 - within[-1] > enough:
            if len(within) > MOST_MINUTES:
                return None
            within.append(1.0 - over(MINUTE * len(within)))
        best, width, held, first = (0, len(within) - 1), len(within), 0.0, 0
        for last in range(1, len(within)):
            while first + 1 < last and within[last] - within[first + 1] >= share:
                first += 1
            holds = within[last] - within[first]
            if holds >= share and (last - first, -holds) < (width, -held):
                best, width, held = (first, last), last - first, holds
        return best

    def _curve(self) -> Callable[[float], float]:
        """`over` as a function that is cheap to ask again and again."""
        steps = int(self.ahead)
        if steps >= MANY:
            variance = math.fsum([(self.rate + i / self.patience) ** -2 for i in range(int(MANY))])
            variance += (steps + 1 - MANY) / (self._rates(MANY - 0.5) * self._rates(steps + 0.5))
            normal = NormalDist(self.mean, math.sqrt(variance))
            return lambda seconds: 1.0 - normal.cdf(seconds) if seconds > 0.0 else 1.0
        part = self.ahead - steps

        def over(seconds: float) -> float:
            longer = self._over(steps, seconds)
            return longer + part * (self._over(steps + 1, seconds) - longer) if part else longer
        return over

    def _rates(self, ahead: float) -> float:
        """How fast he moves up with so many before him, per second."""
        return self.rate + ahead / self.patience

    def _over(self, ahead: int, seconds: float) -> float:
        """P(wait > t) = x^a Σ (a)_j/j! (1 - x)^j for j = 0…n, with x = exp(-θt), a = sμ/θ: the Beta distribution's
        tail, all terms positive; the exponent is kept apart so that nothing underflows.
        """
        if seconds <= 0.0:
            return 1.0
        if self.rate * seconds > NEVER * (ahead + NEVER):
            return 0.0  # less than 1e-100; and `total` might be too large for a float
        gave_up = -math.expm1(-seconds / self.patience)
        shape = self.rate * self.patience
        term = total = 1.0
        for j in range(1, ahead + 1):
            term *= (shape + j - 1) / j * gave_up
            total += term
        return min(1.0, math.exp(math.log(total) - self.rate * seconds))
