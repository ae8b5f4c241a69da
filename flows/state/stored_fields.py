"""Fields of a stored state: the lines of its history, its interrupts, and how each is parsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import JsonValue
from typing_extensions import TypedDict

from core.model import Choice
from flows.text import replace_surrogates

Role = Literal["user", "assistant", "system"]

MAX_HISTORY_LINES = 40


class HistoryLine(TypedDict):
    """A message as the model receives it; lines of `system` are notes for the model alone."""

    role: Role
    content: str


class Interrupt(NamedTuple):
    """A node that was left over a global edge, the number of turns spent there, and what was known there.

    `asked` is the slot whose question was open, if any, and `filled` those that were filled by then.
    """

    node: str
    turns: int = 0
    asked: str = ""
    filled: tuple[str, ...] = ()


class KeptWish(NamedTuple):
    """A wish that is taken up later: the user's words, the node where they were said, what was known there.

    `known` is the number of slots that were filled by then, and `is_asked` is set once the user was asked
    whether it shall be done.
    """

    text: str
    node: str
    known: int = 0
    is_asked: bool = False


_ROLE_BY_STORED_NAME: Mapping[object, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "note": "system",
}


def to_json_value(value: Any) -> JsonValue:
    return list(value) if isinstance(value, tuple) else value


def _parse_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("this is not text")
    return value


def _parse_number(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError("this is not a number")
    return value


def _parse_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("this is not an object")
    return dict(value)


def _parse_counts(value: Any) -> dict[str, int]:
    return {name: _parse_number(count) for name, count in _parse_object(value).items()}


def _parse_string_map(value: Any) -> dict[str, str]:
    return {name: _parse_text(text) for name, text in _parse_object(value).items()}


def _parse_history(value: Any) -> tuple[HistoryLine, ...]:
    """Parse a history; invalid lines are left out, such as a tool call without its result."""
    if not isinstance(value, list):
        raise TypeError("this is not a history")
    return tuple([line for line in map(_parse_history_line, value[-MAX_HISTORY_LINES:]) if line])


def _parse_history_line(value: Any) -> HistoryLine | None:
    # schema 1 has `text` instead of `content`, and `note` instead of `system`
    if not isinstance(value, dict):
        return None
    role, content = _ROLE_BY_STORED_NAME.get(value.get("role")), value.get("content") or value.get("text")
    if not role or not content or not isinstance(content, str):
        return None
    return {"role": role, "content": replace_surrogates(content)}


def _parse_interrupts(value: Any) -> tuple[Interrupt, ...]:
    return tuple(
        Interrupt(
            _parse_text(each["node"]),
            _parse_number(each.get("turns", 0)),
            _parse_text(each.get("asked", "")),
            _parse_string_list(each.get("filled", ())),
        )
        for each in value
    )


def interrupt_to_json(frame: Interrupt) -> dict[str, JsonValue]:
    result: dict[str, JsonValue] = {"node": frame.node, "turns": frame.turns}
    if frame.asked:
        result["asked"] = frame.asked
    if frame.filled:
        result["filled"] = list(frame.filled)
    return result


def _parse_kept(value: Any) -> tuple[KeptWish, ...]:
    return tuple(
        KeptWish(
            _parse_text(each["text"]),
            _parse_text(each["node"]),
            _parse_number(each.get("known", 0)),
            bool(each.get("is_asked")),
        )
        for each in value
    )


def wish_to_json(wish: KeptWish) -> dict[str, JsonValue]:
    result: dict[str, JsonValue] = {"text": wish.text, "node": wish.node}
    if wish.known:
        result["known"] = wish.known
    if wish.is_asked:
        result["is_asked"] = True
    return result


def _parse_choices(value: Any) -> tuple[Choice, ...]:
    return tuple(Choice(label=each["label"], payload=each["payload"]) for each in value)


def _parse_string_list(value: Any) -> tuple[str, ...]:
    return tuple(_parse_text(each) for each in value)


_PARSER_BY_FIELD: dict[str, Any] = {
    "history": _parse_history,
    "interrupts": _parse_interrupts,
    "kept": _parse_kept,
    "offered": _parse_choices,
    "visits": _parse_counts,
    "environment": _parse_string_map,
}
_PARSER_BY_TYPE = {"str": _parse_text, "int": _parse_number, "tuple[str, ...]": _parse_string_list}


def field_parser(name: str, kind: str) -> Any:
    """Return the function that parses a stored field of a name and type."""
    return _PARSER_BY_FIELD.get(name) or _PARSER_BY_TYPE.get(kind, _parse_object)
