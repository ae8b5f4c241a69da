"""What actions and tools came to, cut to what a session's state has room for."""

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
"""How many characters of JSON one result may have."""

_MAX_TEXT_LENGTH = 500


def failure_result(reason: str) -> dict[str, JsonValue]:
    """The result of a call that got no answer."""
    return {"success": False, "status": 0, "error": reason[:200]}


def response_result(answer: HttpResponse) -> dict[str, Any]:
    """The result of a call that got an answer, as it came."""
    text = answer.body.decode("utf-8", "replace")
    try:
        data = json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        data = text
    return {"success": answer.status < 400, "status": answer.status, "data": data}


def redacted_result(result: Mapping[str, Any], secrets: Iterable[str]) -> dict[str, JsonValue]:
    """A result as it is stored: without the operator's secrets in it, and cut."""
    return {**result, "data": truncate(redact(result["data"], secrets))}


def mcp_result(data: Any, secrets: Iterable[str], *, success: bool) -> dict[str, JsonValue]:
    """The result of a call that a server answered with `data`, or failed with that text, without secrets."""
    data = redact(data, secrets)
    return {"success": True, "data": truncate(data)} if success else failure_result(str(data))


def truncate(value: Any) -> JsonValue:
    """The value with long lists and texts cut until it fits; None when even so it does not."""
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
    """The results as the model may see them: without what was put aside out of them."""
    return {name: _hide_result_paths(result, paths.get(name, ())) for name, result in results.items()}


def get_path(result: Any, path: str) -> JsonValue:
    """The value at a dotted path; None when there is none."""
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
    if isinstance(value, float) and not math.isfinite(value):  # JSON has no such number
        return None
    if isinstance(value, bool | int | float | None):
        return value
    return _truncate_text(value, longest)


def _truncate_text(value: object, longest: int) -> str:
    """JSON can escape half a character, which nothing that is sent can hold."""
    return str(value)[:longest].encode("utf-8", "replace").decode()
