"""Users, sessions and tokens as operations of every door: the console's and the command line's."""

from datetime import UTC, datetime
from typing import TypedDict

from ccappliance.interfaces.control.registry import Operations
from ccappliance.interfaces.web.access import ROLES, SCOPES
from ccappliance.interfaces.web.accounts import Accounts, Token, User


class UserRow(TypedDict):
    """Somebody who may sign in."""

    name: str
    role: str
    agent: str  # his number as an agent, "" if he is none
    disabled: bool
    password: bool  # has he set one?
    made_at: str
    sessions: int  # browsers he is signed in with


class SessionRow(TypedDict):
    """One browser of one user."""

    session: str
    user: str
    address: str
    age: float  # seconds since he signed in
    idle: float  # seconds since it was used


class TokenRow(TypedDict):
    """A key for a program."""

    token: str
    name: str
    scopes: list[str]
    owner: str  # "": made by the command line
    made_at: str
    until: str


class MadeToken(TokenRow):
    """A token with its secret, which is shown this once."""

    secret: str


class RoleRow(TypedDict):
    """A role and what it may do."""

    role: str
    scopes: list[str]


class Code(TypedDict):
    """A one-time code, shown this once."""

    user: str  # "": it makes the first administrator
    code: str


def account_operations(operations: Operations, accounts: Accounts) -> None:
    """Add them."""
    _users(operations, accounts)
    _changes(operations, accounts)
    _tokens(operations, accounts)


def _users(operations: Operations, accounts: Accounts) -> None:
    sessions = accounts.sessions

    def row(user: User) -> UserRow:
        return {"name": user.name, "role": user.role, "agent": user.agent, "disabled": user.disabled,
                "password": bool(user.password), "made_at": user.made_at, "sessions": len(sessions.of(user.name))}

    @operations.operation("users.list")
    async def users_list() -> list[UserRow]:
        """Who may sign in."""
        return [row(user) for user in accounts.users()]

    @operations.operation("users.show")
    async def users_show(user: str) -> UserRow:
        """One user."""
        return row(accounts.user(user))

    @operations.operation("users.roles")
    async def users_roles() -> list[RoleRow]:
        """The roles and what each may do."""
        return [{"role": role, "scopes": [scope for scope in SCOPES if scope in scopes]}
                for role, scopes in ROLES.items()]

    @operations.operation("users.add")
    async def users_add(user: str, role: str, by: str, agent: str = "") -> UserRow:
        """Add a user, without a password: a code lets him set it."""
        return row(await accounts.add(user, role, agent, by))

    @operations.operation("users.sessions")
    async def users_sessions(user: str = "") -> list[SessionRow]:
        """Where a user, or everybody, is signed in."""
        now = accounts.now
        return [{"session": one.name, "user": one.user, "address": one.address, "age": round(now - one.began, 1),
                 "idle": round(now - one.seen, 1)} for one in sessions.of(user)]

    @operations.operation("users.sign-out")
    async def users_sign_out(user: str, by: str, session: str = "") -> dict[str, int]:
        """End a session of a user, or all of his."""
        return {"ended": await accounts.sign_out(user, session)}


def _changes(operations: Operations, accounts: Accounts) -> None:
    @operations.operation("users.role")
    async def users_role(user: str, role: str, by: str) -> dict[str, str]:
        """Give a user another role."""
        return {"user": user, "role": (await accounts.set_role(user, role, by)).role}

    @operations.operation("users.agent")
    async def users_agent(user: str, agent: str, by: str) -> dict[str, str]:
        """Say which agent a user is ("": none)."""
        return {"user": user, "agent": (await accounts.set_agent(user, agent, by)).agent}

    @operations.operation("users.disable")
    async def users_disable(user: str, by: str, on: bool = True) -> dict[str, bool]:
        """Let a user in no more, at once; or (`on`: false) again."""
        return {"disabled": (await accounts.disable(user, on, by)).disabled}

    @operations.operation("users.remove")
    async def users_remove(user: str, by: str) -> dict[str, str]:
        """Remove a user and his tokens; what he did remains in the journal."""
        await accounts.remove(user, by)
        return {"user": user}

    @operations.operation("users.password")
    async def users_password(user: str, password: str, by: str) -> dict[str, str]:
        """Set a user's password; his sessions end."""
        await accounts.set_password(user, password, by)
        return {"user": user}

    @operations.operation("users.code")
    async def users_code(user: str, by: str) -> Code:
        """A one-time code with which a user sets his password, within a day."""
        return {"user": user, "code": await accounts.new_code(user, by)}

    @operations.operation("users.setup-code")
    async def users_setup_code(by: str) -> Code:
        """A one-time code that makes the first administrator, within a day."""
        return {"user": "", "code": await accounts.new_code("", by)}


def _tokens(operations: Operations, accounts: Accounts) -> None:
    def row(token: Token) -> TokenRow:
        until = datetime.fromtimestamp(token.until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"token": token.id, "name": token.name, "scopes": list(token.scopes), "owner": token.owner,
                "made_at": token.made_at, "until": until}

    @operations.operation("tokens.list")
    async def tokens_list() -> list[TokenRow]:
        """The API tokens."""
        return [row(token) for token in accounts.tokens()]

    @operations.operation("tokens.create")
    async def tokens_create(name: str, scopes: list[str], by: str, days: int = 90) -> MadeToken:
        """Make a token for a program, with the scopes it needs and no others; its secret is shown this once."""
        token, secret = await accounts.make_token(name, scopes, days, by)
        return {**row(token), "secret": secret}

    @operations.operation("tokens.revoke")
    async def tokens_revoke(token: str, by: str) -> dict[str, str]:
        """End a token at once."""
        await accounts.revoke_token(token, by)
        return {"token": token}
