"""Messages, routes and stored values for the tests of the service window."""

from __future__ import annotations

from collections.abc import Awaitable
from time import time
from typing import Any, cast

from core.model import (
    DeliveryStatus,
    Event,
    FailureKind,
    Route,
    StatusChanged,
    Template,
)
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from tests.channels.whatsapp import builders as meta
from tests.gateway.environments.inbound import InboundGateway, get_session

DAY = 24 * 3600


TEMPLATE = Route(template=Template(name="order_update", language="en_US", variables={"1": "Ada"}))


SMS_ROUTE = Route(channel="twilio", sender="+15550100")


WAITS = Route(waits=True)


def build_meta_message(number: int, text: str = "hello", age: float = 0) -> list[Event]:
    made = meta.build_message(value={"body": text}, id=f"wamid.{number}", timestamp=str(int(time() - age)))
    return meta.build_channel().parse(meta.build_webhook(meta.build_batch(meta.build_value(made))))


META = get_session(build_meta_message(0))


def build_failure(provider_id: str, failure: FailureKind, channel: str = "whatsapp") -> StatusChanged:
    return StatusChanged(
        channel=channel,
        provider_id=provider_id,
        status=DeliveryStatus.FAILED,
        error_code="131047",
        error_text="window",
        failure=failure,
    )


async def read_window(gateway: InboundGateway, session: str = META) -> int:
    stored: Any = await cast("Awaitable[Any]", gateway.redis.hget(f"tg:{{{session}}}", "window"))
    return int(stored or 0)


async def close_window(gateway: InboundGateway, session: str = META) -> None:
    """Let the service window end now."""
    await gateway.redis.hset(f"tg:{{{session}}}", "window", "1")


async def read_outcome(gateway: InboundGateway, key: str) -> MessageOutcome:
    report = await ProactiveMessages(gateway.redis).read(META, key)
    assert report is not None
    return report.outcome


async def count_dead_letters(gateway: InboundGateway) -> int:
    return int(await gateway.redis.xlen("tg:dead"))
