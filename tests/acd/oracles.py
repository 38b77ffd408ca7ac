"""What queueing theory says of a queue: Erlang B, C and A. Rates in 1/s, times in seconds, traffic in Erlang.

Erlang: "Solution of some problems in the theory of probabilities" (1917); Palm (1946) for impatience; the forms used
here are those of Gross & Harris, "Fundamentals of Queueing Theory", and Garnett, Mandelbaum & Reiman (2002).
"""

import math
from dataclasses import dataclass


def erlang_b(servers: int, traffic: float) -> float:
    """Probability that all servers are busy when there is no queue."""
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = traffic * blocked / (n + traffic * blocked)
    return blocked


def erlang_c(servers: int, traffic: float) -> float:
    """Probability of waiting when nobody ever gives up. ValueError if the queue would grow for ever."""
    if traffic >= servers:
        raise ValueError(f"{traffic} Erlang for {servers} servers: no steady state")
    blocked = erlang_b(servers, traffic)
    return servers * blocked / (servers - traffic * (1.0 - blocked))


def mean_wait_c(servers: int, traffic: float, service: float) -> float:
    """Mean wait of all callers (ASA)."""
    return erlang_c(servers, traffic) * service / (servers - traffic)


def service_level_c(servers: int, traffic: float, service: float, within: float) -> float:
    """Share of callers answered within so many seconds."""
    return 1.0 - erlang_c(servers, traffic) * math.exp(-(servers - traffic) * within / service)


@dataclass(frozen=True)
class ErlangA:
    """Steady state of M/M/n+M."""

    wait: float  # probability of waiting at all
    abandon: float  # share of callers who give up
    mean_wait: float  # of all callers, whoever gives up included


def erlang_a(servers: int, traffic: float, service: float, patience: float, states: int = 2000) -> ErlangA:
    """By the birth-death chain: n callers present, death rate min(n, servers)/service + waiting/patience."""
    arrival = traffic / service
    weights = [1.0]
    for n in range(1, states):
        death = min(n, servers) / service + max(0, n - servers) / patience
        weights.append(weights[-1] * arrival / death)
    total = math.fsum(weights)
    share = [weight / total for weight in weights]
    waiting = math.fsum(max(0, n - servers) * p for n, p in enumerate(share))
    return ErlangA(wait=math.fsum(share[servers:]), abandon=waiting / patience / arrival, mean_wait=waiting / arrival)
