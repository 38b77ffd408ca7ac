"""The daemon's HTTP client against a real server of aiohttp: answers, bounds, and what it does not do."""

import asyncio
import ssl
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from ccappliance.service.web import WebAnswer, WebFault, WebRequest, WebSlow
from ccappliance.service.web_aiohttp import AioWeb

pytestmark = pytest.mark.slow
Ask = Callable[[AioWeb, str], Coroutine[Any, Any, None]]


class House:
    """A server that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        match request.path:
            case "/slow":
                await asyncio.sleep(30.0)
            case "/long":
                return web.Response(body=b"x" * 5_000)
            case "/away":
                return web.Response(status=302, headers={"Location": "/"})
            case "/cookie":
                return web.Response(headers={"Set-Cookie": "caller=1"})
            case "/cut":
                assert request.transport is not None
                request.transport.close()
        return web.Response(text="好")


def serve(ask: Ask, context: ssl.SSLContext | None = None) -> House:
    """Run `ask(client, address)` beside the server."""
    house = House()

    async def main() -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", house.answer)
        runner = web.AppRunner(application)
        await runner.setup()
        assert runner.server is not None
        # the loop's own server: aiohttp's site takes the time of its end in one place in Debian 12 and another in 13
        door = await asyncio.get_running_loop().create_server(runner.server, "127.0.0.1", 0, ssl=context)
        port = door.sockets[0].getsockname()[1]
        client = AioWeb()
        try:
            async with asyncio.timeout(20.0):
                await ask(client, f"{'https' if context else 'http'}://127.0.0.1:{port}")
        finally:
            await client.close()
            door.close()
            await runner.server.shutdown(0.1)
            await runner.cleanup()

    asyncio.run(main())
    return house


def test_a_question_and_its_answer() -> None:
    async def ask(client: AioWeb, at: str) -> None:
        headers = {"X-Key": "k", "Content-Type": "application/json"}
        request = WebRequest("POST", f"{at}/a%2Fb?c=%E7%8E%8B", headers, b"{}")
        assert await client.ask(request) == WebAnswer(200, "好".encode())
    house = serve(ask)
    method, path, headers, body = house.asked[0]
    assert (method, path, body) == ("POST", "/a%2Fb?c=%E7%8E%8B", b"{}")
    assert (headers["X-Key"], headers["Content-Type"]) == ("k", "application/json")
    assert headers["Accept-Encoding"] == "identity"


def test_what_is_too_slow_too_long_cut_or_not_there() -> None:
    async def ask(client: AioWeb, at: str) -> None:
        with pytest.raises(WebSlow, match=r"no answer within 0\.2 s"):
            await client.ask(WebRequest("GET", f"{at}/slow", seconds=0.2))
        with pytest.raises(WebFault, match="longer than 1000 bytes"):
            await client.ask(WebRequest("GET", f"{at}/long", most=1000))
        with pytest.raises(WebFault):
            await client.ask(WebRequest("GET", f"{at}/cut"))
        with pytest.raises(WebFault, match="Connect"):
            await client.ask(WebRequest("GET", "http://127.0.0.1:1/"))
        with pytest.raises(WebFault):
            await client.ask(WebRequest("GET", f"{at}/", {"X": "a\r\nY: b"}))
        assert (await client.ask(WebRequest("GET", f"{at}/"))).fine
    assert not any("Y" in headers for _, _, headers, _ in serve(ask).asked)


def test_redirections_are_answers_and_cookies_are_forgotten() -> None:
    async def ask(client: AioWeb, at: str) -> None:
        assert (await client.ask(WebRequest("GET", f"{at}/away"))).status == 302
        await client.ask(WebRequest("GET", f"{at}/cookie"))
        await client.ask(WebRequest("GET", f"{at}/"))
    house = serve(ask)
    assert [path for _, path, _, _ in house.asked] == ["/away", "/cookie", "/"]
    assert not any("Cookie" in headers for _, _, headers, _ in house.asked)


def test_a_certificate_nobody_knows_is_refused(tmp_path: Path) -> None:
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                           "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key",
                           "-out", tmp_path / "certificate"], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("openssl can't make a certificate here")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")

    async def ask(client: AioWeb, at: str) -> None:
        with pytest.raises(WebFault, match=r"[Cc]ertificate"):
            await client.ask(WebRequest("GET", f"{at}/"))
    assert serve(ask, context).asked == []
