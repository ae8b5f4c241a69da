"""Requests to a simulated API, its responses and webhooks, and readers of request bodies."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from typing import Any
from urllib.parse import unquote_to_bytes


@dataclass(frozen=True, slots=True)
class SimulatorRequest:
    """A request to the provider's API. Header names are lower case; `url` is path and query."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class SimulatorResponse:
    """The provider's response, after `delay` seconds; `drop` closes the connection without a response."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    drop: bool = False


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """A webhook to be sent at a time. `attempt` counts from 1; `timeout` is the provider's, in seconds.

    `first_at` is the time of the first attempt of a retried webhook.
    With `fetches_file` it is no webhook: the provider fetches the file of a message by `GET`.
    """

    at: float
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    attempt: int = 1
    timeout: float = 15.0
    first_at: float = 0.0
    fetches_file: bool = False


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """The gateway's response to a webhook: its status, `None` if there was none.

    `retry_after` are the seconds in its Retry-After header, if it has one.
    """

    status: int | None
    timed_out: bool = False
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A file that the provider fetched: its type without parameters, and its size in bytes."""

    content_type: str
    size: int


class MalformedRequest(ValueError):
    """A request body that the provider refuses as a whole; a simulator answers with the provider's 400."""


def parse_json_object(request: SimulatorRequest) -> dict[str, Any]:
    """Return the JSON object of a request body, empty if there is no body. Raises `MalformedRequest`."""
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise MalformedRequest("the body is not JSON") from error
    if not isinstance(body, dict):
        raise MalformedRequest("the body is not a JSON object")
    return body


def parse_multipart(request: SimulatorRequest) -> dict[str, tuple[str, bytes]]:
    """Return the fields of a multipart request by name: type and bytes."""
    head = f"content-type: {request.headers.get('content-type', '')}\n\n".encode()
    fields = {}
    for part in message_from_bytes(head + request.body, policy=HTTP).iter_parts():
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            name = part.get_param("name", header="content-disposition")
            fields[str(name)] = part.get_content_type(), body
    return fields


def parse_data_url(url: str) -> tuple[str, bytes] | None:
    """Return type and bytes of a `data:` URL (RFC 2397); `None` for any other."""
    head, comma, data = url.partition(",")
    if not head.startswith("data:") or not comma:
        return None
    raw = unquote_to_bytes(data)
    kind = head.removeprefix("data:").removesuffix(";base64")
    return kind or "text/plain", b64decode(raw) if head.endswith(";base64") else raw
