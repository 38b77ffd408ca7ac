"""The console's files, from the package: read once, served from memory with their tags."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import hdrs, web

TYPES: Mapping[str, str] = {
    ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json",
    ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2", ".txt": "text/plain",
    ".webmanifest": "application/manifest+json"}
_TEXT = ("text/", "application/json", "image/svg")


@dataclass(frozen=True, slots=True)
class Page:
    """One file."""

    content: bytes
    type: str
    tag: str


class Pages:
    """The files below a folder by the path they are asked with. What is not in the table does not exist: no path is
    ever made of what a request says.
    """

    def __init__(self, folder: Path) -> None:
        self._pages = {f"/{path.relative_to(folder).as_posix()}": _page(path)
                       for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in TYPES}

    def add(self, app: web.Application) -> None:
        app.router.add_get("/{path:.*}", self.serve)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """A folder's name is its index.html."""
        path = request.path
        page = self._pages.get(path) or self._pages.get(path.rstrip("/") + "/index.html")
        if page is None:
            raise web.HTTPNotFound
        if path + "/index.html" in self._pages and not path.endswith("/"):
            raise web.HTTPFound(path + "/")  # else its relative links would miss
        # asked for each time, and sent only if it has changed
        headers: dict[str, str] = {hdrs.ETAG: page.tag, hdrs.CACHE_CONTROL: "no-cache"}
        known = request.headers.get(hdrs.IF_NONE_MATCH, "").split(",")
        if page.tag in [tag.strip().removeprefix("W/") for tag in known]:
            return web.Response(status=304, headers=headers)
        charset = "utf-8" if page.type.startswith(_TEXT) else None
        return web.Response(body=page.content, content_type=page.type, charset=charset, headers=headers)


def _page(path: Path) -> Page:
    content = path.read_bytes()
    return Page(content, TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')
