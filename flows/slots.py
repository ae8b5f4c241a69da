"""Typed slots: what an edge's schema says of each value that is to be learnt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from flows.phones import region_of


@dataclass(frozen=True, slots=True)
class Slot:
    """One property of an edge's schema."""

    name: str
    kind: str
    required: bool = False
    description: str = ""
    question: str = ""
    pattern: re.Pattern[str] | None = None
    values: tuple[JsonValue, ...] = ()
    past: bool = False
    future: bool = False
    language: str = "en"
    region: str = ""

    @property
    def is_free(self) -> bool:
        """Whether any text at all would do."""
        return self.kind == "text"


def slots_of(schema: Mapping[str, Any] | None, language: str = "en") -> tuple[Slot, ...]:
    """The slots of a checked `input_schema`; `language` is what dates and numbers are written in."""
    if not schema:
        return ()
    required = set(schema.get("required") or ())
    return tuple(
        Slot(
            name=name,
            kind=_kind(part),
            required=name in required,
            description=str(part.get("description") or name.replace("_", " ")),
            question=str(part.get("x-question") or ""),
            pattern=re.compile(part["pattern"]) if part.get("pattern") is not None else None,
            values=tuple(part.get("enum") or ()),
            past=bool(part.get("x-past")),
            future=bool(part.get("x-future")),
            language=language,
            region=str(part.get("x-region") or region_of(language)).upper(),
        )
        for name, part in (schema.get("properties") or {}).items()
    )


def _kind(part: Mapping[str, Any]) -> str:
    declared = part.get("type", "string")
    if part.get("enum"):
        return "enum"
    if part.get("format") in ("date", "time", "email", "phone"):
        return str(part["format"])
    if declared in ("boolean", "integer", "number", "array", "object"):
        return str(declared)
    return "pattern" if part.get("pattern") is not None else "text"
