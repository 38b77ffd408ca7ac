"""Sessions: who has signed in, for how long; they survive a restart of the daemon."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_SESSIONS, MAX_SESSIONS_OF_USER
from ccappliance.call import facts
from ccappliance.interfaces.web.kept_file import KeptFile
from ccappliance.interfaces.web.secret import Draw, hashed, new_secret

NAME = 12  # characters of a session's public name: the beginning of its hash


@dataclass(slots=True)
class Session:
    """One browser of one user. Times on the loop clock."""

    key: str  # hash of the secret in the cookie
    user: str
    address: str
    csrf: str
    began: float
    seen: float

    @property
    def name(self) -> str:
        return self.key[:NAME]


class Sessions:
    """All of them, by the hash of their secret. What ends is told to `ended` with the session."""

    def __init__(self, kept: KeptFile, clock: Clock, draw: Draw, write: Callable[[facts.Fact], object], *,
                 idle: float, longest: float) -> None:
        self._kept = kept
        self._clock = clock
        self._draw = draw
        self._write = write
        self._idle = idle
        self._longest = longest
        self._all: dict[str, Session] = {}
        self._changed = False

    def load(self) -> None:
        """Those of the last run; their times continue as if the daemon had run. Refused("damaged")."""
        shift = self._clock.now() - self._clock.wall().timestamp()
        for row in self._kept.load().get("sessions", []):
            one = Session(**{**row, "began": row["began"] + shift, "seen": row["seen"] + shift})
            self._all[one.key] = one
        self.sweep()

    def begin(self, user: str, address: str) -> tuple[Session, str]:
        """A new session, and its secret. The user's oldest one ends if he has too many."""
        secret, now = new_secret(self._draw), self._clock.now()
        mine = [one for one in self._all.values() if one.user == user]
        for one in mine[:max(0, len(mine) + 1 - MAX_SESSIONS_OF_USER)]:
            self.end(one, "revoked")
        if len(self._all) >= MAX_SESSIONS:
            self.end(min(self._all.values(), key=lambda one: one.seen), "revoked")
        session = Session(hashed(secret), user, address, new_secret(self._draw), now, now)
        self._all[session.key] = session
        self._changed = True
        return session, secret

    def find(self, secret: str) -> Session | None:
        """The session of a cookie, which is used by this; None if there is none any more."""
        session = self._all.get(hashed(secret))
        if session is None or self._over(session):
            return None
        session.seen = self._clock.now()
        self._changed = True
        return session

    def alive(self, name: str) -> bool:
        """Does the session of this public name go on? It is used by this: an open console asks it."""
        for session in self._all.values():
            if session.name == name:
                if self._over(session):
                    return False
                session.seen = self._clock.now()
                return True
        return False

    def end(self, session: Session, why: str) -> None:
        if self._all.pop(session.key, None) is not None:
            self._changed = True
            self._write(facts.SignedOut(session.user, session.name, why))

    def end_of(self, user: str, why: str, *, but: str = "") -> None:
        """All of a user's, except the one of this public name."""
        for session in self.of(user):
            if session.name != but:
                self.end(session, why)

    def of(self, user: str = "") -> list[Session]:
        """A user's ("": everybody's), oldest first."""
        return [one for one in list(self._all.values()) if user in ("", one.user)]

    def sweep(self) -> None:
        for session in self.of():
            self._over(session)

    async def save(self) -> None:
        """If something has changed. Refused("not_written")."""
        if self._changed:
            self._changed = False
            shift = self._clock.wall().timestamp() - self._clock.now()
            rows: list[dict[str, Any]] = [{**asdict(one), "began": round(one.began + shift, 3),
                                           "seen": round(one.seen + shift, 3)} for one in self._all.values()]
            try:
                await self._kept.save({"sessions": rows})
            except Refused:
                self._changed = True
                raise

    def _over(self, session: Session) -> bool:
        now = self._clock.now()
        idle = now - session.seen > self._idle
        if idle or now - session.began > self._longest:
            self.end(session, "idle" if idle else "expired")
            return True
        return False
