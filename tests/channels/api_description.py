"""Validation of requests and responses against the providers' API descriptions (OpenAPI schemas)."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs

import httpx
from jsonschema import Draft202012Validator

from tests.paths import ROOT

_FOLDER = ROOT / "tests" / "payloads" / "schemas"
_GAPS = {
    # no null where the API documents and shows it; a short list of the fields of audit events
    "zendesk": ("None is not", "audit/events/"),
}
"""Parts of problems that are gaps of a description, not faults."""


class ApiDescription:
    """Schemas of one API. `seen` are the operations that were checked."""

    def __init__(self, name: str) -> None:
        document = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        self._definitions = document["$defs"]
        self._operations: dict[str, dict[str, Any]] = document["operations"]
        self._gaps = _GAPS.get(name, ())
        self.seen: set[str] = set()

    @property
    def operations(self) -> set[str]:
        """The described operations: method and path template."""
        return set(self._operations)

    def find_problems(self, request: httpx.Request, response: httpx.Response) -> list[str]:
        """Return the violations of the description in a call; none for an operation that it lacks."""
        name = self._find_operation(request)
        if name is None:
            return []
        self.seen.add(name)
        operation, problems = self._operations[name], []
        if "request" in operation and request.content:
            body = _read_body(request, operation["request"])
            problems += [f"{name}: request {each}" for each in self._validate(body, operation["request"])]
        schema = operation.get("responses", {}).get(str(response.status_code))
        if schema is not None:
            answer = json.loads(response.content)
            problems += [f"{name}: response {each}" for each in self._validate(answer, schema)]
        return problems

    def _find_operation(self, request: httpx.Request) -> str | None:
        path = request.url.path.removesuffix(".json")
        for name in self._operations:
            method, _, template = name.partition(" ")
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template.removesuffix(".json")))
            if request.method == method and re.fullmatch(pattern, path):
                return name
        return None

    def _validate(self, body: Any, schema: dict[str, Any]) -> list[str]:
        validator = Draft202012Validator({**schema, "$defs": self._definitions})
        problems = [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in validator.iter_errors(body)
        ]
        return [each for each in problems if not any(gap in each for gap in self._gaps)]


def _read_body(request: httpx.Request, schema: dict[str, Any]) -> Any:
    """Return a request's body: JSON, or a form with arrays and numbers as the schema has them."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        return json.loads(request.content)
    if not kind.startswith("application/x-www-form-urlencoded"):
        return {}
    form = parse_qs(request.content.decode(), keep_blank_values=True)
    properties = schema.get("properties", {})
    return {name: _read_field(values, properties.get(name, {})) for name, values in form.items()}


def _read_field(values: list[str], schema: dict[str, Any]) -> Any:
    kinds = schema.get("type", "string")
    if "array" in kinds:
        return values
    if "boolean" in kinds:
        return {"true": True, "false": False}.get(values[0], values[0])
    if "integer" in kinds and values[0].isdigit():
        return int(values[0])
    return values[0]
