"""A simulated WhatsApp account whose templates are read and sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from redis.asyncio import Redis

from channels.whatsapp.simulator.server import WhatsAppSimulator
from core.model import Address, Message, MessageTemplate, Template, Turn, TurnReceived
from core.ports import Webhook
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.templates import TemplateRecords
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from gateway.redis.sending.template_sync import TemplateSync
from tests.channels.sdk.hosted import host
from tests.channels.whatsapp.builders import ACCOUNT, OURS, PHONE, SECRET, TOKEN, build_channel

NOW = 1_790_000_000.0
SESSION = f"whatsapp:{OURS}:{PHONE}"
ADDRESS = Address(channel="whatsapp", account=ACCOUNT, ours=OURS, theirs=PHONE)
ORDER = Template(name="order_update", language="en_US", variables={"1": "Ada", "2": "12"})


class CountingSimulator(WhatsAppSimulator):
    """A simulated account that counts the requests of its list."""

    lists = 0

    def handle(self, request: Any, now: float) -> Any:
        self.lists += "message_templates" in request.url
        return super().handle(request, now)


class Environment:
    """Account, its stored list of templates, and one session."""

    def __init__(self, redis: Redis, http: httpx.AsyncClient, url: str, account: CountingSimulator) -> None:
        self.redis, self.http, self.account = redis, http, account
        self.channel = build_channel(WHATSAPP_API_URL=url, WHATSAPP_BUSINESS_ACCOUNT_ID=ACCOUNT)
        self.channels: Any = {"whatsapp": self.channel}
        self.records = TemplateRecords(redis)
        self.inbox = RedisInbox(redis)
        self.sender = ProactiveSender(redis, self.channels, ProtocolLimits())
        self.sync = self.new_sync()

    def new_sync(self) -> TemplateSync:
        return TemplateSync(self.redis, self.channels, self.http)

    async def change(self, name: str, language: str = "en_US", **changes: str) -> None:
        """Change a template at Meta, and deliver Meta's webhooks."""
        for each in self.account.change_template(name, language, NOW, **changes):
            await self.inbox.accept(
                self.channel.parse(Webhook(each.method, each.url, each.headers, each.body))
            )

    async def find(self, name: str, language: str = "en_US") -> MessageTemplate:
        found = await self.records.find("whatsapp", name, language)
        assert found is not None
        return found

    async def send(self, template: Template, key: str = "own-1") -> tuple[SendOutcome, str]:
        message = Message(text="", template=template)
        receipt = await self.sender.send(SESSION, key, message)
        return receipt.outcome, receipt.reason


@asynccontextmanager
async def running_environment(redis: Redis, **more: Any) -> AsyncIterator[Environment]:
    account = CountingSimulator(
        app_secret=SECRET, access_token=TOKEN, webhook_url="http://x/webhooks/whatsapp", seed=1, **more
    )
    async with host(account) as hosted, httpx.AsyncClient() as http:
        made = Environment(redis, http, hosted.url, account)
        turn = Turn(id="wamid.1", session=SESSION, address=ADDRESS, text="Hi")
        await made.inbox.accept([TurnReceived(turn=turn)])
        yield made
