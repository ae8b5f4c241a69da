"""HTTP actions: requests rendered with escaped values and sent with bounded retries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple

from pydantic import JsonValue

from core.backoff import exponential_backoff, parse_retry_after
from core.ports import FetchError, HttpFetcher, HttpRequest, HttpResponse
from flows.document import MAX_TIMEOUT_SECONDS, Action
from flows.templating import (
    TemplateValues,
    TextTemplate,
    referenced_names,
    referenced_secrets,
    values_to_redact,
)
from flows.tools.arguments import encode_query
from flows.tools.http.body import RequestBody
from flows.tools.http.url import RequestBuildError, render_url
from flows.tools.results import failure_result, redacted_result, response_result

_INITIAL_DELAY_SECONDS = 0.2
_MAX_DELAY_SECONDS = 10.0
_FALSE_VALUES = ("", "false", "0", "none", "null", "[]", "{}")
_THROTTLED_STATUSES = (429, 503)
_SERVER_ERROR_STATUSES = (500, 502, 504)
_IDEMPOTENT_METHODS = ("GET", "PUT", "DELETE")


@dataclass(frozen=True, slots=True)
class HttpAction:
    """An action with its compiled templates. `secret_names` are the operator's secrets that it uses."""

    action: Action
    url: TextTemplate
    headers: tuple[tuple[str, TextTemplate], ...]
    body: RequestBody | None
    condition: TextTemplate | None
    secret_names: frozenset[str]
    referenced_names: frozenset[str]

    @property
    def has_side_effects(self) -> bool:
        """True if the call may change something on the server."""
        return self.action.method != "GET"

    def is_applicable(self, values: TemplateValues) -> bool:
        """Return whether the action's condition allows it to run."""
        return self.condition is None or self.condition.render(values).lower() not in _FALSE_VALUES

    def build_request(self, values: TemplateValues, key: str) -> HttpRequest:
        """Render the request. Raises `RequestBuildError`."""
        headers = {name: text.render(values) for name, text in self.headers}
        body, content_type = self.body.render(values) if self.body else (None, "")
        if body is not None and content_type and not _has_header(headers, "content-type"):
            headers["Content-Type"] = content_type
        if not _has_header(headers, "idempotency-key"):
            headers["Idempotency-Key"] = key
        return HttpRequest(
            method=self.action.method,
            url=render_url(self.url, values),
            headers=headers,
            body=body,
            seconds=min(max(self.action.timeout, 1), MAX_TIMEOUT_SECONDS),
            label=self.action.id,
        )


def compile_action(action: Action) -> HttpAction:
    """Compile an action's templates."""
    declared = next((v for k, v in action.headers.items() if k.lower() == "content-type"), "")
    sources = [action.url, *action.headers.values(), json.dumps(action.body)]
    return HttpAction(
        action=action,
        url=TextTemplate(action.url, "url"),
        headers=tuple((name, TextTemplate(value, "header")) for name, value in action.headers.items()),
        body=None if action.body in (None, "") else RequestBody(action.body, declared, action.string_fields),
        condition=TextTemplate(action.condition) if action.condition is not None else None,
        secret_names=referenced_secrets(*sources),
        referenced_names=referenced_names(*sources),
    )


class HttpActionResult(NamedTuple):
    """Result of a call: `result` as it is stored, and `raw_result` unredacted and uncut."""

    result: dict[str, JsonValue]
    raw_result: Mapping[str, Any]

    @classmethod
    def from_failure(cls, reason: str) -> HttpActionResult:
        """Return the result of a call without a response."""
        result = failure_result(reason)
        return cls(result, result)


async def execute_action(
    action: HttpAction,
    values: TemplateValues,
    *,
    key: str,
    fetch: HttpFetcher,
    secrets: Mapping[str, str],
    arguments: TemplateValues | None = None,
) -> HttpActionResult:
    """Send the request and return its result. Never raises.

    `key` is sent as `Idempotency-Key`. The request is retried only while it cannot have been executed twice:
    one with side effects only when it did not arrive or the server deferred it. `arguments` are those of a
    tool: the query of a GET, as far as the URL does not use them, and otherwise the body.
    """
    try:
        request = action.build_request({**values, "secrets": dict(secrets)}, key)
        if arguments:
            request = _with_arguments(request, arguments, referenced_names(action.action.url))
    except RequestBuildError as error:
        return HttpActionResult.from_failure(str(error))
    try:
        full_result = response_result(await _send_with_retries(request, fetch, action.action.retries))
    except FetchError as error:
        return HttpActionResult.from_failure(str(error))
    return HttpActionResult(
        redacted_result(full_result, values_to_redact(action.referenced_names, values, secrets)), full_result
    )


async def _send_with_retries(request: HttpRequest, fetch: HttpFetcher, retries: int) -> HttpResponse:
    end = monotonic() + request.seconds
    for number in range(retries + 1):
        wait = exponential_backoff(number, initial=_INITIAL_DELAY_SECONDS, maximum=_MAX_DELAY_SECONDS)
        left = end - monotonic()
        try:
            answer = await fetch.fetch(request.model_copy(update={"seconds": max(left, 0.1)}))
        except FetchError as error:
            is_safe = not error.request_sent or request.method in _IDEMPOTENT_METHODS
            if number == retries or not is_safe or monotonic() + wait >= end:
                raise
        else:
            is_safe = answer.status in _THROTTLED_STATUSES or (
                answer.status in _SERVER_ERROR_STATUSES and request.method in _IDEMPOTENT_METHODS
            )
            wait = parse_retry_after(answer.headers.get("retry-after", "")) or wait
            if number == retries or not is_safe or monotonic() + wait >= end:
                return answer
        await asyncio.sleep(wait)
    raise AssertionError("the last try returns or raises")


def _with_arguments(
    request: HttpRequest, arguments: TemplateValues, in_address: Collection[str]
) -> HttpRequest:
    if request.method != "GET":
        headers = {"Content-Type": "application/json", **request.headers}
        return request.model_copy(update={"body": json.dumps(dict(arguments)).encode(), "headers": headers})
    query = encode_query({name: value for name, value in arguments.items() if name not in in_address})
    mark = "&" if "?" in request.url else "?"
    return request.model_copy(update={"url": f"{request.url}{mark}{query}" if query else request.url})


def _has_header(headers: Mapping[str, str], name: str) -> bool:
    return any(header.lower() == name for header in headers)
