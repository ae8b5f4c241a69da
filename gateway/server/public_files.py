"""Serves the files that providers fetch, at their signed URLs."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.redis.records.public_files import PATH, PublicFiles

_HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""Headers with which a browser does not run scripts in a file."""


class PublicFileRoute:
    """The route `/files/{token}/{name}`."""

    def __init__(self, files: PublicFiles) -> None:
        self._files = files

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route(f"{PATH}/{{token}}/{{name}}", self.file, methods=["GET"])]

    async def file(self, request: Request) -> Response:
        """Serve a file; 404 if its URL is not ours or has ended."""
        token = request.path_params["token"]
        file = await self._files.find(token)
        if file is None:
            raise HTTPException(404, "there is no such file, or its URL has ended")
        if request.method == "GET":
            await self._files.shorten(token, file)
        name = f"inline; filename*=UTF-8''{quote(file.name, safe='')}"
        return Response(
            file.body, headers={**_HEADERS, "Content-Type": file.content_type, "Content-Disposition": name}
        )
