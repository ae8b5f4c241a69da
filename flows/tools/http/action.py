"""HTTP calls that a flow makes: put together with every value escaped for its place, tried within bounds."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple

from pydantic import JsonValue

from core.ports.http_fetch import Fetch, Fetched, NotFetched, Request
from flows.document.flow import Action
from flows.document.traversal import LONGEST_TIMEOUT
from flows.templating.references import names_in, secrets_in, to_hide
from flows.templating.template import Text, Values
from flows.tools.arguments import query_of
from flows.tools.http.body import Body
from flows.tools.http.url import NotMade, address
from flows.tools.results import failed, kept, received

_FIRST_WAIT = 0.2
_LONGEST_WAIT = 10.0
_FALSE = ("", "false", "0", "none", "null", "[]", "{}")
_BUSY = (429, 503)
_BROKEN = (500, 502, 504)
_REPEATABLE = ("GET", "PUT", "DELETE")


@dataclass(frozen=True, slots=True)
class CompiledAction:
    """An action with its templates. `secrets` are those of its `names` that the operator keeps secret."""

    action: Action
    url: Text
    headers: tuple[tuple[str, Text], ...]
    body: Body | None
    condition: Text | None
    secrets: frozenset[str]
    names: frozenset[str]

    @property
    def acts(self) -> bool:
        """Whether the call may change something on the other side."""
        return self.action.method != "GET"

    def applies(self, values: Values) -> bool:
        """Whether its condition lets it run."""
        return self.condition is None or self.condition.render(values).lower() not in _FALSE

    def request(self, values: Values, key: str) -> Request:
        """The call with `values` in it. Raises `NotMade`."""
        headers = {name: text.render(values) for name, text in self.headers}
        body, content_type = self.body.made(values) if self.body else (None, "")
        if body is not None and content_type and not _has(headers, "content-type"):
            headers["Content-Type"] = content_type
        if not _has(headers, "idempotency-key"):
            headers["Idempotency-Key"] = key
        return Request(
            method=self.action.method,
            url=address(self.url, values),
            headers=headers,
            body=body,
            seconds=min(max(self.action.timeout, 1), LONGEST_TIMEOUT),
            label=self.action.id,
        )


def compile_action(action: Action) -> CompiledAction:
    """Make an action ready to run."""
    declared = next((v for k, v in action.headers.items() if k.lower() == "content-type"), "")
    sources = [action.url, *action.headers.values(), json.dumps(action.body)]
    return CompiledAction(
        action=action,
        url=Text(action.url, "url"),
        headers=tuple((name, Text(value, "header")) for name, value in action.headers.items()),
        body=None if action.body in (None, "") else Body(action.body, declared, action.string_fields),
        condition=Text(action.condition) if action.condition is not None else None,
        secrets=secrets_in(*sources),
        names=names_in(*sources),
    )


class Outcome(NamedTuple):
    """What a call came to: the result as it is stored, and `whole` as it came, with secrets and uncut."""

    result: dict[str, JsonValue]
    whole: Mapping[str, Any]

    @classmethod
    def failed(cls, reason: str) -> Outcome:
        """Of a call that got no answer."""
        result = failed(reason)
        return cls(result, result)


async def perform(
    action: CompiledAction,
    values: Values,
    key: str,
    fetch: Fetch,
    secrets: Mapping[str, str],
    arguments: Values | None = None,
) -> Outcome:
    """Make the call. It never raises.

    `key` is sent as Idempotency-Key. It is tried again while nothing can have happened twice: a call that
    changes something only when it did not arrive or was put off. `arguments` are a tool's: the query of a
    GET, as far as its address does not ask for them, and otherwise the body.
    """
    try:
        request = action.request({**values, "secrets": dict(secrets)}, key)
        if arguments:
            request = _with(request, arguments, names_in(action.action.url))
    except NotMade as error:
        return Outcome.failed(str(error))
    try:
        whole = received(await _tried(request, fetch, action.action.retries))
    except NotFetched as error:
        return Outcome.failed(str(error))
    return Outcome(kept(whole, to_hide(action.names, values, secrets)), whole)


async def _tried(request: Request, fetch: Fetch, retries: int) -> Fetched:
    end = monotonic() + request.seconds
    for number in range(retries + 1):
        wait = min(_FIRST_WAIT * 2**number, _LONGEST_WAIT) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads
        left = end - monotonic()
        try:
            answer = await fetch.fetch(request.model_copy(update={"seconds": max(left, 0.1)}))
        except NotFetched as error:
            is_safe = not error.sent or request.method in _REPEATABLE
            if number == retries or not is_safe or monotonic() + wait >= end:
                raise
        else:
            is_safe = answer.status in _BUSY or (answer.status in _BROKEN and request.method in _REPEATABLE)
            wait = _asked_for(answer) or wait
            if number == retries or not is_safe or monotonic() + wait >= end:
                return answer
        await asyncio.sleep(wait)
    raise AssertionError("the last try returns or raises")


def _with(request: Request, arguments: Values, in_address: Collection[str]) -> Request:
    if request.method != "GET":
        headers = {"Content-Type": "application/json", **request.headers}
        return request.model_copy(update={"body": json.dumps(dict(arguments)).encode(), "headers": headers})
    query = query_of({name: value for name, value in arguments.items() if name not in in_address})
    mark = "&" if "?" in request.url else "?"
    return request.model_copy(update={"url": f"{request.url}{mark}{query}" if query else request.url})


def _asked_for(answer: Fetched) -> float:
    """Seconds from a Retry-After header; a date or nonsense counts as none."""
    value = answer.headers.get("retry-after", "").strip()
    return float(value) if re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?", value) else 0.0


def _has(headers: Mapping[str, str], name: str) -> bool:
    return any(header.lower() == name for header in headers)
