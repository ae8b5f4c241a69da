"""Message templates: contents with their approval by WhatsApp (Twilio, "Content API: fetch approval status").

A template is named by its friendly name or by the SID of its content; its variables are the content's.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from time import monotonic
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import get, parse_json_body, without_effect
from channels.twilio.capabilities import NAME
from channels.twilio.errors import build_delivery_error
from core.errors import DeliveryError, Rejected, Unavailable, Unknown
from core.model import MessageTemplate, Template, TemplateVariable

log = logging.getLogger("turngate.twilio")

OWN_PREFIX: Final = "turngate_"
"""Friendly names of the contents that this system makes for buttons and lists."""

UNKNOWN_TEMPLATE: Final = "template_unknown"
"""Code of a message whose template the account does not have."""

CONTENT_SID: Final = re.compile(r"HX[0-9a-fA-F]{32}")
_PAGE_SIZE: Final = 500
_MAX_PAGES: Final = 40
_MAX_VARIABLES: Final = 200
_MAX_FIELDS: Final = 1_000
_TEXT_LENGTH: Final = 2_000
_TEXT_FIELDS: Final = frozenset(
    {"body", "caption", "description", "footer", "header_text", "item", "subtitle", "title"}
)
"""Fields of a content that are shown to people (Twilio, "Content types overview")."""

_CACHE_SECONDS: Final = 600.0
_RETRY_SECONDS: Final = 30.0
_PLACEHOLDER: Final = re.compile(r"\{\{\s*(\w{1,100})\s*\}\}")


class TemplateClient:
    """Reads the contents of one account, and finds those that are sent by name."""

    def __init__(self, *, account: str, token: str, url: str, clock: Callable[[], float] = monotonic) -> None:
        self._auth = (account, token)
        self._url = f"{url}/v1/ContentAndApprovals"
        self._clock = clock
        self._sids: dict[tuple[str, str], str] = {}
        self._shown: dict[str, frozenset[str]] = {}
        self._read_at = float("-inf")

    async def list_all(self, http: httpx.AsyncClient) -> list[MessageTemplate]:
        """Return all contents but those of this system, page after page. Raises a `DeliveryError`."""
        found: dict[tuple[str, str], MessageTemplate] = {}
        params = {"PageSize": str(_PAGE_SIZE)}
        for _ in range(_MAX_PAGES):
            page = await self._fetch_page(http, params)
            for entry in get_object_list(page, "contents"):
                template = parse_definition(entry)
                if template is None:
                    continue
                earlier = found.get((template.name, template.language))
                if earlier is None or template.is_approved or not earlier.is_approved:
                    found[template.name, template.language] = template
            following = _next_page(get_text(get_object(page, "meta"), "next_page_url", 2_000))
            if not following or following == params:
                return list(found.values())
            params = following
        raise Unavailable(f"twilio: more than {_MAX_PAGES} pages of contents")

    async def find_sid(self, template: Template, http: httpx.AsyncClient) -> str:
        """Return the SID of a template's content. Raises a `DeliveryError`, `Rejected` if there is none."""
        if sid := template.id or (template.name if CONTENT_SID.fullmatch(template.name) else ""):
            return sid
        name = (template.name, template.language)
        await self._refresh(http, is_known=name in self._sids)
        if name not in self._sids:
            reason = f"twilio: no content named {template.name} in {template.language}"
            raise Rejected(reason, code=UNKNOWN_TEMPLATE)
        return self._sids[name]

    async def find_shown_variables(self, sid: str, http: httpx.AsyncClient) -> frozenset[str]:
        """Return the variables of a content that are shown as words, not sent as a URL, an ID or a code.

        None if Twilio does not tell: a template is sent whether or not its content can be read.
        """
        try:
            await self._refresh(http, is_known=sid in self._shown)
        except DeliveryError as error:
            log.warning("twilio: values of the template %s are sent as they are: %s", sid, error.reason)
        return self._shown.get(sid, frozenset())

    async def _refresh(self, http: httpx.AsyncClient, *, is_known: bool) -> None:
        """Read the list again if it is old, sooner for what it did not have."""
        now = self._clock()
        if now - self._read_at < (_CACHE_SECONDS if is_known else _RETRY_SECONDS):
            return
        templates = await self.list_all(http)
        self._sids = {(each.name, each.language): each.id for each in templates}
        self._shown = {
            each.id: frozenset(variable.name for variable in each.variables if variable.is_shown)
            for each in templates
        }
        self._read_at = now

    async def _fetch_page(self, http: httpx.AsyncClient, params: dict[str, str]) -> dict[str, Any]:
        response = await get(http, NAME, self._url, params=params, auth=self._auth)
        page = parse_json_body(response)
        if not response.is_success:
            error = build_delivery_error(response)
            raise without_effect(error) if isinstance(error, Unknown) else error
        if not isinstance(page.get("contents"), list):
            raise Unavailable("twilio: malformed list of contents")
        return page


def _next_page(url: str) -> dict[str, str]:
    """Return the query of the next page, which is asked for at our own URL; empty if there is none."""
    try:
        query = parse_qs(urlsplit(url).query, max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in query.items() if name in ("PageSize", "Page", "PageToken")}


def parse_definition(entry: JsonObject) -> MessageTemplate | None:
    """Parse a content of the list; `None` if it is not one, or is one of this system."""
    sid, language = get_identifier(entry, "sid", 64), get_text(entry, "language", 20)
    name = get_text(entry, "friendly_name", 512) or sid
    if not CONTENT_SID.fullmatch(sid) or not language or name.startswith(OWN_PREFIX):
        return None
    approval, types = get_object(entry, "approval_requests"), get_object(entry, "types")
    bodies = [get_text(get_object(types, kind), "body", _TEXT_LENGTH) for kind in types]
    samples = get_object(entry, "variables")
    names = dict.fromkeys([*_PLACEHOLDER.findall(_dump(types)), *map(str, samples)])
    shown, exact = _find_places(types)
    variables = [
        TemplateVariable(
            name=each, example=get_text(samples, each, 200), is_shown=each in shown and each not in exact
        )
        for each in sorted(names, key=_position)
    ]
    return MessageTemplate(
        name=name,
        language=language,
        id=sid,
        status=get_text(approval, "status", 40).lower() or "unsubmitted",
        reason=get_text(approval, "rejection_reason", 200),
        category=get_text(approval, "category", 40).lower(),
        text=next((body for body in bodies if body), ""),
        components=tuple(kind[:60] for kind in list(types)[:20]),
        variables=tuple(variables[:_MAX_VARIABLES]),
    )


def _find_places(types: JsonObject) -> tuple[set[str], set[str]]:
    """Return the variables in texts for people, and those in URLs, IDs and other fields."""
    shown: set[str] = set()
    exact: set[str] = set()
    waiting: list[tuple[str, object]] = [("", types)]
    for _ in range(_MAX_FIELDS):
        if not waiting:
            break
        field, value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += [(field, each) for each in value]
        elif isinstance(value, str):
            (shown if field in _TEXT_FIELDS else exact).update(_PLACEHOLDER.findall(value))
    return shown, exact


def _dump(types: JsonObject) -> str:
    try:
        return json.dumps(types)
    except (ValueError, RecursionError):
        return ""


def _position(name: str) -> tuple[int, str]:
    return (int(name) if name.isascii() and name.isdigit() and len(name) < 6 else 100_000, name)
