"""Coming in by the web: codes, passwords, cookies, sessions, throttling; and that nothing of it is told."""

from collections.abc import Callable
from pathlib import Path

import pytest
from web_house import PASSWORD, Browser, WebHouse, play

from ccappliance.base.errors import Refused
from ccappliance.call import facts
from ccappliance.interfaces.web.passwords import check_password
from ccappliance.interfaces.web.throttle import FREE_PAIR, LONGEST, Throttle

Browsers = Callable[[], Browser]


def test_the_first_administrator_comes_in_by_a_code_and_only_once(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        one, other = browser(), browser()
        assert (await one.ask("GET", "/api/v1/session")).json["needs_setup"] is True
        wrong = await one.ask("POST", "/api/v1/session/code", {"code": "AAAA-AAAA", "user": "chief",
                                                               "password": PASSWORD})
        assert (wrong.status, wrong.code) == (401, "wrong_code")
        code = (await house.operations.run("users.setup-code", {}, "cli:root"))["code"]
        typed = code.lower().replace("-", " ")
        weak = await one.ask("POST", "/api/v1/session/code", {"code": typed, "user": "chief", "password": "chief12345"})
        assert (weak.status, weak.code) == (400, "weak_password")
        answer = one.keep(await one.ask("POST", "/api/v1/session/code",
                                        {"code": typed, "user": "chief", "password": PASSWORD}))
        assert (answer.status, answer.json["role"], answer.json["needs_setup"]) == (200, "admin", False)
        again = await other.ask("POST", "/api/v1/session/code", {"code": code, "user": "thief", "password": PASSWORD})
        assert (again.status, again.code) == (401, "wrong_code")
        with pytest.raises(Refused, match="administrator already"):
            await house.operations.run("users.setup-code", {}, "cli:root")
        added = await one.ask("POST", "/api/v1/users", {"user": "li", "role": "agent", "agent": "1001"})
        assert (added.status, added.json["password"]) == (200, False)
        his = (await one.ask("POST", "/api/v1/users/li/code")).json["code"]
        assert (await other.sign_in("li", "")).status == 401
        entered = other.keep(await other.ask("POST", "/api/v1/session/code",
                                             {"code": his, "user": "li", "password": PASSWORD}))
        assert (entered.json["role"], entered.json["agent"]) == ("agent", "1001")
    play(tmp_path, story)


def test_what_is_kept_and_what_is_told_has_no_secret(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        await house.user("chief", "admin")
        chief = browser()
        answer = await chief.sign_in("chief")
        cookie = answer.headers["Set-Cookie"]
        assert all(word in cookie for word in ("__Host-session=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"))
        assert "Domain" not in cookie
        made = (await chief.ask("POST", "/api/v1/tokens", {"name": "crm", "scopes": ["calls:read"]})).json
        await chief.ask("PUT", "/api/v1/users/chief/password", {"password": PASSWORD + "2"})
        assert (await chief.ask("GET", "/api/v1/users")).status == 401  # his sessions ended with his password
        kept = "".join(path.read_text() for path in (house.folder / "web").glob("*.json"))
        told = b"\n".join(house.sink.lines).decode()
        for secret in (PASSWORD, chief.cookie, made["secret"]):
            assert secret not in kept
            assert secret not in told
        assert "$argon2id$" in kept
        assert "argon2" not in told
        assert {path.stat().st_mode & 0o777 for path in (house.folder / "web").glob("*.json")} == {0o600}
    play(tmp_path, story)


def test_a_change_needs_the_token_of_its_session_and_a_page_of_ours(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        await house.user("chief", "admin")
        chief, other = browser(), browser()
        await chief.sign_in("chief")
        await other.sign_in("chief")
        right, body = chief.csrf, {"user": "li", "role": "agent"}
        for token in ("", other.csrf, "x" * 43):
            chief.csrf = token
            assert (await chief.ask("POST", "/api/v1/users", body)).code == "csrf"
        chief.csrf = right
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://["):
            answer = await chief.ask("POST", "/api/v1/users", body, {"Origin": origin})
            assert (answer.status, answer.code) == (403, "bad_origin"), origin
        for host in ("evil.example", "127.0.0.1.evil.example", "[", ""):
            assert (await chief.ask("GET", "/api/v1/users", headers={"Host": host})).code == "bad_host", host
        assert (await chief.ask("POST", "/api/v1/users", body, {"Origin": chief.base})).status == 200
        assert [fact.outcome for fact in house.facts(facts.WebAsked)] == ["ok"]
    play(tmp_path, story)


def test_a_session_ends_when_it_is_not_used_and_after_a_shift(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        await house.user("chief", "admin")
        idler, worker = browser(), browser()
        await idler.sign_in("chief")
        await worker.sign_in("chief")
        for _ in range(24):
            house.clock.ahead += 1_750.0
            assert (await worker.ask("GET", "/api/v1/users")).status == 200
        assert (await idler.ask("GET", "/api/v1/users")).status == 401
        house.clock.ahead += 1_750.0
        assert (await worker.ask("GET", "/api/v1/users")).status == 401
        assert [fact.why for fact in house.facts(facts.SignedOut)] == ["idle", "expired"]
    play(tmp_path, story)


def test_sessions_are_listed_and_revoked_and_survive_a_restart(tmp_path: Path) -> None:
    cookies: list[tuple[str, str]] = []

    async def day(house: WebHouse, browser: Browsers) -> None:
        await house.user("chief", "admin")
        await house.user("li", "agent")
        for name in ("chief", "li", "li"):
            one = browser()
            await one.sign_in(name)
            cookies.append((one.cookie, one.csrf))
        rows = (await one.ask("GET", "/api/v1/users/li/sessions")).json
        assert [(row["user"], row["address"]) for row in rows] == [("li", "127.0.0.1")] * 2
        answer = await one.ask("DELETE", f"/api/v1/users/li/sessions?session={rows[0]['session']}")
        assert answer.json == {"ended": 1}

    async def next_day(house: WebHouse, browser: Browsers) -> None:
        statuses = []
        for cookie, csrf in cookies:
            one = browser()
            one.cookie, one.csrf = cookie, csrf
            statuses.append((await one.ask("GET", "/api/v1/queues")).status)
        assert statuses == [200, 401, 200]
        assert (await one.ask("DELETE", "/api/v1/session")).json["user"] == ""
        assert (await one.ask("GET", "/api/v1/queues")).status == 401
    play(tmp_path, day)
    play(tmp_path, next_day)


def test_who_is_disabled_is_out_at_once_and_the_last_admin_stays(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        await house.user("chief", "admin")
        await house.user("li", "supervisor")
        chief, li = browser(), browser()
        await chief.sign_in("chief")
        await li.sign_in("li")
        token, secret = await house.server.accounts.make_token("crm", ["calls:read"], 1, "web:li")
        program = {"Authorization": f"Bearer {secret}"}
        assert (await browser().ask("GET", "/api/v1/calls", headers=program)).status == 200
        assert (await chief.ask("PUT", "/api/v1/users/li/role", {"role": "technician"})).status == 200
        assert (await browser().ask("GET", "/api/v1/calls", headers=program)).code == "forbidden"
        assert (await li.ask("GET", "/api/v1/calls")).code == "forbidden"
        assert (await chief.ask("PUT", "/api/v1/users/li/disabled", {})).status == 200
        assert (await li.ask("GET", "/api/v1/queues")).status == 401
        assert (await li.sign_in("li")).status == 401
        for path, body in (("role", {"role": "agent"}), ("disabled", {})):
            assert (await chief.ask("PUT", f"/api/v1/users/chief/{path}", body)).code == "last_admin"
        assert (await chief.ask("DELETE", "/api/v1/users/chief")).code == "last_admin"
        assert (await chief.ask("DELETE", "/api/v1/users/li")).status == 200
        assert (await browser().ask("GET", "/api/v1/calls", headers=program)).status == 401
        assert token.id not in [one.id for one in house.server.accounts.tokens()]
    play(tmp_path, story)


def test_a_token_ends_with_its_day_and_cannot_have_more_than_its_maker(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        await house.user("li", "supervisor")
        accounts = house.server.accounts
        for scope in ("config:write", "users:write", "nonsense"):
            with pytest.raises(Refused) as refused:
                await accounts.make_token("crm", [scope], 1, "web:li")
            assert refused.value.code == "bad_scope"
        with pytest.raises(Refused):
            await accounts.make_token("crm", ["users:write"], 1, "cli:root")
        token, secret = await accounts.make_token("crm", ["calls:read"], 1, "web:li")
        assert accounts.by_token(secret, "") is not None
        assert accounts.by_token(token.key, "") is None
    play(tmp_path, story)


def test_guessing_gets_slower_and_the_right_one_must_wait_too(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        await house.user("chief", "admin")
        one = browser()
        for _ in range(FREE_PAIR):
            assert (await one.sign_in("chief", "wrong password")).status == 401
        answer = await one.sign_in("chief")
        assert (answer.status, answer.code, answer.headers["Retry-After"]) == (429, "throttled", "1")
        house.clock.ahead += 1.0
        assert (await one.sign_in("chief")).status == 200
        assert [fact.why for fact in house.facts(facts.SignInRefused)] == ["wrong"] * FREE_PAIR + ["throttled"]
    play(tmp_path, story)


def test_the_throttle_doubles_to_its_longest_and_forgets() -> None:
    throttle, waits, now = Throttle(), [], 1000.0
    for _ in range(15):
        throttle.failed("li", "10.0.0.1", now)
        waits.append(throttle.wait("li", "10.0.0.1", now))
        now += waits[-1]
    assert waits[FREE_PAIR - 1:FREE_PAIR + 4] == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert waits[-1] == LONGEST
    assert throttle.wait("li", "10.0.0.2", now) == 0.0  # who shuts a user out from one address shuts only that one out
    assert throttle.wait("li", "10.0.0.1", now + 4000.0) == 0.0


@pytest.mark.parametrize("password", ["short", "chief12345", "1234567890", "aaaaaaaaaaaa", "qwertyuiop", "x" * 201])
def test_what_is_easily_guessed_is_no_password(password: str) -> None:
    with pytest.raises(Refused) as refused:
        check_password(password, "chief")
    assert refused.value.code == "weak_password"


def test_accounts_that_cannot_be_written_change_nothing(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        await house.user("chief", "admin")
        file = house.folder / "web" / "accounts.json"
        file.with_name("accounts.json.new").mkdir()
        before = file.read_bytes()
        with pytest.raises(Refused) as refused:
            await house.server.accounts.add("li", "agent", "", "test")
        assert refused.value.code == "not_written"
        assert [user.name for user in house.server.accounts.users()] == ["chief"]
        assert file.read_bytes() == before
        assert len(house.facts(facts.AccountChanged)) == 2
    play(tmp_path, story)
