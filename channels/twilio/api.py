"""Twilio API client: sending, and look-up of sends with unknown outcome."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from channels._kit.outbound import get, is_refused, parse_json_body, post, without_effect
from channels._kit.rendering import escape_markers
from channels._kit.text import normalize_for_comparison
from channels.twilio.capabilities import INVALID_CONTENT_CODES, NAME, UNKNOWN_CONTENT_CODES, is_whatsapp
from channels.twilio.content import ContentCache, build_shape
from channels.twilio.errors import build_delivery_error
from channels.twilio.rendering import with_numbered_list
from channels.twilio.templates import UNKNOWN_TEMPLATE, TemplateClient
from core.errors import Rejected, Unavailable, Unknown
from core.model import Address, Reply, SentMessage, Template

_PAGE_SIZE: Final = 100
_MAX_PAGES: Final = 5
_CLOCK_SLACK: Final = timedelta(seconds=2)
_TRIAL_PREFIX: Final = "Sent from your Twilio trial account - "

Form = dict[str, str | Sequence[str]]


class TwilioClient:
    """Client of Twilio's Messages resource. It has no idempotency key: unknown outcomes are looked up."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        *,
        account: str,
        token: str,
        url: str,
        messaging_service: str,
        status_callback: str,
        contents: ContentCache,
        templates: TemplateClient,
    ) -> None:
        self._auth = (account, token)
        self._templates = templates
        self._contents = contents
        self._url = url
        self._messages_url = f"{url}/2010-04-01/Accounts/{account}/Messages.json"
        self._messaging_service = messaging_service
        self._status_callback = status_callback

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Create one message. Raises `Rejected`, `Unavailable` or `Unknown`."""
        if reply.template is not None:
            return await self._send_template(reply, reply.template, http)
        if not reply.choices:
            return await self._create(self._build_form(reply), http)
        return await self._send_content(reply, http) or await self._create(
            self._build_form(with_numbered_list(reply)), http
        )

    async def _send_template(self, reply: Reply, template: Template, http: httpx.AsyncClient) -> SentMessage:
        """Send a template, or the text in place of one that the account does not have, or not any more."""
        try:
            sid = await self._templates.find_sid(template, http)
            form = {**self._build_base_form(reply), "ContentSid": sid}
            if values := await self._write_values(template.values, sid, reply.address, http):
                form["ContentVariables"] = json.dumps(values, ensure_ascii=False)
            return await self._create(form, http)
        except Rejected as error:
            if error.code not in (UNKNOWN_TEMPLATE, *UNKNOWN_CONTENT_CODES):
                raise
            if not reply.body:
                raise Rejected(error.reason, code=UNKNOWN_TEMPLATE) from error  # not a fault of the account
            return await self._create(self._build_form(reply), http)

    async def _write_values(
        self, values: Mapping[str, str], sid: str, address: Address, http: httpx.AsyncClient
    ) -> dict[str, str]:
        """Return the values as WhatsApp shows them as they are; those in URLs and codes are unchanged."""
        literal = {name: escape_markers(value) for name, value in values.items()}
        if literal == values or not is_whatsapp(address.theirs):
            return dict(values)
        shown = await self._templates.find_shown_variables(sid, http)
        return {name: literal[name] if name in shown else value for name, value in values.items()}

    async def _send_content(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage | None:
        """Send a reply with its buttons or list; `None` if it has to be a numbered list."""
        shape, invalid = build_shape(reply), ""
        for _ in range(2):
            sid = await self._contents.find_or_create(shape, http, invalid=invalid) if shape else ""
            if not shape or not sid:
                return None
            variables = json.dumps(shape.variables, ensure_ascii=False)
            form = {**self._build_base_form(reply), "ContentSid": sid, "ContentVariables": variables}
            try:
                return await self._create(form, http)
            except Rejected as error:
                if error.code in INVALID_CONTENT_CODES:
                    return None
                if error.code not in UNKNOWN_CONTENT_CODES:
                    raise
                invalid = sid  # deleted at Twilio: create it once more
        return None

    async def _create(self, form: Form, http: httpx.AsyncClient) -> SentMessage:
        response = await post(http, NAME, self._messages_url, data=form, auth=self._auth)
        if is_refused(response, "sid"):
            raise build_delivery_error(response)
        created = parse_json_body(response)
        sid = created.get("sid")
        if not isinstance(sid, str) or not sid:
            raise Unknown("twilio: accepted, but the response has no sid", is_accepted=bool(created))
        return SentMessage(provider_id=sid)

    def _build_base_form(self, reply: Reply) -> Form:
        form: Form = {
            "To": reply.address.theirs,
            "From": reply.address.ours,
            "StatusCallback": self._status_callback,
        }
        if self._messaging_service:
            form["MessagingServiceSid"] = self._messaging_service
        return form

    def _build_form(self, reply: Reply) -> Form:
        form = self._build_base_form(reply)
        if body := _find_sent_body(reply):
            form["Body"] = body
        if reply.media:
            form["MediaUrl"] = [medium.url for medium in reply.media]
        if not is_whatsapp(reply.address.theirs):
            # one typographic quote would switch the SMS to UCS-2 and multiply its price by two or three
            form["SmartEncoded"] = "true"
        return form

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Return the oldest message like `reply` created at or after `since`, except the `known` ones.

        Raises `Unavailable` when Twilio cannot tell, `Rejected` when it refuses the look-up. The list comes
        newest first; it is not filtered by DateSent, which a queued message does not have yet.
        """
        earliest = since.astimezone(UTC) - _CLOCK_SLACK
        first_params = {"To": reply.address.theirs, "PageSize": str(_PAGE_SIZE)}
        if not self._messaging_service:
            first_params["From"] = reply.address.ours
        params: dict[str, str] | None = first_params
        url, found = self._messages_url, None
        for _ in range(_MAX_PAGES):
            page = await self._fetch_page(http, url, params)
            for entry in _get_entries(page):
                created = _parse_creation_time(entry)
                if created is not None and created < earliest:
                    return found
                if entry.get("sid") not in known and _matches_reply(entry, reply):
                    found = SentMessage(provider_id=str(entry["sid"]))
            following = page.get("next_page_uri")
            if not isinstance(following, str) or not following.startswith("/"):
                return found
            url, params = f"{self._url}{following}", None
        if found is None:
            raise Unavailable("twilio: too many messages since then for a look-up")
        return found

    async def _fetch_page(
        self, http: httpx.AsyncClient, url: str, params: Mapping[str, str] | None
    ) -> dict[str, Any]:
        response = await get(http, NAME, url, params=params, auth=self._auth)
        if response.is_success and isinstance((page := parse_json_body(response)).get("messages"), list):
            return page
        error = (
            Unknown("twilio: malformed message list")
            if response.is_success
            else build_delivery_error(response)
        )
        raise without_effect(error)


def _find_sent_body(reply: Reply) -> str:
    """Return the text that is sent; that of a voice note is for the log only."""
    is_sound = any(medium.content_type.startswith("audio/") for medium in reply.media)
    return "" if is_sound and is_whatsapp(reply.address.theirs) else reply.body


def _get_entries(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in page["messages"] if isinstance(entry, dict) and entry.get("sid")]


def _parse_creation_time(entry: dict[str, Any]) -> datetime | None:
    try:
        created = parsedate_to_datetime(str(entry.get("date_created")))
    except ValueError:
        return None
    return created if created.tzinfo else created.replace(tzinfo=UTC)


def _matches_reply(entry: dict[str, Any], reply: Reply) -> bool:
    if reply.template is not None:  # Twilio builds its text, so any message since then counts
        return str(entry.get("direction", "")) == "outbound-api" and entry.get("from") in (
            reply.address.ours,
            None,
            "",
        )
    body = normalize_for_comparison(str(entry.get("body") or "").removeprefix(_TRIAL_PREFIX))
    expected = [_find_sent_body(reply)]
    if reply.choices:
        expected.append(with_numbered_list(reply).body)
    return (
        str(entry.get("direction", "")).startswith("outbound")
        and entry.get("from") in (reply.address.ours, None, "")
        and str(entry.get("num_media") or "0") == str(len(reply.media))
        and body in map(normalize_for_comparison, expected)
    )
