"""Response with the drawing of a flow."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from flows.authoring.diagram import VisitedPath, to_svg
from flows.document import Flow

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def draw(flow: Flow, visited: VisitedPath | None = None) -> Response:
    """Return the drawing as an image without scripts, with the visited path."""
    return Response(to_svg(flow, visited), media_type="image/svg+xml", headers=_HEADERS)
