"""Console page of rejected webhooks."""

from __future__ import annotations

from datetime import UTC, datetime

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from gateway.redis.records.quarantine import Quarantine
from gateway.server.operator_auth import OperatorAuth

_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Refused webhooks</title>
<link rel="icon" href="/console/static/icon.svg" type="image/svg+xml">
<h1>Refused webhooks</h1>
<p>The latest of the last seven days, the newest first. Nothing that their senders wrote is kept.</p>
<table>
<thead><tr><th>When</th><th>Channel</th><th>Answer</th><th>Request</th><th>Why</th></tr></thead>
<tbody>
{% for when, each in rows %}<tr><td>{{ when }}</td><td>{{ each.channel }}</td><td>{{ each.status }}</td>
<td>{{ each.method }} {{ each.path }}, {{ each.size }} bytes</td><td>{{ each.reason }}</td></tr>
{% else %}<tr><td colspan="5">Nothing was refused.</td></tr>
{% endfor %}</tbody>
</table>
</html>
""")


class QuarantinePage:
    """Route of `/console/quarantine`, for operators."""

    def __init__(self, quarantine: Quarantine, operator: OperatorAuth) -> None:
        self._quarantine = quarantine
        self._operator_auth = operator

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route("/console/quarantine", self._operator_auth.require(self.page), methods=["GET"])]

    async def page(self, request: Request) -> Response:
        """Page with the latest rejections and their reasons."""
        rows = [
            (datetime.fromtimestamp(each.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S"), each)
            for each in await self._quarantine.latest()
        ]
        headers = {
            "Content-Security-Policy": "default-src 'none'; img-src 'self'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
        }
        return HTMLResponse(_PAGE.render(rows=rows), headers=headers)
