"""Notes about contacts of the simulated workspace (Intercom, "Notes")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from channels._kit.simulator import SimulatorResponse
from channels.intercom.simulator.records import Json, build_teammate
from channels.intercom.simulator.resources.lists import read_page_size
from channels.intercom.simulator.validation import error_response, ok_response

_PAGE_SIZE: Final = 15


class ContactNotes:
    """Notes in the order of their creation; an ID counts from 1."""

    def __init__(self) -> None:
        self._notes: list[Json] = []

    def create(self, contact: str, sent: Json, admins: Mapping[str, str], now: float) -> SimulatorResponse:
        """Create a note."""
        body, admin = sent.get("body"), str(sent.get("admin_id"))
        if not isinstance(body, str) or not body.strip():
            return error_response(400, "parameter_not_found", "body is required")
        if admin not in admins:
            return error_response(404, "not_found", "Resource Not Found")
        note: Json = {
            "type": "note",
            "id": str(len(self._notes) + 1),
            "created_at": int(now),
            "contact": {"type": "contact", "id": contact},
            "author": {**build_teammate(admin, admins[admin]), "away_mode_enabled": False},
            "body": f"<p>{body}</p>",
        }
        self._notes.append(note)
        return ok_response(note)

    def list_for(self, contact: str, query: str) -> SimulatorResponse:
        """Return a page of the notes about a contact, newest first; pages have numbers here, no cursors."""
        fields = dict(parse_qsl(query))
        notes = [note for note in reversed(self._notes) if note["contact"]["id"] == contact]
        size = read_page_size(fields, _PAGE_SIZE)
        page = int(fields["page"]) if re.fullmatch("[1-9][0-9]{0,5}", fields.get("page", "")) else 1
        shown = notes[(page - 1) * size : page * size]
        pages = {"type": "pages", "page": page, "per_page": size, "total_pages": -(-len(notes) // size)}
        return ok_response({"type": "list", "data": shown, "total_count": len(notes), "pages": pages})

    def find(self, number: str) -> SimulatorResponse:
        """Return a note by its ID."""
        found = [note for note in self._notes if note["id"] == number]
        return ok_response(found[0]) if found else error_response(404, "not_found", "Resource Not Found")
