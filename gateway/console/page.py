"""Base of the console's pages: access control, templates and security headers."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse
from starlette.routing import Route

from gateway.access.operator_keys import Role
from gateway.server.operator_auth import Handler, OperatorAuth

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
}


class ConsolePage:
    """A page for operators: a template, and routes that require access."""

    def __init__(self, operator: OperatorAuth) -> None:
        self._operator_auth = operator

    def get(self, path: str, handler: Handler) -> Route:
        """Build a GET route for everybody with a key."""
        return Route(path, self._operator_auth.require(handler, Role.VIEWER), methods=["GET"])

    def post(self, path: str, handler: Handler, act: str, role: Role = Role.OPERATOR) -> Route:
        """Build a POST route for a role; the audit log has it as `act`."""
        return Route(path, self._operator_auth.require(handler, role, act), methods=["POST"])

    def render(self, template: str, **values: object) -> HTMLResponse:
        """Render a template with the security headers of all pages."""
        return HTMLResponse(_TEMPLATES.get_template(template).render(**values), headers=HEADERS)
