"""Hints for texts that are not YAML, or not JSON."""

from __future__ import annotations

import re

_PLAIN_TEXT = re.compile(r"[^\"'{}\[\],]+")
_KEY = re.compile(r"^\s*(?:-\s+)?[^\s:{\[\"'][^:{\[\"']*:\s+")
_IN_QUOTES = "write a text with “?”, “:” or “,” in quotes"


def find_yaml_hint(problem: str, text: str, line_number: int, column: int) -> str:
    """Return a hint for a parser error at a position; empty if there is none."""
    lines = text.splitlines()
    line = lines[line_number] if line_number < len(lines) else ""
    if "expected ',' or" in problem:
        return _quote(_flow_value(line, column))
    if "mapping values are not allowed" in problem:
        key = _KEY.match(line)
        return _quote(line[key.end() :] if key else "")
    if "unhashable key" in problem:
        return "write a text that begins with {{ in quotes"
    if "'\\t'" in problem:
        return "indent with spaces"
    if (
        "cannot start any token" in problem
        or "undefined alias" in problem
        or "expected alphabetic" in problem
    ):
        return "write a text that begins with this character in quotes"
    if "constructor for the tag" in problem:
        return "write a text that begins with ! in quotes; tags are not read"
    if "expected <block end>" in problem:
        return "the line is not indented like those above it, or a text continues after its closing quote"
    return ""


def find_json_hint(text: str) -> str:
    """Return a hint for a text that is not JSON; empty if there is none."""
    if re.match(r"\s*(?:#|---|[\w$]+\s*:)", text):
        return "; it looks like YAML: name the file .yaml"
    if re.search(r",\s*[}\]]", text):
        return "; remove the comma before a closing bracket"
    if re.search(r"^\s*(?://|#|/\*)", text, re.MULTILINE):
        return "; remove the comments, which JSON does not have"
    if re.search(r"[{,]\s*'", text):
        return "; write texts in double quotes"
    return ""


def _flow_value(line: str, column: int) -> str:
    """Return the text without quotes inside of `{}` or `[]` that the parser stopped in."""
    before = line[:column]
    start = max(before.rfind(": ") + 2, before.rfind(", ") + 2, before.rfind("[") + 1, before.rfind("{") + 1)
    rest = re.search(r"[,}\]]", line[column:])
    return line[start : column + rest.start()] if rest and start > 1 else ""


def _quote(value: str) -> str:
    value = value.strip()
    return f'write that text in quotes: "{value}"' if _PLAIN_TEXT.fullmatch(value) else _IN_QUOTES
