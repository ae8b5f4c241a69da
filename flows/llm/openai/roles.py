"""Messages for servers whose chat template is strict about roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Line = Mapping[str, Any]

_BEGINNING = "(The conversation begins.)"


def fit_roles(lines: Sequence[Line], *, has_system_role: bool) -> list[Line]:
    """Return the messages with alternating roles, beginning with the user's.

    Notes between the lines are added to the system message; without that role it begins the user's first
    line. Lines about tools stay as they are.
    """
    system = "\n\n".join(line["content"] for line in lines if line["role"] == "system")
    fitted: list[Line] = []
    for line in lines:
        if line["role"] == "system":
            continue
        if not fitted and line["role"] != "user":
            fitted.append({"role": "user", "content": _BEGINNING})
        if fitted and _is_mergeable(fitted[-1], line):
            fitted[-1] = {"role": line["role"], "content": _join(fitted[-1]["content"], line["content"])}
        else:
            fitted.append(line)
    if not system:
        return fitted
    if has_system_role:
        return [{"role": "system", "content": system}, *fitted]
    first, rest = (fitted[0], fitted[1:]) if fitted else ({"role": "user", "content": ""}, [])
    return [{"role": "user", "content": _join(system, first["content"])}, *rest]


def _is_mergeable(before: Line, line: Line) -> bool:
    plain = ("user", "assistant")
    return before["role"] == line["role"] in plain and not (
        before.get("tool_calls") or line.get("tool_calls")
    )


def _join(before: Any, behind: Any) -> Any:
    """Join two contents, either of which may have pictures beside its text."""
    if isinstance(before, str) and isinstance(behind, str):
        return "\n\n".join(filter(None, (before, behind)))
    return [*_parts(before), *_parts(behind)]


def _parts(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or ())
