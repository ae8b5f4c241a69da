"""Routes of broadcasts where there are several partitions: each is refused with the reason."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.access.operator_keys import Role
from gateway.partitions.refusals import BROADCASTS
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import OperatorAuth


def refuse_broadcasts(operator: OperatorAuth) -> list[BaseRoute]:
    """Return routes in place of those of broadcasts and of their page in the console."""

    async def refuse(request: Request) -> Response:
        return error_response(501, "not_with_partitions", BROADCASTS)

    guarded = operator.require(refuse, Role.VIEWER)
    return [
        Route(f"{place}{{rest:path}}", guarded, methods=["GET", "POST"])
        for place in ("/broadcasts", "/console/broadcasts")
    ]
