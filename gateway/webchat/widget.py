"""The widget's script, and a demo page that carries it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from gateway.server.operator_auth import OperatorAuth

SCRIPT = Path(__file__).parent / "static" / "widget.js"
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Turngate widget</title>
<link rel="icon" href="/console/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/console/static/console.css">
<main style="padding: 2rem">
<h1>A page with the widget</h1>
<p>One script tag. It takes the same way as every webhook: Redis, worker, and back.</p>
</main>
<script src="/widget.js" data-title="Harbour Lane" async></script>
</html>
"""


class Widget:
    """`/widget.js` for everybody, `/console/widget` for operators."""

    def __init__(self, operator: OperatorAuth) -> None:
        self._operator_auth = operator
        self._script = SCRIPT.read_bytes()
        self._tag = f'"{hashlib.sha256(self._script).hexdigest()[:16]}"'

    def routes(self) -> list[Route]:
        """Return both routes."""
        return [
            Route("/widget.js", self.script, methods=["GET"]),
            Route("/console/widget", self._operator_auth.require(self.page), methods=["GET"]),
        ]

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

    async def page(self, request: Request) -> Response:
        """Serve a page that carries the widget."""
        return HTMLResponse(_PAGE, headers={"Cache-Control": "no-store", "X-Frame-Options": "DENY"})
