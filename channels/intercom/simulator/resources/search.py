"""Search for conversations of the simulated workspace (Intercom, "Search conversations")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from channels._kit.simulator import MalformedRequest
from channels.intercom.simulator.records import Json

_FIELDS: Final[Mapping[str, Callable[[Json], list[Any]]]] = {
    "id": lambda item: [item["id"]],
    "created_at": lambda item: [item["created_at"]],
    "state": lambda item: [item["state"]],
    "open": lambda item: [item["open"]],
    "admin_assignee_id": lambda item: [item["admin_assignee_id"] or 0],
    "team_assignee_id": lambda item: [item["team_assignee_id"] or 0],
    "contact_ids": lambda item: [each["id"] for each in item["contacts"]["contacts"]],
    "tag_ids": lambda item: [each["id"] for each in item["tags"]["tags"]],
}
"""Some of the fields that can be searched; each yields the values of a conversation."""
_MAX_FILTERS: Final = 15
_MAX_DEPTH: Final = 2


def matches(item: Json, query: Any, depth: int = 0) -> bool:
    """Return whether a conversation matches a query. Raises `MalformedRequest`."""
    if not isinstance(query, dict):
        raise MalformedRequest("query must be an object")
    operator, value = query.get("operator"), query.get("value")
    if operator not in ("AND", "OR"):
        return _matches_filter(item, query.get("field"), operator, value)
    if not isinstance(value, list) or not 1 <= len(value) <= _MAX_FILTERS or depth >= _MAX_DEPTH:
        raise MalformedRequest("a query has up to 15 filters, in groups of groups at most")
    results = [matches(item, each, depth + 1) for each in value]
    return all(results) if operator == "AND" else any(results)


def _matches_filter(item: Json, field: Any, operator: Any, value: Any) -> bool:
    if field not in _FIELDS:
        raise MalformedRequest(f"{field} is not a field that this simulator can search")
    found = [str(each).lower() for each in _FIELDS[field](item)]
    if operator in ("IN", "NIN"):
        if not isinstance(value, list):
            raise MalformedRequest(f"{operator} needs a list")
        return any(str(each).lower() in found for each in value) is (operator == "IN")
    if operator in ("=", "!="):
        return (str(value).lower() in found) is (operator == "=")
    if operator in ("<", ">") and field == "created_at":
        try:
            difference = int(item["created_at"]) - int(value)
        except (TypeError, ValueError):
            raise MalformedRequest("created_at must be a time") from None
        return difference < 0 if operator == "<" else difference > 0
    raise MalformedRequest(f"{operator} is not an operator of {field}")
