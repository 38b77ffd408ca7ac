"""Passwords as they are kept: argon2id, reckoned in a thread of its own, one at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHash, VerificationError

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_PASSWORD, MAX_PASSWORDS_WAITING

T = TypeVar("T")
LEAST = 10  # characters: with throttling, what NIST SP 800-63B §5.1.1 asks (8) and a little more
# RFC 9106 §4 leaves the choice to the machine: OWASP asks for 19 MiB and two passes at least. One lane, because the
# machine's other core belongs to the telephones; 32 MiB and three passes take it about a tenth of a second, so that 200
# agents who sign in at nine are in after 20 s.
PASSES, MEMORY, LANES = 3, 32 * 1024, 1  # MEMORY in KiB


class Passwords:
    """Hashes and compares, one at a time: the memory taken is bounded, and the loop never waits."""

    def __init__(self, passes: int = PASSES, memory: int = MEMORY) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=LANES)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="password")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Refused("too_many_clients") while too many wait."""
        return await self._do(lambda: self._hasher.hash(_bytes(password)))

    async def verify(self, kept: str, password: str) -> bool:
        """Does it fit? Takes as long for "", which nothing fits: nobody learns by the clock whether a user exists."""
        def compare() -> bool:
            if not kept:
                self._hasher.hash(_bytes(password))
                return False
            try:
                return bool(self._hasher.verify(kept, _bytes(password)))
            except (VerificationError, InvalidHash):
                return False
        return await self._do(compare)

    def outdated(self, kept: str) -> bool:
        """Was it hashed with parameters that are not ours any more?"""
        return bool(self._hasher.check_needs_rehash(kept))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _do(self, work: Callable[[], T]) -> T:
        if self._waiting >= MAX_PASSWORDS_WAITING:
            raise Refused("too_many_clients", "too many sign in at once; try again in a few seconds")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1


def check_password(password: str, user: str) -> None:
    """Refused("weak_password")."""
    if not LEAST <= len(password) <= MAX_PASSWORD:
        raise Refused("weak_password", f"a password has {LEAST} to {MAX_PASSWORD} characters; several words are good")
    folded = password.casefold()
    if user and folded.replace(user.casefold(), "").strip("0123456789.-_! ") == "":
        raise Refused("weak_password", "a password must be more than the user's name")
    if len(set(folded)) < 5 or folded in _RUNS or folded * 2 in _RUNS:
        raise Refused("weak_password", "this is too easy to guess: take other characters")


_RUNS = ("01234567890123456789 98765432109876543210 abcdefghijklmnopqrstuvwxyz qwertyuiopasdfghjklzxcvbnm "
         "password1234567890")


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
