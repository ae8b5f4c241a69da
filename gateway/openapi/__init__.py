"""The HTTP API as an OpenAPI 3.1 document, generated from the schemas that the routes use."""

from gateway.openapi.document import build_document, build_route

__all__ = ["build_document", "build_route"]
