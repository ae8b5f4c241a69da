"""Page of the console while Redis cannot be used; programs get the JSON error, as everywhere."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.layout.refusals import is_for_reader
from gateway.console.layout.rendering import render_page
from gateway.server import error_responses

_UNAVAILABLE = {
    "title": "Redis cannot be used right now",
    "effect": "Webhooks are answered with 503, so most providers send them again for some hours. What was "
    "accepted is kept, and is answered when Redis is back.",
    "remedy": "Check that the server runs, that REDIS_URL names it and that its disk has room.",
}
_KEY_MISSING = {
    "title": "What is stored cannot be decrypted",
    "effect": "Conversations wait and nothing is lost: they go on when the key is there.",
    "remedy": "Add the key that the log names to TURNGATE_ENCRYPTION_KEYS, and restart.",
}


async def handle_storage_error(request: Request, error: Exception) -> Response:
    """Convert a Redis error: a page for a browser in the console, JSON for everybody else."""
    answer = await error_responses.handle_storage_error(request, error)
    return _show(request, _UNAVAILABLE) if is_for_reader(request) else answer


async def handle_missing_key(request: Request, error: Exception) -> Response:
    """Convert a value that cannot be decrypted, in the same way; the log says which key is missing."""
    answer = await error_responses.handle_missing_key(request, error)
    return _show(request, _KEY_MISSING) if is_for_reader(request) else answer


def _show(request: Request, words: dict[str, str]) -> Response:
    path = request.url.path if request.method == "GET" else "/console"
    page = render_page("outage.html", path=path, **words)
    page.status_code = 503
    page.headers["Retry-After"] = error_responses.RETRY_AFTER_SECONDS
    return page
