"""Page of a refused request, for a person in a browser; programs get the JSON error, as everywhere."""

from __future__ import annotations

import json
from functools import wraps
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from gateway.console.layout.rendering import render_page
from gateway.server.operator_auth import SIGN_IN_PATH, Handler

_HOME: Final = "/console"
_RESULTS: Final = ("done", "form", "check", "ask")
"""Parameters of pages that tell or begin something, which is not to be told or begun again."""
_TITLES: Final = {
    HTTPStatus.UNAUTHORIZED: "You are signed out",
    HTTPStatus.FORBIDDEN: "This is not permitted",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many attempts",
}
_SIGNED_OUT: Final = "Nothing was done. Sign in, then do it again."


def is_for_reader(connection: HTTPConnection) -> bool:
    """Return whether a browser shows the answer, as a page of the console, to a person."""
    path = connection.url.path
    is_console = path == _HOME or path.startswith(f"{_HOME}/")
    return is_console and "text/html" in connection.headers.get("accept", "")


def explain_refusals(handler: Handler) -> Handler:
    """Wrap a handler: a person whose request it refuses gets a page in place of the JSON error."""

    @wraps(handler)
    async def respond(request: Request) -> Response:
        answer = await handler(request)
        is_refused = isinstance(answer, JSONResponse) and answer.status_code >= HTTPStatus.BAD_REQUEST
        return _render(request, answer) if is_refused and is_for_reader(request) else answer

    return respond


def _render(request: Request, answer: Response) -> Response:
    status = HTTPStatus(answer.status_code)
    back = _former_page(request)
    reason = json.loads(bytes(answer.body))["error"]["message"]
    is_signed_out = status is HTTPStatus.UNAUTHORIZED
    page = render_page(
        "refused.html",
        title=_TITLES.get(status, "Nothing was done"),
        reason=_SIGNED_OUT if is_signed_out else f"{reason[:1].upper()}{reason[1:]}.",
        link=f"{SIGN_IN_PATH}?next={quote(back, safe='')}" if is_signed_out else back,
        label="Sign in" if is_signed_out else "Back",
    )
    page.status_code = status
    kept = {
        name: value for name, value in answer.headers.items() if name in ("retry-after", "www-authenticate")
    }
    page.headers.update(kept)
    return page


def _former_page(request: Request) -> str:
    """Return the page of the console from which the request came, the overview if there is none."""
    former = urlsplit(request.headers.get("referer", ""))
    query = urlencode([(name, value) for name, value in parse_qsl(former.query) if name not in _RESULTS])
    path = f"{former.path}?{query}".rstrip("?")
    is_ours = former.netloc == request.headers.get("host") and former.path.startswith(_HOME)
    is_other = former.path != request.url.path
    return path if is_ours and is_other else _HOME
