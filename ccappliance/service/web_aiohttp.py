"""The HTTP client of the daemon: aiohttp on the daemon's loop, with everything bounded and nothing followed."""

import asyncio

import aiohttp
from yarl import URL

from ccappliance.base.limits import MAX_WEB_CONNECTIONS
from ccappliance.service.web import WebAnswer, WebFault, WebRequest, WebSlow

CHUNK = 64 * 1024


class AioWeb:
    """One session for the house. TLS is verified by the machine's certificates; no cookies, proxies or redirections.

    Cookies would carry what one caller's request was answered into another's.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, request: WebRequest) -> WebAnswer:
        # An answer is taken as it is: unpacked, a short one may be longer than our memory.
        headers = {"Accept-Encoding": "identity", "User-Agent": "ccappliance", **request.headers}
        try:
            async with asyncio.timeout(request.seconds):
                async with self._open().request(request.method, URL(request.url, encoded=True), headers=headers,
                                                data=request.body or None, allow_redirects=False) as response:
                    return WebAnswer(response.status, await self._read(response, request.most))
        except TimeoutError:
            raise WebSlow(f"no answer within {request.seconds:g} s") from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise WebFault(f"{type(error).__name__}: {error}"[:200]) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        """The session can only be made inside of a running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=MAX_WEB_CONNECTIONS), cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False, trust_env=False, timeout=aiohttp.ClientTimeout(total=None))
        return self._session

    async def _read(self, response: aiohttp.ClientResponse, most: int) -> bytes:
        body = b""
        async for chunk in response.content.iter_chunked(CHUNK):
            body += chunk
            if len(body) > most:
                raise WebFault(f"the answer is longer than {most} bytes")
        return body
