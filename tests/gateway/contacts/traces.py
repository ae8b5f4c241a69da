"""A contact whose data is in every store, and what is left of it."""

from __future__ import annotations

import base64
from typing import Any, cast

from redis.asyncio import Redis

from core.model import Address, DeliveryStatus, Event, Message, StatusChanged, Turn, TurnReceived
from gateway.broadcasts.broadcast import Broadcast
from gateway.broadcasts.recipient_file import Recipient
from gateway.broadcasts.store import Broadcasts
from gateway.hooks.subscription import Content, create_subscription
from gateway.hooks.subscriptions import Subscriptions
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.key_content import read_key
from gateway.redis.sending.outbox import ProactiveSender
from tests.channels.twilio.builders import ACCOUNT, build_channel, build_webhook
from tests.channels.whatsapp import builders as meta
from tests.gateway.environments.inbound import InboundGateway

DIGITS, USER, NAME, EMAIL = "15550102360", "US.98765432109876543210", "Zoe Quillfeather", "zoe@example.org"
NUMBER, TEXT, REPLY_MARK = f"+{DIGITS}", "my secret zebrafish", "zebrafish"
OURS = "+15550100001"
WHATSAPP = f"whatsapp:{meta.OURS}:{USER}"
SMS = f"twilio:{ACCOUNT}:{OURS}:{NUMBER}"
TICKET = "zendesk:acme:5159"
SPELLINGS = [
    NUMBER,
    DIGITS,
    "+1 555 010 2360",
    "+1 (555) 010-2360",
    "001 555 0102360",
    f"tel:{NUMBER}",
    f"whatsapp:{NUMBER}",
    USER,
]


def build_whatsapp_message(number: int) -> list[Event]:
    made = meta.build_message(value={"body": TEXT}, id=f"wamid.{number}") | {
        "from": DIGITS,
        "from_user_id": USER,
    }
    contact = {"profile": {"name": NAME}, "wa_id": DIGITS, "user_id": USER}
    return meta.build_channel().parse(
        meta.build_webhook(meta.build_batch(meta.build_value(made, contacts=[contact])))
    )


def build_sms(number: int) -> list[Event]:
    form = {"AccountSid": ACCOUNT, "To": OURS, "From": NUMBER, "Body": TEXT, "MessageSid": f"SM{number}"}
    return build_channel().parse(build_webhook(list(form.items())))


def build_comment(number: int) -> list[Event]:
    address = Address(channel="zendesk", account="acme", ours="acme", theirs="5159")
    turn = Turn(
        id=f"C{number}",
        session=TICKET,
        address=address,
        text=TEXT,
        profile_name=NAME,
        details={"user_id": "7700", "email": EMAIL.title()},
    )
    return [TurnReceived(turn=turn, author="zendesk:acme:user:7700", author_is_contact=True)]


async def leave_traces_everywhere(gateway: InboundGateway) -> None:
    """Make the contact appear in every store: as text, name, number, user ID and e-mail address."""
    redis = gateway.redis
    hook = create_subscription(
        "https://crm.example.com/hook",
        name="crm",
        events=(),
        include=tuple(Content),
        private_hosts=(),
        now_ms=0,
    )
    await Subscriptions(redis).add(hook)
    broadcast = Broadcast(name="spring", channel="twilio", text="Hi {{ name }}")
    rows = [
        Recipient(line=2, to="+1 555 010 2360", variables={"name": NAME}),
        Recipient(line=3, to="+15550102361", variables={"name": "Somebody"}),
    ]
    broadcasts = Broadcasts(redis, ProtocolLimits())
    await broadcasts.start(broadcast, rows)
    await broadcasts.claim_sessions("spring", {0: SMS})
    await gateway.receive(build_whatsapp_message(1), WHATSAPP)
    await gateway.receive(build_sms(1), SMS)
    await gateway.receive(build_comment(1), TICKET)
    await gateway.inbox.accept(build_status("P1", reply_key=f"{meta.OURS}:{DIGITS}:wamid.1.0"))
    await gateway.inbox.accept(build_status("P9"))  # it comes before the send is recorded
    await gateway.inbox.accept(build_whatsapp_message(2))  # waits in the mailbox, with its job
    channels: Any = gateway.channels
    sender = ProactiveSender(redis, channels, ProtocolLimits())
    await sender.send(SMS, "own-o1", Message(text=f"offer for {NAME}"))
    seconds, _ = await redis.time()
    await sender.send(SMS, "own-o2", Message(text=f"later for {NAME}"), at_ms=(seconds + 3600) * 1000)
    await redis.xadd("tg:dead", {"session": SMS, "letter": f'{{"reason":"no","text":"{TEXT}"}}'})
    await redis.xadd("tg:hook_dead", {"hook": "crm", "session": SMS, "event": "{}"})
    await redis.hset("tg:alarms", "twilio:A", f'{{"reason":"{NUMBER} is blocked"}}')
    await redis.xadd("tg:quarantine", {"delivery": f'{{"path":"/webhooks/twilio/{DIGITS}"}}'})
    await redis.set("tg:own:{" + NUMBER + "}", TEXT)
    key = f"tg:{{{SMS}}}"
    await cast("Any", redis.rpush(f"{key}:held", f'{{"key":"h","body":"{TEXT}"}}'))
    await cast("Any", redis.hset(f"{key}:kept", "SMx", f'1 0 {{"body":"{TEXT}"}}'))
    await redis.xadd(f"{key}:text", {"text": TEXT})


def build_status(
    provider_id: str, kind: DeliveryStatus = DeliveryStatus.SENT, reply_key: str = ""
) -> list[Event]:
    return [StatusChanged(channel="whatsapp", provider_id=provider_id, status=kind, reply_key=reply_key)]


async def find_traces(redis: Redis) -> list[str]:
    """Return every key that has a byte of the contact's, in its name or its content."""
    found = []
    async for key in redis.scan_iter("*"):
        content = f"{key.decode()} {await read_key(redis, key.decode())!r}"
        if has_trace(content.encode()):
            found.append(key.decode())
    return found


def has_trace(content: bytes) -> bool:
    words = (DIGITS, USER, NAME, EMAIL, REPLY_MARK, base64.b64encode(DIGITS.encode()).decode())
    return any(word.lower().encode() in content.lower() for word in words)
