"""Results of actions and tools, truncated to the size that a session's state allows."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import JsonValue

from core.ports import HttpResponse
from flows.tools.redaction import REDACTED as REDACTED
from flows.tools.redaction import redact

MAX_RESULT_LENGTH = 2_000
"""Maximum number of characters of JSON in one result."""

_MAX_TEXT_LENGTH = 500


def failure_result(reason: str) -> dict[str, JsonValue]:
    """Return the result of a call without a response."""
    return {"success": False, "status": 0, "error": reason[:200]}


def response_result(answer: HttpResponse) -> dict[str, Any]:
    """Return the result of a call with a response, unredacted."""
    text = answer.body.decode("utf-8", "replace")
    try:
        data = json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        data = text
    return {"success": answer.status < 400, "status": answer.status, "data": data}


def redacted_result(result: Mapping[str, Any], secrets: Iterable[str]) -> dict[str, JsonValue]:
    """Return a result for storage: with secrets redacted, and truncated."""
    return {**result, "data": truncate(redact(result["data"], secrets))}


def mcp_result(data: Any, secrets: Iterable[str], *, success: bool) -> dict[str, JsonValue]:
    """Return the redacted result of an MCP call: its `data`, or the text of its error."""
    data = redact(data, secrets)
    return {"success": True, "data": truncate(data)} if success else failure_result(str(data))


def truncate(value: Any) -> JsonValue:
    """Return the value with long lists and texts cut until it fits; `None` if it cannot be made to fit."""
    for most, longest in ((100, _MAX_TEXT_LENGTH), (15, 200), (5, 100), (2, 60)):
        cut = _truncate_value(value, most, longest)
        try:
            if len(json.dumps(cut)) <= MAX_RESULT_LENGTH:
                return cut
        except (ValueError, RecursionError):
            return None
    return None


def hide_paths(
    results: Mapping[str, JsonValue], paths: Mapping[str, tuple[str, ...]]
) -> dict[str, JsonValue]:
    """Return the results as the model may see them: without the values stored in the environment."""
    return {name: _hide_result_paths(result, paths.get(name, ())) for name, result in results.items()}


def get_path(result: Any, path: str) -> JsonValue:
    """Return the value at a dotted path; `None` when there is none."""
    for name in path.split("."):
        result = result.get(name) if isinstance(result, dict) else None
    return result  # type: ignore[no-any-return]


def _hide_result_paths(result: JsonValue, paths: tuple[str, ...]) -> JsonValue:
    for path in paths:
        head, _, rest = path.partition(".")
        if isinstance(result, dict) and head in result:
            inner = _hide_result_paths(result[head], (rest,)) if rest else REDACTED
            result = {**result, head: inner}
    return result


def _truncate_value(value: Any, most: int, longest: int, depth: int = 12) -> JsonValue:
    if depth == 0:
        return None
    if isinstance(value, dict):
        items = list(value.items())[: most * 2]
        return {
            _truncate_text(name, 80): _truncate_value(item, most, longest, depth - 1) for name, item in items
        }
    if isinstance(value, list | tuple):
        return [_truncate_value(item, most, longest, depth - 1) for item in value[:most]]
    if isinstance(value, float) and not math.isfinite(value):  # JSON has no NaN and no infinity
        return None
    if isinstance(value, bool | int | float | None):
        return value
    return _truncate_text(value, longest)


def _truncate_text(value: object, longest: int) -> str:
    """Truncate a text; a lone surrogate, which JSON can escape but nothing can send, is replaced."""
    return str(value)[:longest].encode("utf-8", "replace").decode()
