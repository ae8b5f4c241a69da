"""Sign-in page of the console: an operator key becomes a session in a cookie."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.access.operator_keys import OperatorKey
from gateway.access.request_source import is_same_origin
from gateway.console.layout.page import ConsolePage, read_form
from gateway.console.layout.refusals import explain_refusals
from gateway.redis.records.operators.operator_sessions import SESSION_SECONDS
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import SESSION_COOKIE, SIGN_IN_PATH, Identity

_HOME = "/console"
_PAGE = re.compile(r"/console(?:/[A-Za-z0-9_-]+)*(?:\?[\w=&%.:+-]*)?")


class SignInPage(ConsolePage):
    """The page `/console/sign-in`, and `/console/sign-out`. They need no key."""

    def routes(self) -> list[Route]:
        """Return the page's routes."""
        return [
            Route(SIGN_IN_PATH, self.page, methods=["GET"]),
            Route(SIGN_IN_PATH, explain_refusals(self.sign_in), methods=["POST"]),
            Route("/console/sign-out", explain_refusals(self.sign_out), methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Show the form or, to a signed-in operator, their name and how to sign out."""
        identity = await self._find_session(request)
        return self._render(_next_page(request.query_params.get("next", "")), identity=identity)

    async def sign_in(self, request: Request) -> Response:
        """Begin a session with a key."""
        form = await read_form(request)
        if form is None or not is_same_origin(request, self._operator_auth.access.origin):
            return error_response(403, "forbidden", f"sign in at {SIGN_IN_PATH}, by its form")
        target = _next_page(form.get("next", [""])[0])
        if not self._operator_auth.access.keys:
            return self._render(target, status=403)
        secret = form.get("key", [""])[0].strip().encode()
        key = await self._operator_auth.check_secret(request, secret or b"?")
        if not isinstance(key, OperatorKey):
            answer = self._render(target, status=key.status_code, wait=key.headers.get("retry-after", ""))
            answer.headers.update({k: v for k, v in key.headers.items() if k == "retry-after"})
            return answer
        if former := request.cookies.get(SESSION_COOKIE, ""):
            await self._operator_auth.sessions.end(former)
        session_id = await self._operator_auth.sessions.create(key.id)
        await self._operator_auth.record(request, Identity(key.name, key.role, "session"), "sign_in", 303)
        response = RedirectResponse(target, 303, {"Cache-Control": "no-store"})
        response.set_cookie(
            SESSION_COOKIE,
            session_id,
            max_age=SESSION_SECONDS,
            path="/",
            secure=self._is_secure(request),
            httponly=True,
            samesite="lax",
        )
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        if not is_same_origin(request, self._operator_auth.access.origin, is_required=True):
            return error_response(403, "forbidden", f"sign out at {SIGN_IN_PATH}, by its form")
        identity = await self._find_session(request)
        if identity is not None:
            await self._operator_auth.sessions.end(request.cookies[SESSION_COOKIE])
            await self._operator_auth.record(request, identity, "sign_out", 303)
        response = RedirectResponse(SIGN_IN_PATH, 303, {"Cache-Control": "no-store"})
        response.delete_cookie(
            SESSION_COOKIE, path="/", secure=self._is_secure(request), httponly=True, samesite="lax"
        )
        return response

    async def _find_session(self, request: Request) -> Identity | None:
        if not request.cookies.get(SESSION_COOKIE) or "authorization" in request.headers:
            return None
        identity = await self._operator_auth.identify(request)
        return identity if isinstance(identity, Identity) and identity.via == "session" else None

    def _is_secure(self, request: Request) -> bool:
        return request.url.scheme == "https" or bool(self._operator_auth.access.exposure)

    def _render(
        self, target: str, identity: Identity | None = None, status: int = 200, wait: str = ""
    ) -> Response:
        access = self._operator_auth.access
        answer = self.render(
            "sign_in.html",
            next=target,
            identity=identity,
            has_keys=bool(access.keys),
            status=status,
            wait=wait,
            is_generated=access.generated is not None,
        )
        answer.status_code = status
        return answer


def _next_page(path: str) -> str:
    """Return where to go after the sign-in: a page of the console only."""
    return path if _PAGE.fullmatch(path) and not path.startswith("/console/sign-") else _HOME
