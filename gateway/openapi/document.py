"""The OpenAPI document: all operations, and the schemas of their bodies."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.access.operator_keys import Role
from gateway.openapi.operation import SCHEMA_REF
from gateway.openapi.operations import broadcasts, contacts, conversations, messages, monitoring
from gateway.server.operator_auth import OperatorAuth
from gateway.webchat.schemas.responses import ErrorAnswer

_OPERATIONS: Final = {
    "Web channel": conversations.OPERATIONS,
    "Proactive messages": messages.OPERATIONS,
    "Broadcasts": broadcasts.OPERATIONS,
    "Contacts": contacts.OPERATIONS,
    "Monitoring": monitoring.OPERATIONS,
}


def build_document() -> dict[str, Any]:
    """Build the OpenAPI 3.1 document."""
    paths: dict[str, Any] = {}
    for tag, operations in _OPERATIONS.items():
        for operation in operations:
            paths.setdefault(operation.path, {})[operation.method] = operation.describe(tag)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Turngate", "version": version("turngate")},
        "tags": [{"name": tag} for tag in _OPERATIONS],
        "paths": paths,
        "components": {
            "schemas": _build_schemas(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}, {}],
    }


async def _serve(request: Request) -> Response:
    return JSONResponse(build_document())


def build_route(operator: OperatorAuth) -> Route:
    """Build the route `/openapi.json`, which requires a key as the API does."""
    return Route("/openapi.json", operator.require(_serve, Role.VIEWER), methods=["GET"])


def _build_schemas() -> dict[str, Any]:
    models: list[type[BaseModel]] = [ErrorAnswer]
    for operations in _OPERATIONS.values():
        models += [model for operation in operations for model in operation.models]
    definitions: dict[str, Any] = {}
    for model in models:
        schema = model.model_json_schema(ref_template=SCHEMA_REF)
        definitions |= schema.pop("$defs", {})
        definitions[model.__name__] = schema
    return definitions
