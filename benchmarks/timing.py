"""How long something takes: the best of several runs, which noise can only make worse."""

import time
from collections.abc import Callable


def best(run: Callable[[], object], rounds: int = 7) -> float:
    """Seconds of the fastest of `rounds` runs."""
    fastest = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        run()
        fastest = min(fastest, time.perf_counter() - began)
    return fastest
