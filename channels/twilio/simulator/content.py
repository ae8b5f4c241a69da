"""Contents of the simulator (Twilio, "Content API"): made, listed, deleted, and sent with their variables."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from urllib.parse import parse_qsl

from channels._kit.simulator import SimulatorRequest, SimulatorResponse
from channels.twilio.simulator.paging import parse_number
from channels.twilio.simulator.responses import ApiError, json_response

_VARIABLE: Final = re.compile(r"\{\{(\d+)\}\}")
_INVALID_VALUE: Final = re.compile(r"[\n\r\t]| {5}")
_PAGE_SIZE: Final = 50

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SentContent:
    """Text as the recipient sees it, and the identifier and label of each choice."""

    text: str
    choices: tuple[tuple[str, str], ...] = ()
    is_list: bool = False


class ContentStore:
    """Contents of one account, in order of creation."""

    def __init__(self, account: str, random: Random) -> None:
        self._account = account
        self._random = random
        self._contents: dict[str, Json] = {}

    def handle(self, request: SimulatorRequest, path: str) -> SimulatorResponse:
        """Create, list, fetch or delete contents (Twilio, "Content API")."""
        sid = path.removeprefix("/v1/Content").strip("/")
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

    def find(self, sid: str) -> Json | None:
        """Return a content."""
        return self._contents.get(sid)

    def delete(self, sid: str) -> bool:
        """Delete a content; return whether there was one."""
        return self._contents.pop(sid, None) is not None

    def list_page(self, page: int, size: int = _PAGE_SIZE) -> Json:
        """Return a page of all contents."""
        contents = list(self._contents.values())
        following = (
            f"/v1/Content?PageSize={size}&Page={page + 1}" if len(contents) > (page + 1) * size else None
        )
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
        known = {**content["variables"], **values}

        def fill(text: str) -> str:
            return _VARIABLE.sub(lambda found: known.get(found[1], found[0]), text)

        kind, value = next(iter(content["types"].items()))
        choices = [(str(each["id"]), str(each.get("title") or each.get("item"))) for each in _options(value)]
        return SentContent(fill(value["body"]), tuple(choices), kind == "twilio/list-picker")


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
