"""Builders of a WhatsApp channel and of webhooks as Meta encodes and signs them."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from channels.whatsapp import WhatsAppChannel, create_channel
from core.model import Event, Turn, TurnReceived
from core.ports import Webhook

SECRET = "meta-app-secret-example"
TOKEN = "EAAexample"
VERIFY = "a-word-of-our-own"
SEEN = "http://10.0.0.7:8000/webhooks/whatsapp"
OURS, ACCOUNT = "800000000000001", "900000000000001"
PHONE, USER_ID = "12025550180", "US.10000000000000000001"
ENVIRON = {
    "WHATSAPP_APP_SECRET": SECRET,
    "WHATSAPP_VERIFY_TOKEN": VERIFY,
    "WHATSAPP_ACCESS_TOKEN": TOKEN,
}

Json = dict[str, Any]

QUOTED = {"from": "12025550102", "id": "wamid.QQ=="}
MEDIUM = {"id": "700000000000001", "sha256": "c2hhMjU2"}
KINDS: dict[str, Json] = {
    "text": {"body": "Hello é \U0001f600"},
    "image": {**MEDIUM, "mime_type": "image/jpeg", "caption": "Look"},
    "video": {**MEDIUM, "mime_type": "video/mp4"},
    "audio": {**MEDIUM, "mime_type": "audio/ogg; codecs=opus", "voice": True},
    "document": {**MEDIUM, "mime_type": "application/pdf", "filename": "a.pdf"},
    "sticker": {**MEDIUM, "mime_type": "image/webp", "animated": False},
    "location": {"latitude": 47.497913, "longitude": 19.040236, "name": "Park"},
    "button": {"text": "Stop promotions", "payload": "STOP_PROMO"},
    "interactive": {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}},
    "order": {
        "catalog_id": "1",
        "product_items": [
            {"product_retailer_id": "sku1", "quantity": 2, "item_price": 7.99, "currency": "USD"}
        ],
    },
}
CONTACTS = [{"name": {"formatted_name": "Bob"}, "phones": [{"phone": "+1 202-555-0190", "type": "CELL"}]}]
REFERRAL = {"source_type": "ad", "source_id": "120", "headline": "Sale", "ctwa_clid": "click"}


def build_channel(**settings: str) -> WhatsAppChannel:
    channel = create_channel({**ENVIRON, **settings}, "")
    assert channel is not None
    return channel


def build_message(kind: str = "text", /, value: object = None, **more: object) -> Json:
    """Return a message of Ada's; `more` replaces or adds keys, `None` removes a key."""
    made: Json = {
        "from": PHONE,
        "from_user_id": USER_ID,
        "id": "wamid.AAA=",
        "timestamp": "1790000000",
        "type": kind,
        kind: KINDS.get(kind) if value is None else value,
        **more,
    }
    return {name: value for name, value in made.items() if value is not None}


def build_status(word: str = "delivered", **more: object) -> Json:
    return {
        "id": "wamid.X=",
        "status": word,
        "timestamp": "1790000001",
        "recipient_id": PHONE,
        "biz_opaque_callback_data": "wamid.AAA=.1",
        **more,
    }


def build_contact(phone: str | None = PHONE, user_id: str | None = USER_ID) -> Json:
    made = {"profile": {"name": "Ada"}, "wa_id": phone, "user_id": user_id}
    return {name: value for name, value in made.items() if value is not None}


def build_value(*messages: Json, ours: str = OURS, **more: Any) -> Json:
    made: Json = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "12025550102", "phone_number_id": ours},
    }
    if messages:
        made |= {"contacts": [build_contact()], "messages": list(messages)}
    return {**made, **more}


def build_batch(*values: Json, field: str = "messages") -> Json:
    changes = [{"field": field, "value": each} for each in values]
    return {"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": changes}]}


def compute_signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def encode_json(value: object) -> bytes:
    """Encode JSON as Meta does: ASCII with escaped slashes."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


def build_webhook(content: object, secret: str = SECRET) -> Webhook:
    body = content if isinstance(content, bytes) else encode_json(content)
    headers = {"content-type": "application/json", "x-hub-signature-256": compute_signature(body, secret)}
    return Webhook("POST", SEEN, headers, body)


def build_handshake(token: str = VERIFY, mode: str = "subscribe", challenge: str = "1158201444") -> Webhook:
    query = urlencode({"hub.verify_token": token, "hub.mode": mode, "hub.challenge": challenge})
    return Webhook("GET", f"{SEEN}?{query}", {}, b"")


def parse_events(content: object, channel: WhatsAppChannel | None = None) -> list[Event]:
    """Verify and parse a batch, and return its events."""
    used, hook = channel or build_channel(), build_webhook(content)
    used.verify(hook)
    return used.parse(hook)


def parse_turns(content: object) -> list[Turn]:
    return [event.turn for event in parse_events(content) if isinstance(event, TurnReceived)]


def parse_turn(*messages: Json, **more: Any) -> Turn:
    [found] = parse_turns(build_batch(build_value(*messages, **more)))
    return found
