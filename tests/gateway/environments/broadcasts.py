"""Gateway that sends broadcasts by SMS through a fake provider."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from gateway.broadcasts.broadcast import Broadcast, Progress, RowOutcome
from gateway.broadcasts.feeder import BroadcastFeeder
from gateway.broadcasts.recipient_file import Recipient
from gateway.broadcasts.store import Broadcasts
from gateway.redis.lua import ProtocolLimits
from gateway.redis.sending.outbox import ProactiveSender
from tests.channels.twilio.builders import ACCOUNT, build_channel
from tests.channels.whatsapp import builders as meta
from tests.gateway.environments.inbound import InboundGateway

OURS = "+12025550101"


SPRING = Broadcast(name="spring", channel="twilio", sender=OURS, text="Hello {{ name }}, it is spring.")


def build_number(index: int) -> str:
    return f"+1202555{index:04d}"


def build_rows(count: int) -> list[Recipient]:
    return [
        Recipient(line=each + 2, to=build_number(each), variables={"name": f"N{each}"})
        for each in range(count)
    ]


class BroadcastRig:
    """A gateway whose workers send by SMS through a fake provider, and its broadcasts."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.gateway = InboundGateway(redis, ["twilio"])
        self.gateway.channel.capabilities = self.gateway.channel.capabilities.model_copy(
            update={"statuses": True}
        )
        self.limits = ProtocolLimits()
        channels: Any = {"twilio": build_channel(), "whatsapp": meta.build_channel()}
        self.sender = ProactiveSender(redis, channels, self.limits)
        self.store = Broadcasts(redis, self.limits)

    def feeder(self) -> BroadcastFeeder:
        return BroadcastFeeder(self.redis, self.sender, self.limits)

    async def run(self) -> None:
        """Process all rows and send the messages in the outboxes."""
        feeder = self.feeder()
        while await self.store.running():
            await feeder.feed_all()
            await self.send_all()
        await self.send_all()

    async def send_all(self) -> None:
        for session in [key async for key in self.redis.scan_iter("tg:{*}:out")]:
            await self.gateway.processor.run(session.decode()[4:-5])

    async def progress(self, name: str = "spring") -> Progress:
        found = await self.store.read(name)
        assert found is not None
        return found

    async def outcomes(self, name: str = "spring") -> list[RowOutcome | None]:
        return [outcome async for _, outcome in self.store.read_outcomes(name)]

    def receivers(self) -> list[str]:
        return sorted(self.gateway.receivers)


def build_session(index: int) -> str:
    return f"twilio:{ACCOUNT}:{OURS}:{build_number(index)}"
