"""The route table: every operation is in it, with a right; and every route is tried by every role, for real."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from web_house import CALL, Browser, WebHouse, opened, play

from ccappliance.interfaces.web.access import NOT_FOR_TOKENS, OWN, ROLES, SCOPES
from ccappliance.interfaces.web.route import STREAM, Route
from ccappliance.interfaces.web.routes import DOOR, ROUTES

# What a path's place or a parameter is filled with; "own" is the agent's own, "other" somebody else's.
PLACES = {"own": {"agent": "1001", "call": CALL["id"], "station": "8001", "user": "agent"},
          "other": {"agent": "1002", "call": "9.000001", "station": "8002", "user": "nobody"}}
FILL: dict[str, Any] = {
    "span": "1", "channel": "fxo%2F1", "queue": "sales", "callback": "c", "recording": "r1", "message": "m",
    "report": "queues", "entry": "1", "token": "t", "name": "welcome", "customer": "1",
    "number": "13800138000", "ticket": "1"}
WRONG_FOR_ALL = {"users.sign-out"}  # ends the session with which it is tried; tested in test_web_sessions.py


def test_every_operation_has_a_route_and_every_route_an_operation(tmp_path: Path) -> None:
    house = WebHouse(tmp_path)
    own = {route.operation for route in DOOR} | {"recordings.sound", "recordings.peaks", "reports.file"}
    routed = {route.operation for route in ROUTES}
    told_twice = {"web.openapi"}  # in the door, as a document that everybody who is signed in may read
    operations = {operation.name for operation in house.operations.all()}
    assert operations - routed == set(), "an operation without a route"
    assert routed - operations - own == set(), "a route without an operation"
    assert own & operations == told_twice
    house.server.accounts.close()


def test_no_two_routes_are_the_same_request() -> None:
    asked = [("GET" if route.method == STREAM else route.method, route.path) for route in ROUTES]
    assert len(asked) == len(set(asked))


def test_every_route_needs_a_right_or_says_that_it_is_open() -> None:
    signed_in_only = {"operations.list", "session.end", "session.password", "web.openapi", "feed"}
    for route in ROUTES:
        if route.scope:
            assert route.scope in SCOPES, route
        else:
            assert route.open or route.operation in signed_in_only, f"{route}: who may do this?"
        assert not (route.open and route.scope), route


def test_every_right_is_used_and_an_admin_has_them_all() -> None:
    assert {route.scope for route in ROUTES} - {""} == set(SCOPES)
    assert set(SCOPES) | {OWN} == ROLES["admin"]
    for role, scopes in ROLES.items():
        assert scopes - {OWN} <= set(SCOPES), role
    assert set(SCOPES) >= NOT_FOR_TOKENS


def test_only_an_admin_makes_users_and_an_auditor_changes_nothing() -> None:
    assert [role for role, scopes in ROLES.items() if "users:write" in scopes] == ["admin"]
    assert not [scope for scope in ROLES["auditor"] if scope.endswith(":write") or scope == "calls:listen"]
    assert not [scope for scope in ROLES["agent"] if scope.endswith(":write")]


def path_of(route: Route, whose: str) -> str:
    path = "/api/v1" + route.path
    for place in route.places:
        path = path.replace("{" + place + "}", str(PLACES[whose].get(place) or FILL[place]))
    return path


def expected(route: Route, role: str, whose: str) -> bool:
    """What the table says: may this role do this with what is his own, or somebody else's?"""
    if route.open or not route.scope or route.scope in ROLES[role]:
        return True
    is_his = whose == "own" and route.own and OWN in ROLES[role]
    return bool(is_his and (role == "agent" or (route.own == "user" and PLACES["own"]["user"] == role)))


async def tried(browser: Browser, route: Route, whose: str) -> tuple[int, str]:
    """The status, and the error's code."""
    path = path_of(route, whose)
    if route.method == STREAM:
        answer = await browser.ask("GET", path)  # without an upgrade: refused, but only after the right was looked at
    elif route.in_body:
        body = {"station": PLACES[whose]["station"], "number": "10086"} if route.own == "station" else {}
        answer = await browser.ask(route.method, path, body)
    else:
        answer = await browser.ask(route.method, path)
    code = answer.json["error"]["code"] if answer.status >= 400 else ""
    return answer.status, code


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_matrix_of_routes_and_roles(tmp_path: Path, role: str) -> None:
    async def story(house: WebHouse, browser: Callable[[], Browser]) -> None:
        await house.user("root", "admin")
        await house.user(role, role, "1001" if role == "agent" else "")
        someone = browser()
        assert (await someone.sign_in(role)).status == 200
        for route in ROUTES:
            if route.operation in WRONG_FOR_ALL or route.operation.startswith("session."):
                continue
            for whose in ("own", "other"):
                status, code = await tried(someone, route, whose)
                assert status != 401, (route, code)
                assert (code != "forbidden") == expected(route, role, whose), (role, whose, route, status, code)
                assert status != 500, (route, code)
    play(tmp_path, story)


def test_nobody_gets_in_unknown(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Callable[[], Browser]) -> None:
        nobody, stranger = browser(), browser()
        stranger.cookie, stranger.csrf = "A" * 43, "A" * 43
        for route in ROUTES:
            if not route.open:
                for one in (nobody, stranger):
                    assert await tried(one, route, "own") == (401, "not_signed_in"), route
                answer = await nobody.ask("GET" if route.method == STREAM else route.method, path_of(route, "own"),
                                          headers={"Authorization": "Bearer cct_no"})
                assert (answer.status, answer.code) == (401, "not_signed_in"), route
        assert house.house.asked == []
    play(tmp_path, story)


def test_a_token_may_do_what_its_scopes_say_and_nothing_else(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as (house, browser):
            for scope in sorted(set(SCOPES) - NOT_FOR_TOKENS):
                _, secret = await house.server.accounts.make_token("t", [scope], 1, "cli:root")
                program = browser()
                for route in ROUTES:
                    if route.open or route.operation == "session.end":
                        continue
                    path, method = path_of(route, "other"), "GET" if route.method == STREAM else route.method
                    answer = await program.ask(method, path, headers={"Authorization": f"Bearer {secret}"})
                    forbidden = answer.status == 403 and answer.code == "forbidden"
                    assert forbidden == (route.scope not in ("", scope)), (scope, route, answer.body)
    asyncio.run(run())
