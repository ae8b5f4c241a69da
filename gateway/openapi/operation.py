"""One operation of the HTTP API and its description in OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from gateway.webchat.schemas.responses import ErrorAnswer

SCHEMA_REF: Final = "#/components/schemas/{model}"
ERRORS: Final = {
    400: "the request cannot be read",
    401: "the key is missing or wrong",
    403: "this may not be done from here, or with this token",
    404: "there is no such thing",
    409: "the message may not leave now, or its id belongs to another one",
    413: "the request is too large",
    414: "the URL is too long",
    422: "there is nothing to send",
    429: "too many wrong keys came from this address; wait",
    431: "the headers are too large",
    503: "nothing was recorded; send it again",
}


class TextBody(NamedTuple):
    """A body that is not JSON."""

    description: str
    media_types: tuple[str, ...] = ("text/plain",)


class Link(NamedTuple):
    """Operation that takes fields of a response: `fields` maps its parameters to their names there."""

    operation_id: str
    fields: Mapping[str, str]


class Operation(NamedTuple):
    """Method and path of a route, and what it takes and returns.

    `operation_id` is the name of the function in generated clients. `needs_key`: an operator key is needed
    where one is set.
    """

    method: str
    path: str
    operation_id: str
    summary: str
    responses: Mapping[int, type[BaseModel] | TextBody]
    request: type[BaseModel] | TextBody | None = None
    parameters: tuple[Mapping[str, Any], ...] = ()
    links: tuple[Link, ...] = ()
    needs_key: bool = True

    @property
    def models(self) -> list[type[BaseModel]]:
        """The schemas of its bodies."""
        bodies = (self.request, *self.responses.values())
        return [each for each in bodies if isinstance(each, type)]

    def describe(self, tag: str) -> dict[str, Any]:
        """Return the Operation Object."""
        described: dict[str, Any] = {
            "operationId": self.operation_id,
            "summary": self.summary,
            "tags": [tag],
            "responses": {
                **{str(status): self._describe_response(body) for status, body in self.responses.items()},
                **{
                    str(status): {"description": description, "content": _describe_content(ErrorAnswer)}
                    for status, description in ERRORS.items()
                },
            },
        }
        if self.parameters:
            described["parameters"] = list(self.parameters)
        if self.request:
            described["requestBody"] = {"required": True, "content": _describe_content(self.request)}
        if not self.needs_key:
            described["security"] = []
        return described

    def _describe_response(self, body: type[BaseModel] | TextBody) -> dict[str, Any]:
        text = body.description if isinstance(body, TextBody) else (body.__doc__ or "").splitlines()[0]
        described: dict[str, Any] = {"description": text, "content": _describe_content(body)}
        if self.links:
            described["links"] = {link.operation_id: _describe_link(link) for link in self.links}
        return described


def path_parameter(name: str) -> dict[str, Any]:
    """Return a Parameter Object: a part of the path."""
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def query_parameter(
    name: str, description: str = "", *, length: int = 200, is_required: bool = False, **schema: Any
) -> dict[str, Any]:
    """Return a Parameter Object: a text in the query, or what `schema` says."""
    described = {"name": name, "in": "query", "schema": schema or {"type": "string", "maxLength": length}}
    described |= {"description": description} if description else {}
    return {**described, "required": True} if is_required else described


def header_parameter(name: str, description: str) -> dict[str, Any]:
    """Return a Parameter Object: a header."""
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


def _describe_content(body: type[BaseModel] | TextBody) -> dict[str, Any]:
    if isinstance(body, TextBody):
        return {each: {"schema": {"type": "string"}} for each in body.media_types}
    return {"application/json": {"schema": {"$ref": SCHEMA_REF.format(model=body.__name__)}}}


def _describe_link(link: Link) -> dict[str, Any]:
    parameters = {name: f"$response.body#/{field}" for name, field in link.fields.items()}
    return {"operationId": link.operation_id, "parameters": parameters}
