"""Contents of the simulator (Twilio, "Content API"): made, listed, deleted, and sent with their variables."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from urllib.parse import parse_qsl

from channels._kit.simulator import SimulatorRequest, SimulatorResponse, parse_json_object
from channels.twilio.simulator.resources.paging import parse_number
from channels.twilio.simulator.responses import ApiError, json_response

_VARIABLE: Final = re.compile(r"\{\{(\w+)\}\}")
_INVALID_VALUE: Final = re.compile(r"[\n\r\t]| {5}")
_PAGE_SIZE: Final = 50
_APPROVAL_NAME: Final = re.compile(r"[a-z0-9_]{1,512}")
_CATEGORIES: Final = ("UTILITY", "MARKETING", "AUTHENTICATION")
_NOT_SUBMITTED: Final = {
    "name": "",
    "category": "",
    "content_type": "",
    "status": "unsubmitted",
    "rejection_reason": "",
    "allow_category_change": True,
}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SentContent:
    """Text as the recipient sees it, and the identifier and label of each choice."""

    text: str
    choices: tuple[tuple[str, str], ...] = ()
    is_list: bool = False
    status: str = "unsubmitted"
    """State of its approval by WhatsApp."""


class ContentStore:
    """Contents of one account, in order of creation."""

    def __init__(self, account: str, random: Random) -> None:
        self._account = account
        self._random = random
        self._contents: dict[str, Json] = {}
        self._approvals: dict[str, Json] = {}

    def handle(self, request: SimulatorRequest, path: str) -> SimulatorResponse:
        """Create, list, fetch or delete contents (Twilio, "Content API")."""
        if path == "/v1/ContentAndApprovals" and request.method == "GET":
            return self._list_approvals(dict(parse_qsl(request.url.partition("?")[2])))
        sid, _, part = path.removeprefix("/v1/Content").strip("/").partition("/")
        if part:
            return self._handle_approval(request, sid, part, path)
        if not sid and request.method == "POST":
            content = self.create(request.body)
            return (
                json_response(201, content)
                if content
                else ApiError(400, 20001, "Invalid content").to_response()
            )
        if not sid and request.method == "GET":
            query = dict(parse_qsl(request.url.partition("?")[2]))
            return json_response(
                200,
                self.list_page(parse_number(query, "Page", 0), parse_number(query, "PageSize", 50)),
            )
        if request.method == "GET" and (found := self.find(sid)):
            return json_response(200, found)
        if request.method == "DELETE" and self.delete(sid):
            return SimulatorResponse(status=204)
        return ApiError(404, 20404, f"The requested resource {path} was not found").to_response()

    def _handle_approval(
        self, request: SimulatorRequest, sid: str, part: str, path: str
    ) -> SimulatorResponse:
        """Submit a content for approval, or return its approval status (Twilio, "Content approvals")."""
        content = self.find(sid)
        if content is None or part not in ("ApprovalRequests", "ApprovalRequests/whatsapp"):
            return ApiError(404, 20404, f"The requested resource {path} was not found").to_response()
        if part == "ApprovalRequests" and request.method == "GET":
            return json_response(200, {"sid": sid, "whatsapp": self._approvals.get(sid, _NOT_SUBMITTED)})
        if part != "ApprovalRequests/whatsapp" or request.method != "POST":
            return ApiError(405, 20004, "Method not allowed").to_response()
        submitted = parse_json_object(request)
        name, category = str(submitted.get("name", "")), submitted.get("category")
        if not _APPROVAL_NAME.fullmatch(name) or category not in _CATEGORIES:
            return ApiError(400, 20001, "name or category is invalid").to_response()
        self.set_status(sid, "received", category=str(category))
        return json_response(201, {**self._approvals[sid], "name": name})

    def _list_approvals(self, query: dict[str, str]) -> SimulatorResponse:
        number, size = parse_number(query, "Page", 0), parse_number(query, "PageSize", 50)
        page = self.list_page(number, size, "ContentAndApprovals")
        page["contents"] = [
            {**each, "approval_requests": self._approvals.get(each["sid"], _NOT_SUBMITTED)}
            for each in page["contents"]
        ]
        return json_response(200, page)

    def set_status(self, sid: str, status: str, reason: str = "", category: str = "UTILITY") -> None:
        """Decide about a content's approval, as WhatsApp does. Raises `KeyError` for an unknown one."""
        content = self._contents[sid]
        self._approvals[sid] = {
            **_NOT_SUBMITTED,
            "name": content["friendly_name"],
            "category": category,
            "content_type": next(iter(content["types"])),
            "status": status,
            "rejection_reason": reason,
        }

    def get_status(self, sid: str) -> str:
        """Return the state of a content's approval."""
        return str(self._approvals.get(sid, _NOT_SUBMITTED)["status"])

    def create(self, raw: bytes) -> Json | None:
        """Create a content; `None` for one that breaks the rules."""
        try:
            request = json.loads(raw)
        except ValueError:
            return None
        if not isinstance(request, dict) or not _is_valid(request):
            return None
        sid = f"HX{self._random.getrandbits(128):032x}"
        self._contents[sid] = {
            "sid": sid,
            "account_sid": self._account,
            "friendly_name": request.get("friendly_name"),
            "language": request["language"],
            "variables": request.get("variables", {}),
            "types": request["types"],
            "url": f"https://content.twilio.com/v1/Content/{sid}",
        }
        return self._contents[sid]

    def add(self, name: str, body: str, language: str = "en", status: str = "unsubmitted") -> str:
        """Add a text content with the state of its approval; return its SID."""
        variables = dict.fromkeys(_VARIABLE.findall(body), "sample")
        types = {"twilio/text": {"body": body}}
        request = {"friendly_name": name, "language": language, "variables": variables, "types": types}
        content = self.create(json.dumps(request).encode())
        assert content is not None, "a text of at most 1,024 characters is valid"
        if status != "unsubmitted":
            self.set_status(content["sid"], status)
        return str(content["sid"])

    def add_samples(self) -> None:
        """Add the contents of a new account: one that is approved, and one that is paused."""
        self.add("order_update", "Hello {{1}}, your order {{2}} has left.", status="approved")
        self.add("spring_sale", "Hello {{1}}, everything is cheaper.", status="paused")

    def find(self, sid: str) -> Json | None:
        """Return a content."""
        return self._contents.get(sid)

    def delete(self, sid: str) -> bool:
        """Delete a content; return whether there was one."""
        self._approvals.pop(sid, None)
        return self._contents.pop(sid, None) is not None

    def list_page(self, page: int, size: int = _PAGE_SIZE, resource: str = "Content") -> Json:
        """Return a page of all contents."""
        contents = list(self._contents.values())
        url = f"https://content.twilio.com/v1/{resource}?PageSize={size}&Page={page + 1}"
        following = url if len(contents) > (page + 1) * size else None
        meta = {"page": page, "page_size": size, "key": "contents", "next_page_url": following}
        return {"contents": contents[page * size : (page + 1) * size], "meta": meta}

    def resolve(self, sid: str, variables: str) -> SentContent | int:
        """Return a content with its variables, or the code of the error with which it is refused."""
        content = self._contents.get(sid)
        if content is None:
            return 21655
        try:
            values = json.loads(variables or "{}")
        except ValueError:
            return 21656
        if not isinstance(values, dict) or not all(map(_is_valid_value, values.values())):
            return 21656
        if set(values) - set(content["variables"]):
            return 21656
        known = {**content["variables"], **values}

        def fill(text: str) -> str:
            return _VARIABLE.sub(lambda found: known.get(found[1], found[0]), text)

        kind, value = next(iter(content["types"].items()))
        choices = [(str(each["id"]), str(each.get("title") or each.get("item"))) for each in _options(value)]
        return SentContent(
            fill(value["body"]), tuple(choices), kind == "twilio/list-picker", self.get_status(sid)
        )


def _is_valid_value(value: object) -> bool:
    return isinstance(value, str) and value != "" and not _INVALID_VALUE.search(value)


def _options(value: Json) -> list[Json]:
    options: list[Json] = value.get("actions") or value.get("items") or []
    return options


def _is_valid(request: Json) -> bool:
    types = request.get("types")
    if not request.get("language") or not isinstance(types, dict) or len(types) != 1:
        return False
    kind, value = next(iter(types.items()))
    if not isinstance(value, dict) or not 0 < len(str(value.get("body", ""))) <= 1024:
        return False
    options = _options(value)
    if kind == "twilio/text":
        return set(value) == {"body"}
    if kind == "twilio/quick-reply":
        are_short = all(0 < len(each.get("title", "")) <= 20 for each in options)
        return set(value) == {"body", "actions"} and 1 <= len(options) <= 3 and are_short
    if kind != "twilio/list-picker" or set(value) != {"body", "button", "items"}:
        return False
    fits = all(0 < len(e.get("item", "")) <= 24 and len(e.get("description", "")) <= 72 for e in options)
    return (
        1 <= len(options) <= 10
        and fits
        and all(each.get("id") for each in options)
        and 0 < len(value["button"]) <= 20
    )
