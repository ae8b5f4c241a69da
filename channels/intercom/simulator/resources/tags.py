"""Tags of the simulated workspace (Intercom, "Tags")."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from channels._kit.simulator import SimulatorResponse
from channels.intercom.simulator.records import Conversation, Json
from channels.intercom.simulator.validation import error_response, ok_response


class TagStore:
    """Tags by ID; names are unique, whatever their case."""

    def __init__(self, tags: dict[str, str]) -> None:
        self._tags = tags

    def handle(self, method: str, path: Sequence[str], sent: Json) -> SimulatorResponse:
        """Answer a request below `/tags`."""
        match method, path:
            case "GET", []:
                tags = [self._to_json(tag) for tag in self._tags]
                return ok_response({"type": "list", "data": tags})
            case "POST", []:
                return self._create(sent)
            case "GET", [tag] if tag in self._tags:
                return ok_response(self._to_json(tag))
            case "DELETE", [tag] if tag in self._tags:
                del self._tags[tag]
                return SimulatorResponse(200)
        return error_response(404, "not_found", "Resource Not Found")

    def attach(
        self, conversation: Conversation, sent: Json, admins: Collection[str], now: float
    ) -> SimulatorResponse:
        """Tag a conversation, once (Intercom, "Add tag to a conversation")."""
        tag = str(sent.get("id"))
        if sent.get("admin_id") not in admins or tag not in self._tags:
            return error_response(404, "not_found", "Resource Not Found")
        applied_by = {"type": "admin", "id": sent["admin_id"]}
        applied = {**self._to_json(tag), "applied_at": int(now), "applied_by": applied_by}
        conversation.tags.setdefault(tag, applied)
        return ok_response(applied)

    def detach(
        self, conversation: Conversation, tag: str, sent: Json, admins: Collection[str]
    ) -> SimulatorResponse:
        """Remove a tag from a conversation that has it (Intercom, "Remove tag from a conversation")."""
        if sent.get("admin_id") not in admins or tag not in conversation.tags:
            return error_response(404, "tag_not_found", "Tag not found")
        return ok_response(conversation.tags.pop(tag))

    def _create(self, sent: Json) -> SimulatorResponse:
        """Create a tag, rename the one with the given ID, or return the one that has the name."""
        name, tag = sent.get("name"), str(sent.get("id") or "")
        if not isinstance(name, str) or not name.strip():
            return error_response(400, "parameter_invalid", "invalid tag parameters")
        if tag and tag not in self._tags:
            return error_response(404, "not_found", "Resource Not Found")
        same = [each for each, known in self._tags.items() if known.lower() == name.lower()]
        tag = tag or next(iter(same), str(max(map(int, self._tags), default=0) + 1))
        self._tags[tag] = name
        return ok_response(self._to_json(tag))

    def _to_json(self, tag: str) -> Json:
        return {"type": "tag", "id": tag, "name": self._tags[tag]}
