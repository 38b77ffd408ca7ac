import asyncio
import contextvars
from collections.abc import Callable
from typing import TypeVarTuple

Ts = TypeVarTuple("Ts")

class Rounds:
    now: float
    _scheduled: list[asyncio.TimerHandle]
    def time(self) -> float: ...
    def call_later(self, delay: float, callback: Callable[[*Ts], object], *args: *Ts,
                   context: contextvars.Context | None = None) -> asyncio.TimerHandle: ...
    def call_at(self, when: float, callback: Callable[[*Ts], object], *args: *Ts,
                context: contextvars.Context | None = None) -> asyncio.TimerHandle: ...
    def call_soon(self, callback: Callable[[*Ts], object], *args: *Ts,
                  context: contextvars.Context | None = None) -> asyncio.Handle: ...
    def deadlock(self) -> Exception: ...
