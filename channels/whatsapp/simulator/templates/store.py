"""Message templates of the simulated business account (Meta, "Template management")."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qs

from channels._kit.simulator import SimulatorResponse
from channels.whatsapp.simulator.records import Json
from channels.whatsapp.simulator.responses import error_response, json_response
from channels.whatsapp.simulator.templates.message_template import MessageTemplate

_DEFAULT_PAGE_SIZE: Final = 25
_MAX_PAGE_SIZE: Final = 500
_MAX_TEMPLATES: Final = 6_000
_DEFAULT_FIELDS: Final = "name,parameter_format,components,language,status,category,id"


class TemplateStore:
    """Templates of one account, in order of creation."""

    def __init__(self, templates: Iterable[MessageTemplate]) -> None:
        self._templates = list(templates)
        for number, each in enumerate(self._templates, start=1):
            each.id = each.id or f"6000000000000{number:02}"

    def find(self, name: str, language: str) -> MessageTemplate | None:
        """Return a template."""
        return next(
            (each for each in self._templates if (each.name, each.language) == (name, language)), None
        )

    def add(self, template: MessageTemplate) -> None:
        """Add a template."""
        template.id = template.id or f"6100000000000{len(self._templates):02}"
        self._templates.append(template)

    def delete(self, name: str, language: str = "") -> bool:
        """Delete a template, in all languages if none is given; return whether there was one."""
        before = len(self._templates)
        self._templates = [
            each for each in self._templates if each.name != name or language not in ("", each.language)
        ]
        return len(self._templates) < before

    def change(
        self, name: str, language: str, *, status: str, quality: str, category: str, reason: str
    ) -> list[Json]:
        """Change a template and return the changes of webhooks. Raises `KeyError` for an unknown one."""
        found = self.find(name, language)
        if found is None:
            raise KeyError(name)
        about: Json = {
            "message_template_id": int(found.id),
            "message_template_name": name,
            "message_template_language": language,
        }
        changes: list[Json] = []
        if status:
            found.status, found.rejected_reason = status, reason
            value = {**about, "event": status, "reason": reason}
            changes.append({"field": "message_template_status_update", "value": value})
        if quality:
            value = {**about, "previous_quality_score": found.quality, "new_quality_score": quality}
            found.quality = quality
            changes.append({"field": "message_template_quality_update", "value": value})
        if category:
            value = {**about, "previous_category": found.category, "new_category": category}
            found.category = category
            changes.append({"field": "template_category_update", "value": value})
        if status == "DELETED":
            self.delete(name, language)
        return changes

    def list_page(self, query: str) -> SimulatorResponse:
        """Return a page of the list, with the cursor of the next one if there is one."""
        values = {name: found[-1] for name, found in parse_qs(query).items()}
        raw_limit, after = values.get("limit", str(_DEFAULT_PAGE_SIZE)), values.get("after", "")
        if not raw_limit.isdigit() or int(raw_limit) == 0:
            return error_response(400, 100, "Invalid parameter", "limit must be a positive number")
        start = _decode_cursor(after)
        if start is None:
            return error_response(400, 100, "Invalid parameter", "after is no cursor of this list")
        wanted = [
            each
            for each in self._templates
            if values.get("name", each.name) == each.name and values.get("status", each.status) == each.status
        ]
        end = start + min(int(raw_limit), _MAX_PAGE_SIZE)
        fields = values.get("fields", _DEFAULT_FIELDS).split(",")
        page: Json = {"data": [each.to_json(fields) for each in wanted[start:end]]}
        if page["data"]:
            cursors = {"before": _encode_cursor(start), "after": _encode_cursor(end)}
            page["paging"] = {"cursors": cursors}
            if end < len(wanted):
                page["paging"]["next"] = f"https://graph.facebook.com/?after={cursors['after']}"
        if "summary" in values:
            totals = {"total_count": len(wanted), "message_template_count": len(self._templates)}
            known = {**totals, "message_template_limit": _MAX_TEMPLATES, "are_translations_complete": False}
            page["summary"] = {name: known[name] for name in values["summary"].split(",") if name in known}
        return json_response(200, page)


def _encode_cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode().rstrip("=")


def _decode_cursor(cursor: str) -> int | None:
    if not cursor:
        return 0
    try:
        decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        return None
    position = decoded.removeprefix("at:")
    return int(position) if position.isdigit() else None
