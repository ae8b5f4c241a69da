"""Serves the web widget as one script, made from its source files when the process starts."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER: Final = Path(__file__).parent / "static" / "widget"
_PARTS: Final = (
    "settings",
    "language",
    "elements",
    "markup",
    "view",
    "session",
    "connection",
    "history",
    "sending",
    "people",
    "start",
)
"""The files of the script: all are parts of one function, in the order in which they run."""

_SCRIPT: Final = """\
// Turngate's web widget: one script tag, no framework, nothing outside its own shadow root.
// <script src="https://bots.example.com/widget.js" data-title="Harbour Lane" async></script>
(() => {{
"use strict";
const LANGUAGES = {languages};
const STYLE = {style};
{parts}}})();
"""
_MAX_AGE_SECONDS: Final = 3600


def read_languages() -> dict[str, dict[str, str]]:
    """Return the widget's words by language: one file each."""
    files = sorted((_FOLDER / "languages").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in files}


def build_script() -> str:
    """Return the whole script."""
    return _SCRIPT.format(
        languages=json.dumps(read_languages(), ensure_ascii=False),
        style=json.dumps((_FOLDER / "widget.css").read_text(encoding="utf-8"), ensure_ascii=False),
        parts="".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in _PARTS),
    )


class Widget:
    """The route `/widget.js`."""

    def __init__(self) -> None:
        script = build_script().encode()
        self._bodies = {"": script, "gzip": gzip.compress(script, mtime=0)}
        self._digest = hashlib.sha256(script).hexdigest()[:16]

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route("/widget.js", self.script, methods=["GET"])]

    async def script(self, request: Request) -> Response:
        """Serve the script; browsers may cache it for an hour."""
        encoding = "gzip" if _accepts_gzip(request.headers.get("accept-encoding", "")) else ""
        headers = {
            "Access-Control-Allow-Origin": "*",  # for crossorigin, integrity and modules
            "ETag": f'"{self._digest}{"-" if encoding else ""}{encoding}"',
            "Cache-Control": f"public, max-age={_MAX_AGE_SECONDS}",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if self._is_current(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        if encoding:
            headers["Content-Encoding"] = encoding
        return Response(self._bodies[encoding], media_type="text/javascript", headers=headers)

    def _is_current(self, known: str) -> bool:
        """Return whether a browser has the script already; a proxy that compresses it weakens the tag."""
        tags = [each.strip().removeprefix("W/").strip('"') for each in known.split(",")]
        return any(each == "*" or each.removesuffix("-gzip") == self._digest for each in tags)


def _accepts_gzip(header: str) -> bool:
    """Return whether a browser reads gzip: it names it, and not with a weight of 0."""
    for each in header.split(","):
        name, *parameters = each.replace(" ", "").lower().split(";")
        if name == "gzip":
            return not any(each.startswith("q=0") and not each[3:].strip(".0") for each in parameters)
    return False
