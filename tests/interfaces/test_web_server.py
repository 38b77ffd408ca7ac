"""The web door's edge: TLS, limits, headers, hosts, bodies, the console's files and sounds; hostile clients (F66)."""

import asyncio
import contextlib
import hashlib
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from web_house import SOUND, Browser, WebHouse, opened, play

from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_WEB_BODY
from ccappliance.call import facts
from ccappliance.interfaces.web import listener
from ccappliance.interfaces.web.certificate import Certificate, made
from ccappliance.interfaces.web.errors import STATUS, status_of
from ccappliance.interfaces.web.pages import TYPES
from ccappliance.interfaces.web.server import PAGES
from ccappliance.interfaces.web.settings import WebSettings
from ccappliance.interfaces.web.sound import wanted

Browsers = Callable[[], Browser]


async def chief_of(house: WebHouse, browser: Browsers) -> Browser:
    await house.user("chief", "admin")
    chief = browser()
    assert (await chief.sign_in("chief")).status == 200
    return chief


def test_a_certificate_is_made_once_and_names_the_machine(tmp_path: Path) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    first = made(tmp_path / "tls", ["box.local", "192.0.2.7", "::1"], now)
    found = x509.load_pem_x509_certificate(first.path.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["box.local"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.7", "::1"]
    assert first.until().year == 2036
    assert first.key.stat().st_mode & 0o777 == 0o600
    assert made(tmp_path / "tls", ["other"], now).fingerprint() == first.fingerprint()
    with pytest.raises(Refused) as refused:
        Certificate(tmp_path / "none.pem", tmp_path / "none.pem").context()
    assert refused.value.code == "bad_certificate"


def test_tls_with_the_machines_own_certificate_and_another_in_its_place(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        chief = await chief_of(house, browser)
        answer = await chief.ask("GET", "/api/v1/session")
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        shown = (await chief.ask("GET", "/api/v1/certificate")).json

        def served() -> str:
            pem = ssl.get_server_certificate(("127.0.0.1", house.server.port))
            digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
            return ":".join(digest[at:at + 2] for at in range(0, 64, 2))
        assert await asyncio.to_thread(served) == shown["sha256"]
        for path in (house.folder / "web" / "tls").glob("*.pem"):
            path.unlink()
        other = made(house.folder / "web" / "tls", ["localhost"], house.clock.wall())
        house.server.look()
        assert await asyncio.to_thread(served) == other.fingerprint() != shown["sha256"]
        other.path.write_text("no certificate")
        house.server.look()  # what is in use stays in use
        assert await asyncio.to_thread(served) != shown["sha256"]
    play(tmp_path, story, tls=True)


def test_every_answer_has_its_headers_and_errors_have_one_shape(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        chief = await chief_of(house, browser)
        for method, path, status, code in (
                ("GET", "/api/v1/nothing", 404, "not_found"), ("PATCH", "/api/v1/calls", 405, "method_not_allowed"),
                ("GET", "/api/v1/calls/none", 404, "no_such_call"), ("GET", "/api/v1/spans/x", 400, "bad_parameters"),
                ("GET", "/api/v1/recordings?limit=0", 400, "bad_parameters"), ("GET", "/nothing", 404, "not_found"),
                ("GET", "/api/v1/recordings?limt=1", 400, "bad_parameters"),
                ("GET", "/api/v1/recordings?limit=1&limit=2", 400, "bad_parameters"),
                ("GET", "/%00", 400, "bad_path"), ("GET", "/../../etc/passwd", 404, "not_found"),
                ("GET", "/..%2f..%2fetc/passwd", 404, "not_found"), ("GET", "//etc/passwd", 404, "not_found")):
            answer = await chief.ask(method, path)
            assert (answer.status, answer.code) == (status, code), (path, answer.body)
            assert set(answer.json["error"]) == {"code", "message", "hint", "field"}, path
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        answer = await chief.ask("GET", "/api/v1/recordings?limit=x")
        assert answer.json["error"]["field"] == "limit"
        assert answer.headers["Cache-Control"] == "no-store"
    play(tmp_path, story)


def test_bodies_that_are_wrong_are_refused(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        chief = await chief_of(house, browser)
        url = chief.base + "/api/v1/users"

        async def post(content: bytes, kind: str = "application/json") -> tuple[int, str]:
            headers = chief.headers() | {"Content-Type": kind}
            async with chief.session.post(url, data=content, headers=headers) as answer:
                return answer.status, (await answer.json())["error"]["code"]
        assert await post(b"{") == (400, "malformed")
        assert await post(b"[]") == (400, "malformed")
        assert await post(b'{"user": NaN}') == (400, "malformed")
        assert await post(b"[" * 100_000) == (400, "malformed")
        assert await post(b"\xff") == (400, "malformed")
        assert await post(b"user=li", "application/x-www-form-urlencoded") == (415, "bad_type")
        assert await post(b'{"user": "li", "role": "agent", "x": 1}') == (400, "bad_parameters")
        assert await post(b'{"user": 1, "role": "agent"}') == (400, "bad_parameters")
        assert await post(b" " * (MAX_WEB_BODY + 1)) == (413, "too_long")
        assert len(house.server.accounts.users()) == 1
    play(tmp_path, story)


def test_who_asks_too_often_waits_and_others_do_not(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        one = browser()
        statuses = [(await one.ask("GET", "/api/v1/session")).status for _ in range(100)]
        assert statuses[:20] == [200] * 20
        assert 429 in statuses
        answer = await one.ask("GET", "/api/v1/session")
        assert (answer.code, answer.headers["Retry-After"]) == ("too_many_requests", "1")
        house.clock.ahead += 1.0
        assert (await one.ask("GET", "/api/v1/session")).status == 200
    play(tmp_path, story, rate=5.0)


def test_connections_have_an_end_and_come_back(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        held = [await asyncio.open_connection("127.0.0.1", house.server.port) for _ in range(4)]
        reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
        assert await asyncio.wait_for(reader.read(), 10) == b""  # closed without a word
        writer.close()
        for _, other in held:
            other.close()
            await other.wait_closed()
        async with asyncio.timeout(10):
            while (house.server.connections) > 0:
                await asyncio.sleep(0)
        assert (await browser().ask("GET", "/api/v1/session")).status == 200
    play(tmp_path, story, connections_per_address=4)


def test_a_slow_head_is_cut_off_and_a_quick_one_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "FIRST_REQUEST", 0.1)

    async def story(house: WebHouse, browser: Browsers) -> None:
        quick = browser()
        await quick.ask("GET", "/api/v1/session")
        reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 10) == b""
        assert (await quick.ask("GET", "/api/v1/session")).status == 200
        writer.close()
    play(tmp_path, story)


def test_a_port_that_is_taken_is_told_and_tried_again(tmp_path: Path) -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            house = WebHouse(tmp_path, port=taken.getsockname()[1])
            with pytest.raises(Refused) as refused:
                await house.server.start()
            assert refused.value.code == "port_taken"
        await house.server.start()
        await house.server.stop()
        await house.server.stop()
    asyncio.run(run())


def test_damaged_accounts_let_nobody_in_and_stay_as_they_are(tmp_path: Path) -> None:
    async def run() -> None:
        file = tmp_path / "web" / "accounts.json"
        file.parent.mkdir()
        file.write_text("{half")
        with pytest.raises(Refused) as refused:
            async with opened(tmp_path):
                pass
        assert refused.value.code == "damaged"
        assert file.read_text() == "{half"
    asyncio.run(run())


def test_the_console_is_served_from_memory_with_its_tags(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        one = browser()
        index = await one.ask("GET", "/")
        assert (index.status, index.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert b"<script>" not in index.body, "the policy forbids what stands in the page itself"
        again = await one.ask("GET", "/", headers={"If-None-Match": index.headers["ETag"]})
        assert (again.status, again.body) == (304, b"")
        for path in sorted(PAGES.rglob("*")):
            if path.is_file() and path.suffix in TYPES:
                answer = await one.ask("GET", f"/{path.relative_to(PAGES)}")
                assert (answer.status, answer.body) == (200, path.read_bytes()), path
                assert answer.headers["Content-Type"].startswith(TYPES[path.suffix])
    play(tmp_path, story)


def test_a_recording_is_heard_whole_and_in_parts_and_that_is_told(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        chief = await chief_of(house, browser)
        path = "/api/v1/recordings/r1/sound"
        whole = await chief.ask("GET", path)
        assert (whole.status, whole.body, whole.headers["Accept-Ranges"]) == (200, SOUND, "bytes")
        part = await chief.ask("GET", path, headers={"Range": "bytes=100-199"})
        assert (part.status, part.body) == (206, SOUND[100:200])
        assert part.headers["Content-Range"] == f"bytes 100-199/{len(SOUND)}"
        none = await chief.ask("GET", path, headers={"Range": "bytes=99999-"})
        assert (none.status, none.code, none.headers["Content-Range"]) == (416, "bad_range", f"bytes */{len(SOUND)}")
        assert (await chief.ask("GET", "/api/v1/recordings/none/sound")).code == "no_recording"
        assert house.heard == [("web:chief", "r1", 0, len(SOUND) - 1), ("web:chief", "r1", 100, 199)]
        told = [(fact.about, fact.outcome) for fact in house.facts(facts.WebAsked)]
        assert told[0] == ({"recording": "r1"}, "ok")
        assert told[-1] == ({"recording": "none"}, "no_recording")
    play(tmp_path, story)


@pytest.mark.parametrize(("header", "found"), [
    ("", (0, 99, False)), ("bytes=0-", (0, 99, True)), ("bytes=10-19", (10, 19, True)), ("bytes=-5", (95, 99, True)),
    ("bytes=90-500", (90, 99, True)), ("bytes=-500", (0, 99, True)), ("bytes=20-10", (0, 99, False)),
    ("items=1-2", (0, 99, False)), ("bytes=1-2,5-6", (0, 99, False)), ("bytes=-", (0, 99, False))])
def test_ranges(header: str, found: tuple[int, int, bool]) -> None:
    assert wanted(header, 100) == found


def test_a_site_that_would_send_passwords_in_the_clear_is_refused() -> None:
    for given, wrong in (({"tls": False, "listen": "0.0.0.0"}, ["web.tls"]), ({"listen": "box"}, ["web.listen"]),
                         ({"tls": False}, []), ({"private_key": "/k"}, ["web.private_key"])):
        found: list[str] = []

        class Report:
            def error(self, path: str, problem: str, advice: str = "", into: list[str] = found) -> None:
                into.append(path)

            warning = error
        WebSettings(**given).check(Report(), "web")  # type: ignore[arg-type]  # of mixed kinds
        assert found == wrong, given


def test_every_code_has_a_status_that_says_whose_fault_it_is() -> None:
    assert all(400 <= status < 600 for status in STATUS.values())
    assert (status_of("no_such_call"), status_of("no_agent"), status_of("busy"), status_of("internal")) == (
        404, 404, 409, 500)


def test_what_is_written_on_a_customers_card_is_not_in_the_journal(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Browsers) -> None:
        chief = await chief_of(house, browser)
        made = await chief.ask("POST", "/api/v1/customers", {"name": "Zhuangzi", "numbers": ["13812345678"]})
        assert (made.status, made.json["name"]) == (200, "Zhuangzi")
        path = f"/api/v1/customers/{made.json['id']}"
        assert (await chief.ask("POST", path + "/notes", {"text": "butterfly"})).status == 200
        found = await chief.ask("GET", "/api/v1/customers/by-number/138%201234%205678")
        assert found.json["notes"][0]["text"] == "butterfly"
        asked = house.facts(facts.WebAsked)
        assert [fact.operation for fact in asked][-2:] == ["customers.make", "customers.note"]
        assert asked[-1].about == {"customer": str(made.json["id"])}
        assert not [word for word in ("Zhuangzi", "13812345678", "butterfly") if word in repr(asked)]
    play(tmp_path, story)
