"""Accounts: users with their roles and passwords, API tokens, and one-time codes; who signs in, and who may not."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ccappliance.base.clock import Clock
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_PASSWORD, MAX_TOKENS, MAX_USERS
from ccappliance.call import facts
from ccappliance.interfaces.web.access import NOT_FOR_TOKENS, ROLES, SCOPES, Visitor
from ccappliance.interfaces.web.errors import Throttled
from ccappliance.interfaces.web.kept_file import KeptFile
from ccappliance.interfaces.web.passwords import Passwords, check_password
from ccappliance.interfaces.web.secret import Draw, hashed, new_code, new_secret, plain_code, same
from ccappliance.interfaces.web.sessions import Session, Sessions
from ccappliance.interfaces.web.throttle import Throttle

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
CODE_LIVES = 86_400.0  # s a one-time code can be used
TOKEN = "cct_"  # how a token begins, so that one in the wrong place is recognised
MAX_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in."""

    name: str
    role: str
    agent: str = ""  # his number as an agent
    password: str = ""  # argon2id; "": none was set yet, a code is needed
    disabled: bool = False
    made_at: str = ""  # ISO 8601, UTC
    code: str = ""  # hash of the one-time code with which he may set his password
    code_until: float = 0.0  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Token:
    """A key for a program."""

    id: str
    name: str
    key: str  # hash of its secret
    scopes: tuple[str, ...]
    owner: str  # the user who made it, whose rights bound it; "": the command line
    made_at: str
    until: float  # seconds since 1970


class Accounts:
    """All accounts. What changes is on the disk before it is true, and a fact when it is."""

    def __init__(self, kept: KeptFile, sessions: Sessions, passwords: Passwords, clock: Clock, draw: Draw,
                 write: Callable[[facts.Fact], object]) -> None:
        self.sessions = sessions
        self._kept = kept
        self._passwords = passwords
        self._clock = clock
        self._draw = draw
        self._write = write
        self._throttle = Throttle()
        self._users: dict[str, User] = {}
        self._tokens: dict[str, Token] = {}
        self._setup = ("", 0.0)  # hash of the code that makes the first administrator, and until when

    def load(self) -> None:
        """Refused("damaged")."""
        content = self._kept.load()
        self._users = {row["name"]: User(**row) for row in content.get("users", [])}
        self._tokens = {row["id"]: Token(**{**row, "scopes": tuple(row["scopes"])})
                        for row in content.get("tokens", [])}
        key, until = content.get("setup", ("", 0.0))
        self._setup = (str(key), float(until))
        self.sessions.load()

    def close(self) -> None:
        self._passwords.close()

    # ---- who is it ----

    @property
    def now(self) -> float:
        """The loop clock, in which sessions have their times."""
        return self._clock.now()

    @property
    def needs_setup(self) -> bool:
        """Is there no administrator who could sign in?"""
        return not any(user.role == "admin" and user.password and not user.disabled for user in self._users.values())

    def users(self) -> list[User]:
        return [self._users[name] for name in sorted(self._users)]

    def tokens(self) -> list[Token]:
        return sorted(self._tokens.values(), key=lambda token: (token.made_at, token.id))

    def by_cookie(self, secret: str, address: str) -> Visitor | None:
        session = self.sessions.find(secret)
        return self.visitor(session, address) if session is not None else None

    def visitor(self, session: Session, address: str) -> Visitor | None:
        user = self._users.get(session.user)
        if user is None or user.disabled:
            return None
        return Visitor(user.name, f"web:{user.name}", user.role, user.agent, ROLES[user.role], address, session.name,
                       session.csrf)

    def by_token(self, secret: str, address: str) -> Visitor | None:
        key = hashed(secret)
        token = next((one for one in self._tokens.values() if same(one.key, key)), None)
        if token is None or token.until < self._wall():
            return None
        scopes = frozenset(token.scopes) & self._grantable(token.owner)
        return Visitor(token.name, f"token:{token.id}", "", "", scopes, address)

    def still(self, visitor: Visitor) -> bool:
        """May who came in stay in, with the same rights? Open feeds ask it."""
        if visitor.session:
            user = self._users.get(visitor.name)
            return user is not None and not user.disabled and (user.role, user.agent) == (visitor.role, visitor.agent) \
                and self.sessions.alive(visitor.session)
        token = self._tokens.get(visitor.by.removeprefix("token:"))
        return token is not None and token.until >= self._wall() and visitor.scopes <= self._grantable(token.owner)

    async def sign_in(self, name: str, password: str, address: str) -> tuple[Session, str]:
        """A session and its secret. Refused("wrong_sign_in"), Throttled("throttled")."""
        name = name.strip().lower()[:32]
        self._admit(name, address)
        user = self._users.get(name)
        fits = await self._passwords.verify(user.password if user and not user.disabled else "",
                                            password[:MAX_PASSWORD + 1])
        user = self._users.get(name)  # as it is now: it may have been disabled meanwhile
        if not fits or user is None or user.disabled:
            raise self._failed(name, address, "disabled" if user is not None and user.disabled else "wrong",
                               Refused("wrong_sign_in", "no such user, or another password"))
        self._throttle.succeeded(name, address)
        if self._passwords.outdated(user.password):
            await self._change(replace(user, password=await self._passwords.hash(password)))
        return await self._begin(user, address)

    async def use_code(self, code: str, name: str, password: str, address: str) -> tuple[Session, str]:
        """Set a password with a one-time code, or make the first administrator. Refused("wrong_code"),
        ("weak_password"), ("bad_name"); Throttled("throttled").
        """
        name = name.strip().lower()[:32]
        self._admit(name, address)
        key = hashed(plain_code(code))
        self._check_code(key, name, address)
        _check_name(name)
        check_password(password, name)
        kept = await self._passwords.hash(password)
        first = self._check_code(key, name, address)  # again: it may have been used meanwhile
        user = replace(self._users.get(name) or User(name, "admin", made_at=self._stamp()), password=kept, code="")
        if first:
            user, self._setup = replace(user, role="admin", disabled=False), ("", 0.0)
        await self._change(user)
        self._tell(name, "password", "", f"web:{name}")
        self._throttle.succeeded(name, address)
        self.sessions.end_of(name, "account")
        return await self._begin(user, address)

    async def change_own(self, visitor: Visitor, old: str, new: str) -> None:
        """Refused("wrong_sign_in"), ("weak_password"); Throttled("throttled"). His other sessions end."""
        self._admit(visitor.name, visitor.address)
        if not await self._passwords.verify(self.user(visitor.name).password, old[:MAX_PASSWORD + 1]):
            raise self._failed(visitor.name, visitor.address, "wrong", Refused("wrong_sign_in", "this is not the "
                                                                               "password you have now"))
        await self.set_password(visitor.name, new, visitor.by, but=visitor.session)

    # ---- changes ----

    def user(self, name: str) -> User:
        """Refused("no_such_user")."""
        if name not in self._users:
            raise Refused("no_such_user", f"there is no user {name!r}; `ccappliance users list` shows them")
        return self._users[name]

    async def add(self, name: str, role: str, agent: str, by: str) -> User:
        """Without a password: give him a code. Refused("bad_name"), ("exists"), ("bad_role"), ("too_many")."""
        _check_name(name)
        _check_role(role)
        if name in self._users:
            raise Refused("exists", f"there is a user {name!r} already")
        if len(self._users) >= MAX_USERS:
            raise Refused("too_many", f"there are {MAX_USERS} users already; remove some")
        user = User(name, role, agent, made_at=self._stamp())
        await self._change(user)
        self._tell(name, "added", role, by)
        return user

    async def set_role(self, name: str, role: str, by: str) -> User:
        """His sessions go on with the other rights. Refused("no_such_user"), ("bad_role"), ("last_admin")."""
        _check_role(role)
        user = replace(self.user(name), role=role)
        self._keep_an_admin(user)
        await self._change(user)
        self._tell(name, "role", role, by)
        return user

    async def set_agent(self, name: str, agent: str, by: str) -> User:
        user = replace(self.user(name), agent=agent)
        await self._change(user)
        self._tell(name, "agent", agent, by)
        return user

    async def disable(self, name: str, disabled: bool, by: str) -> User:
        """At once: his sessions end. Refused("no_such_user"), ("last_admin")."""
        user = replace(self.user(name), disabled=disabled)
        self._keep_an_admin(user)
        await self._change(user)
        self._tell(name, "disabled" if disabled else "enabled", "", by)
        if disabled:
            self.sessions.end_of(name, "account")
        return user

    async def remove(self, name: str, by: str) -> None:
        self._keep_an_admin(replace(self.user(name), disabled=True))
        users = {other: user for other, user in self._users.items() if other != name}
        await self._save(users, {key: one for key, one in self._tokens.items() if one.owner != name})
        self._tell(name, "removed", "", by)
        self.sessions.end_of(name, "account")

    async def sign_out(self, name: str, session: str = "", why: str = "revoked") -> int:
        """End a session of a user, or all of his; how many. Refused("no_such_user"), ("no_such_session")."""
        self.user(name)
        ending = [one for one in self.sessions.of(name) if session in ("", one.name)]
        if session and not ending:
            raise Refused("no_such_session", f"{name} has no session {session!r}")
        for one in ending:
            self.sessions.end(one, why)
        await self.sessions.save()
        return len(ending)

    async def set_password(self, name: str, password: str, by: str, *, but: str = "") -> None:
        """His sessions end, except the one named `but`. Refused("no_such_user"), ("weak_password")."""
        self.user(name)
        check_password(password, name)
        kept = await self._passwords.hash(password)
        await self._change(replace(self.user(name), password=kept, code=""))
        self._tell(name, "password", "", by)
        self.sessions.end_of(name, "account", but=but)

    async def new_code(self, name: str, by: str) -> str:
        """A one-time code for a user, or ("") for the first administrator; an older one is of no use any more.

        Refused("no_such_user"), ("already_set_up").
        """
        code, until = new_code(self._draw), self._wall() + CODE_LIVES
        key = hashed(plain_code(code))
        if name:
            await self._change(replace(self.user(name), code=key, code_until=until))
        elif not self.needs_setup:
            raise Refused("already_set_up", "there is an administrator already: he can add users; or set a password "
                                            "with `ccappliance users password`")
        else:
            before, self._setup = self._setup, (key, until)
            try:
                await self._save(self._users, self._tokens)
            except Refused:
                self._setup = before
                raise
        self._tell(name, "code", "", by)
        return code

    async def make_token(self, name: str, scopes: Sequence[str], days: int, by: str) -> tuple[Token, str]:
        """Refused("bad_scope"), ("bad_name"), ("bad_parameters"), ("too_many")."""
        _check_name(name)
        owner = by.removeprefix("web:") if by.startswith("web:") else ""
        may = self._grantable(owner)
        for scope in scopes:
            if scope not in may:
                why = "tokens can't have it" if scope in NOT_FOR_TOKENS else "you don't have it yourself" \
                    if scope in SCOPES else f"there are: {', '.join(SCOPES)}"
                raise Refused("bad_scope", f"{scope!r} can't be given: {why}")
        if not scopes:
            raise Refused("bad_scope", f"a token needs at least one scope of: {', '.join(SCOPES)}")
        if not 1 <= days <= MAX_DAYS:
            raise Refused("bad_parameters", f"'days' must be from 1 to {MAX_DAYS}")
        if len(self._tokens) >= MAX_TOKENS:
            raise Refused("too_many", f"there are {MAX_TOKENS} tokens already; revoke some")
        secret = TOKEN + new_secret(self._draw)
        key = hashed(secret)
        token = Token(key[:12], name, key, tuple(sorted(set(scopes))), owner, self._stamp(),
                      self._wall() + days * 86_400.0)
        await self._save(self._users, {**self._tokens, token.id: token})
        self._write(facts.TokenChanged(token.id, name, "made", by, list(token.scopes)))
        return token, secret

    async def revoke_token(self, token: str, by: str) -> None:
        """Refused("no_such_token")."""
        if token not in self._tokens:
            raise Refused("no_such_token", f"there is no token {token!r}; `ccappliance tokens list` shows them")
        name = self._tokens[token].name
        await self._save(self._users, {key: one for key, one in self._tokens.items() if key != token})
        self._write(facts.TokenChanged(token, name, "revoked", by))

    # ---- inside ----

    def _grantable(self, owner: str) -> frozenset[str]:
        """What a token of this owner may do now."""
        if not owner:
            return frozenset(SCOPES) - NOT_FOR_TOKENS
        user = self._users.get(owner)
        return ROLES[user.role] - NOT_FOR_TOKENS if user is not None and not user.disabled else frozenset()

    def _admit(self, name: str, address: str) -> None:
        wait = self._throttle.wait(name, address, self._clock.now())
        if wait > 0:
            self._write(facts.SignInRefused(name, address, "throttled", round(wait, 1)))
            raise Throttled("throttled", f"too many failed attempts: the next one is looked at in {wait:.0f} s", wait)

    def _check_code(self, key: str, name: str, address: str) -> bool:
        """Is it the first administrator's? Refused("wrong_code") if it is nobody's."""
        user, now = self._users.get(name), self._wall()
        if self.needs_setup and same(self._setup[0], key) and self._setup[1] >= now:
            return True
        if user is None or user.disabled or not same(user.code, key) or user.code_until < now:
            raise self._failed(name, address, "code", Refused(
                "wrong_code", "this code is not for this user, was used, or is too old"))
        return False

    def _failed(self, name: str, address: str, why: str, refused: Refused) -> Refused:
        now = self._clock.now()
        self._throttle.failed(name, address, now)
        self._write(facts.SignInRefused(name, address, why, round(self._throttle.wait(name, address, now), 1)))
        return refused

    async def _begin(self, user: User, address: str) -> tuple[Session, str]:
        session, secret = self.sessions.begin(user.name, address)
        await self.sessions.save()
        self._write(facts.SignedIn(user.name, user.role, address, session.name))
        return session, secret

    def _keep_an_admin(self, changed: User) -> None:
        others = [user for user in self._users.values() if user.name != changed.name]
        was = self._users.get(changed.name)
        if was is not None and _rules(was) and not _rules(changed) and not any(_rules(user) for user in others):
            raise Refused("last_admin", f"{changed.name} is the last administrator: make another one first")

    async def _change(self, user: User) -> None:
        await self._save({**self._users, user.name: user}, self._tokens)

    async def _save(self, users: Mapping[str, User], tokens: Mapping[str, Token]) -> None:
        """On the disk when this returns. Refused("not_written"): nothing has changed."""
        before = self._users, self._tokens
        self._users, self._tokens = dict(users), dict(tokens)
        content: dict[str, Any] = {"users": [asdict(user) for user in self.users()],
                                   "tokens": [asdict(token) for token in self.tokens()], "setup": list(self._setup)}
        try:
            await self._kept.save(content)
        except Refused:
            if (self._users, self._tokens) == (users, tokens):  # else a later change has it in its own attempt
                self._users, self._tokens = before
            raise

    def _tell(self, user: str, what: str, value: str, by: str) -> None:
        self._write(facts.AccountChanged(user, what, value, by))

    def _wall(self) -> float:
        return self._clock.wall().timestamp()

    def _stamp(self) -> str:
        return self._clock.wall().strftime("%Y-%m-%dT%H:%M:%SZ")


def _rules(user: User) -> bool:
    return user.role == "admin" and bool(user.password) and not user.disabled


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise Refused("bad_name", f"{name[:40]!r} is no name: 1 to 32 of a-z, 0-9, full stop, hyphen and underscore, "
                                  "beginning with a letter or digit")


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Refused("bad_role", f"there is no role {role[:40]!r}; there are: {', '.join(ROLES)}")
