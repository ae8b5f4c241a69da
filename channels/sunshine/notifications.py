"""First messages to phone numbers (Sunshine Conversations, "Outbound messaging": Notification API, v1.1)."""

from __future__ import annotations

import httpx

from channels._kit.inbound import get_identifier, get_object
from channels._kit.outbound import is_refused, parse_json_body, post
from channels.sunshine.api import build_delivery_error
from channels.sunshine.capabilities import NAME, WHATSAPP_PREFIX
from channels.sunshine.contact_numbers import NumberedIntegrations
from channels.sunshine.rendering import TEMPLATE_SCHEMA, Json, build_content, build_template_content
from core.errors import Rejected, Unknown
from core.model import Reply, SentMessage


class NotificationClient:
    """Sends messages to numbers. There is no key against repetition, and no look-up."""

    def __init__(self, url: str, numbers: NumberedIntegrations, key: tuple[str, str]) -> None:
        self.numbers = numbers
        self._url = f"{url}/v1.1/apps/{numbers.app}/notifications"
        self._auth = key

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Send one message. Raises a `DeliveryError`."""
        if reply.act != "say":
            raise Rejected(
                "the contact has not answered, so there is no conversation", code="no_conversation"
            )
        if any(not each.url.startswith("https://") for each in reply.media):
            raise Rejected("a file of a first message needs a public https URL", code="no_conversation")
        response = await post(http, NAME, self._url, json=_build_body(reply), auth=self._auth)
        if is_refused(response, "notification"):
            raise build_delivery_error(response)
        number = get_identifier(get_object(parse_json_body(response), "notification"), "_id")
        if not number:
            raise Unknown("sunshine: accepted, but the response has no notification ID")
        return SentMessage(provider_id=number)


def _build_body(reply: Reply) -> Json:
    """Build a request. Raises `Rejected` for a template that the integration cannot send."""
    address = reply.address
    number = address.theirs.removeprefix(WHATSAPP_PREFIX)
    body: Json = {
        "destination": {"integrationId": address.ours, "destinationId": number},
        "author": {"role": "appMaker"},
    }
    if reply.template is None:
        return body | {"message": build_content(reply)}
    if not address.theirs.startswith(WHATSAPP_PREFIX):
        raise Rejected("only an integration of WhatsApp has templates", code="template")
    return body | {"messageSchema": TEMPLATE_SCHEMA, "message": build_template_content(reply.template)}
