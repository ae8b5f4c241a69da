"""Conditions that can be decided from the data alone, by a strict grammar; any other prose cannot."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from pydantic import JsonValue

_CUT = re.compile(r"\s[—–-]\s|,")
_PATH = r"(?P<path>[A-Za-z_][\w.]*)"
_EMPTY = re.compile(rf"{_PATH}\s+is\s+(?P<negated>not\s+|non-)?empty\b")
_BOOLEAN = re.compile(rf"{_PATH}\s+is\s+(?P<value>true|false)\b", re.IGNORECASE)
_COMPARED = re.compile(
    rf"{_PATH}\s*(?P<sign>==|!=)\s*(?P<value>'[^']*'|\"[^\"]*\"|-?\d+(?:\.\d+)?|true|false)", re.IGNORECASE
)


def verdict(condition: str, values: Mapping[str, JsonValue]) -> bool | None:
    """Whether the condition holds; None when it is not of the grammar."""
    text = _CUT.split(condition.strip(), maxsplit=1)[0].strip()
    for word, combine in ((" or ", any), (" and ", all)):
        if word in text:
            parts = [_clause(part.strip(), values) for part in text.split(word)]
            return None if None in parts else combine(bool(part) for part in parts)
    return _clause(text, values)


def is_decidable(condition: str, names: Collection[str]) -> bool:
    """Whether the condition is of the grammar to its last word, and speaks of known names only.

    “The answer is true” is prose, unless there is an answer among the data.
    """
    text = _CUT.split(condition.strip(), maxsplit=1)[0].strip()
    word = next((word for word in (" or ", " and ") if word in text), None)
    clauses = text.split(word) if word else [text]
    found = [
        next((m for form in (_EMPTY, _BOOLEAN, _COMPARED) if (m := form.fullmatch(clause.strip()))), None)
        for clause in clauses
    ]
    return all(match is not None and match["path"].split(".")[0] in names for match in found)


def _clause(text: str, values: Mapping[str, JsonValue]) -> bool | None:
    if match := _EMPTY.match(text):
        is_empty = _look_up(match["path"], values) in (None, "", [], {})
        return is_empty != bool(match["negated"])
    if match := _BOOLEAN.match(text):
        return bool(_look_up(match["path"], values)) is (match["value"].lower() == "true")
    if match := _COMPARED.fullmatch(text):
        is_equal = _look_up(match["path"], values) == _literal(match["value"])
        return is_equal if match["sign"] == "==" else not is_equal
    return None


def _look_up(path: str, values: Mapping[str, JsonValue]) -> JsonValue:
    found: JsonValue = dict(values)
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _literal(text: str) -> JsonValue:
    if text[0] in "'\"":
        return text[1:-1]
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return float(text) if "." in text else int(text)
