"""Buttons and lists on WhatsApp through the Content API (Twilio, "twilio/quick-reply", "twilio/list-picker").

Inside the 24 hours they need no approval. A content is created once for each shape, which is everything but
the words of the text: those are variables, one for each line, since a variable cannot contain a line break.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import httpx

from channels._kit.outbound import parse_json_body, post
from channels._kit.rendering import should_use_list, truncate
from channels.twilio.capabilities import NAME, WHATSAPP_CAPABILITIES
from core.errors import DeliveryError, Rejected
from core.model import Reply
from core.ports import SessionStore

log = logging.getLogger("turngate.twilio")

_LIST_BUTTON_LABEL: Final = "Choose"
_MAX_LIST_BUTTON_LENGTH: Final = 20
_MAX_LINES: Final = 40
_PAUSE_SECONDS: Final = 600.0
"""Time during which numbered lists are sent after Twilio has refused to make a content."""

_CACHE_SIZE: Final = 1_000
_WIDE_GAP: Final = re.compile(r"[ \t]{5,}")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """A content without its words, and the words as its variables."""

    types: Json
    variables: dict[str, str]

    @property
    def digest(self) -> str:
        """Name of the content, the same for the same shape."""
        return hashlib.sha256(json.dumps(self.types, sort_keys=True).encode()).hexdigest()[:40]


def build_shape(reply: Reply) -> Shape | None:
    """Return the shape of a reply with choices; `None` if the Content API would misread it."""
    lines = [_WIDE_GAP.sub("    ", line.strip()).replace("\t", " ") for line in reply.body.split("\n")]
    fixed = [reply.list_button, *(f"{each.label}{each.payload}{each.description}" for each in reply.choices)]
    if len(lines) > _MAX_LINES or any("{{" in text or "}}" in text for text in fixed):
        return None
    variables: dict[str, str] = {}
    body: list[str] = []
    for line in lines:
        if line:
            variables[str(len(variables) + 1)] = line
        body.append(f"{{{{{len(variables)}}}}}" if line else "")
    return Shape(_build_types("\n".join(body), reply), variables)


def _build_types(body: str, reply: Reply) -> Json:
    if not should_use_list(reply.choices, WHATSAPP_CAPABILITIES):
        actions = [{"type": "QUICK_REPLY", "title": each.label, "id": each.payload} for each in reply.choices]
        return {"twilio/quick-reply": {"body": body, "actions": actions}}
    items = []
    for each in reply.choices:
        item = {"id": each.payload, "item": each.label}
        items.append({**item, "description": each.description} if each.description else item)
    button = truncate(reply.list_button, _MAX_LIST_BUTTON_LENGTH) or _LIST_BUTTON_LABEL
    return {"twilio/list-picker": {"body": body, "button": button, "items": items}}


class ContentCache:
    """Contents of one account, made when they are first needed and shared by all workers through `store`.

    If contents cannot be used, replies are sent as numbered lists.
    """

    def __init__(self, *, account: str, token: str, url: str, clock: Callable[[], float] = monotonic) -> None:
        self.store: SessionStore | None = None
        self._url = f"{url}/v1/Content"
        self._account = account
        self._auth = (account, token)
        self._clock = clock
        self._paused_until = 0.0
        self._sids: OrderedDict[str, str] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def find_or_create(self, shape: Shape, http: httpx.AsyncClient, *, invalid: str = "") -> str:
        """Return the SID of a shape's content; empty if there is none.

        `invalid` is a SID that Twilio no longer knows, to be replaced.
        """
        digest = shape.digest
        sid = self._sids.get(digest, "")
        if sid and sid != invalid:
            return sid
        if self._clock() < self._paused_until:
            return ""
        lock = self._locks.setdefault(digest, asyncio.Lock())
        try:
            async with lock:
                sid = self._sids.get(digest, "")
                if not sid or sid == invalid:
                    sid = await self._load_or_create(shape, http, invalid)
                    self._remember(digest, sid)
        except Exception as error:  # whatever fails, the reply can be sent as a numbered list
            self._paused_until = self._clock() + _PAUSE_SECONDS
            reason = error.reason if isinstance(error, DeliveryError) else type(error).__name__
            log.warning("twilio: no buttons for ten minutes, numbered lists instead: %s", reason)
            return ""
        finally:
            if not lock.locked():
                self._locks.pop(digest, None)
        return sid

    async def _load_or_create(self, shape: Shape, http: httpx.AsyncClient, invalid: str) -> str:
        if self.store is None:
            return await self._create(shape, http)
        async with self.store.hold(f"twilio-content:{self._account}:{shape.digest}") as held:
            sid = str((held.state or {}).get("sid", ""))
            if not sid or sid == invalid:
                sid = await self._create(shape, http)
                await held.save({"sid": sid})
            return sid

    async def _create(self, shape: Shape, http: httpx.AsyncClient) -> str:
        """Create a content. Raises a `DeliveryError`; one with unknown outcome is never used."""
        samples = dict.fromkeys(shape.variables, "text")
        body = {
            "friendly_name": f"turngate_{shape.digest}",
            "language": "en",
            "variables": samples,
            "types": shape.types,
        }
        response = await post(http, NAME, self._url, json=body, auth=self._auth)
        sid = parse_json_body(response).get("sid")
        if not response.is_success or not isinstance(sid, str) or not sid.startswith("HX"):
            raise Rejected(f"the Content API answered {response.status_code}")
        return sid

    def _remember(self, digest: str, sid: str) -> None:
        self._sids[digest] = sid
        while len(self._sids) > _CACHE_SIZE:
            self._sids.popitem(last=False)


def content_api_url(api_url: str) -> str:
    """Return the base URL of the Content API beside that of the REST API, which may be a proxy for both."""
    return re.sub(r"^(https://)api\.((?:[\w-]+\.)*twilio\.com)$", r"\1content.\2", api_url)
