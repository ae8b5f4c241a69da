"""Base of the console's pages: access control, navigation, forms."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.access.operator_keys import Role
from gateway.console.layout.live_views import LiveView, ViewName, read_versions
from gateway.console.layout.navigation import Navigation, find_current, read_badges, select_groups
from gateway.console.layout.partition_links import PARAMETER, add_partition
from gateway.console.layout.refusals import explain_refusals
from gateway.console.layout.rendering import HEADERS, render_page
from gateway.redis.records.sessions.conversation_ids import ConversationIds
from gateway.server.operator_auth import Handler, Identity, OperatorAuth

_MAX_FORM_BYTES = 8 * 1024
_MAX_FORM_FIELDS = 200


class ConsolePage:
    """A page for operators: a template, and routes that require access."""

    def __init__(self, operator: OperatorAuth) -> None:
        self._operator_auth = operator

    def get(
        self, path: str, handler: Handler, role: Role = Role.VIEWER, live: ViewName | None = None
    ) -> Route:
        """Build a GET route for a role, which is everybody with a key if it is not given.

        A page with a `live` view is kept up to date while it is open.
        """
        inner = self._with_version(handler, live) if live else handler
        guarded = self._operator_auth.require(inner, role)
        return Route(path, explain_refusals(guarded), methods=["GET"])

    def post(self, path: str, handler: Handler, act: str, role: Role = Role.OPERATOR) -> Route:
        """Build a POST route for a role; the audit log has it as `act`."""
        return Route(path, self._operator_auth.require(handler, role, act), methods=["POST"])

    def form(self, path: str, handler: Handler, act: str, role: Role = Role.OPERATOR) -> Route:
        """Build a POST route that takes a form of one of our pages; the audit log has it as `act`."""
        guarded = self._operator_auth.require(handler, role, act, takes_form=True)
        return Route(path, explain_refusals(guarded), methods=["POST"])

    def _with_version(self, handler: Handler, name: ViewName) -> Handler:
        """Read the version of a view before the page is built, so that no change falls between the two."""

        async def respond(request: Request) -> Response:
            opaque = request.path_params.get("conversation") or request.query_params.get("conversation", "")
            ids = ConversationIds(self._operator_auth.redis)
            if opaque:
                await ids.load()
            view = LiveView(name, ids.decode(opaque) if opaque else "")
            versions = await read_versions(self._operator_auth.redis, [view])
            query = {"view": name.value, "since": versions[view]}
            if partition := request.scope.get("partition"):
                query[PARAMETER] = str(partition[0])
            request.state.live = urlencode({**query, "conversation": opaque} if opaque else query)
            return await handler(request)

        return respond

    async def show(
        self, request: Request, template: str, *, status: int = 200, **values: object
    ) -> HTMLResponse:
        """Render a page with the navigation for the role of the requester."""
        identity: Identity = request.state.identity
        redis = self._operator_auth.redis
        navigation = Navigation(
            select_groups(identity.role), await read_badges(redis), find_current(request.url.path)
        )
        live = getattr(request.state, "live", "")
        partition = request.scope.get("partition")
        page = self.render(
            template,
            navigation=navigation,
            identity=identity,
            Role=Role,
            live=live,
            partition=partition,
            **values,
        )
        if partition:
            page = HTMLResponse(add_partition(bytes(page.body).decode(), partition[0]), headers=HEADERS)
        page.status_code = status
        return page

    def render(self, template: str, **values: object) -> HTMLResponse:
        """Render a template with the security headers of all pages."""
        return render_page(template, **values)


def redirect(path: str) -> Response:
    """Return the redirect after a form was processed."""
    return RedirectResponse(path, 303, {"Cache-Control": "no-store"})


async def read_form(request: Request, max_bytes: int = _MAX_FORM_BYTES) -> dict[str, list[str]] | None:
    """Return the fields of a form; `None` if the body is no form or too large."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            return None
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=_MAX_FORM_FIELDS)
    except ValueError:  # too many fields
        return None
