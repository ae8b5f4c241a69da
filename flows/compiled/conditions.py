"""Parses conditions that the data alone can decide, by a strict grammar; prose is left to the model."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

_COMPARISON = re.compile(
    r"(?P<path>[A-Za-z_][\w.]*)"
    r"(?:\s+is\s+(?P<negated>not\s+|non-)?(?P<empty>empty)\b"
    r"|\s+is\s+(?P<boolean>true|false)\b"
    r"|\s*(?P<sign>==|!=)\s*(?P<literal>'[^']*'|\"[^\"]*\"|-?\d+(?:\.\d+)?(?![\w.])|(?:true|false)\b))",
    re.IGNORECASE,
)
_CONJUNCTION = re.compile(r"\s+(and|or)\s+", re.IGNORECASE)
_CONDITION_END = re.compile(r"\s*(?:$|,|\s[—–-]\s)")
_NAMESPACES = frozenset(("userdata", "env", "actions", "slots", "results"))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Comparison of one value: equal to `wanted`, or empty; `is_negated` inverts it.

    `is_plain` says that its name is also an ordinary word and not a name of the flow's data.
    """

    path: tuple[str, ...]
    expected: JsonValue
    tests_emptiness: bool
    compares_truthiness: bool
    is_negated: bool
    is_ambiguous_name: bool

    def evaluate(self, values: Mapping[str, JsonValue]) -> bool | None:
        """Return the result; `None` when it is unclear whether the text refers to data at all."""
        if self.is_ambiguous_name and self.path[0] not in values:
            return None
        value = _get_path(self.path, values)
        if self.tests_emptiness:
            return (value in (None, "", [], {})) != self.is_negated
        return ((bool(value) if self.compares_truthiness else value) == self.expected) != self.is_negated


@dataclass(frozen=True, slots=True)
class Condition:
    """Comparisons joined by “and” in groups, and the groups by “or”."""

    groups: tuple[tuple[Comparison, ...], ...]

    def evaluate(self, values: Mapping[str, JsonValue]) -> bool | None:
        """Return whether the data meet the condition; `None` when that cannot be decided."""
        value = [[clause.evaluate(values) for clause in group] for group in self.groups]
        if any(None in group for group in value):
            return None
        return any(map(all, value))


def parse_condition(text: str, names: Collection[str] = ()) -> Condition | None:
    """Parse the condition at the beginning of `text`, up to a comma or dash; return `None` for other prose.

    `names` are those of the flow's data: “the answer is true” is prose unless one of them is `answer`.
    """
    groups: list[list[Comparison]] = [[]]
    at, text = 0, text.strip()
    while clause := _COMPARISON.match(text, at):
        groups[-1].append(_parse_comparison(clause, names))
        joined = _CONJUNCTION.match(text, clause.end())
        if joined is None:
            is_whole = _CONDITION_END.match(text, clause.end())
            return Condition(tuple(map(tuple, groups))) if is_whole else None
        if joined[1].lower() == "or":
            groups.append([])
        at = joined.end()
    return None


def _parse_comparison(match: re.Match[str], names: Collection[str]) -> Comparison:
    path = tuple(match["path"].split("."))
    is_named = len(path) > 1 or "_" in path[0] or path[0] in _NAMESPACES or path[0] in names
    literal = match["literal"]
    return Comparison(
        path,
        _parse_literal(literal) if literal else (match["boolean"] or "").lower() == "true",
        tests_emptiness=bool(match["empty"]),
        compares_truthiness=bool(match["boolean"]),
        is_negated=bool(match["negated"]) or match["sign"] == "!=",
        is_ambiguous_name=not is_named and not literal,
    )


def _get_path(path: tuple[str, ...], values: Mapping[str, JsonValue]) -> JsonValue:
    value: JsonValue = values.get(path[0])
    for name in path[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _parse_literal(text: str) -> JsonValue:
    if text[0] in "'\"":
        return text[1:-1]
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return float(text) if "." in text else int(text)
