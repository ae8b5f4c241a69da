"""Serves the script of the web widget."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SCRIPT = Path(__file__).parent / "static" / "widget.js"


class Widget:
    """The route `/widget.js`."""

    def __init__(self) -> None:
        self._script = SCRIPT.read_bytes()
        self._tag = f'"{hashlib.sha256(self._script).hexdigest()[:16]}"'

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route("/widget.js", self.script, methods=["GET"])]

    async def script(self, request: Request) -> Response:
        """Serve the script; browsers may cache it for an hour."""
        headers = {
            "ETag": self._tag,
            "Cache-Control": "public, max-age=3600",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        }
        if request.headers.get("if-none-match") == self._tag:
            return Response(status_code=304, headers=headers)
        return Response(self._script, media_type="text/javascript", headers=headers)
