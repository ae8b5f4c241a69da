"""The console's pages over real HTTP, on a real Redis, as a signed-in browser asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis
from starlette.applications import Starlette

from core.ports import Channel
from flows.library import FLOW_LIBRARY
from gateway.broadcasts.store import Broadcasts
from gateway.console.conversations.actions import ConversationActions
from gateway.console.conversations.pages import ConversationPages
from gateway.console.flows.files import FlowFiles
from gateway.console.flows.flow_drawings import FlowDrawings
from gateway.console.flows.history import FlowHistory
from gateway.console.inbox.pages import AgentDeskPages
from gateway.console.layout.live_views import ViewWatcher
from gateway.console.live_updates import LiveUpdates
from gateway.console.operations.account import AccountPage
from gateway.console.operations.broadcasts import BroadcastsPage
from gateway.console.operations.failures import FailuresPage
from gateway.console.operations.figures import parse_price
from gateway.console.operations.overview import OverviewPage
from gateway.console.operations.pages import OperationsPages
from gateway.console.operations.templates import TemplatesPage
from gateway.local.http_server import serve
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.operators.flow_versions import FlowVersions
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.sessions.search.text_words import WordDigests
from gateway.redis.sending.outbox import ProactiveSender
from tests.fakes import FakeChannel
from tests.gateway.access.rule import build_operator_auth
from tests.gateway.server.test_operator_auth import AGENT, NAMED, OPS, VIEWER, build_bearer

CHANNELS = ("fake", "twilio")
FLOW = FLOW_LIBRARY / "order_status.json"
PRICE = parse_price("2.50 EUR")
REPLIES = {"greeting": "Hello {{ name }}, how can I help?", "order": "Your order {{ order }} is on its way."}
KEYS = {"viewer": VIEWER, "agent": AGENT, "operator": OPS}


def open_history(redis: Redis, flow: Path = FLOW) -> FlowHistory:
    """Return the history of one flow file for all channels."""
    return FlowHistory(FlowFiles(flow, {}), FlowVersions(redis))


@asynccontextmanager
async def open_console(
    redis: Redis,
    role: str = "operator",
    desk_channels: tuple[str, ...] = (),
    accounts: Mapping[str, Channel[Any]] | None = None,
    confirmations: Sequence[ReplicaConfirmation] = (),
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the pages; requests come from our own origin, as those of a browser.

    Conversations of `desk_channels` are answered at the provider's own desk. `accounts` are the channels of
    the accounts' page, a fake one if there are none. `confirmations` are of an erasure.
    """
    rule = build_operator_auth(redis, named=NAMED)
    sender = ProactiveSender(redis, {"fake": FakeChannel()}, ProtocolLimits())
    files = PublicFiles(redis, "https://bots.example.com", seconds=60)
    pages = (
        OverviewPage(rule, price=PRICE),
        ConversationPages(
            rule,
            CHANNELS,
            WordDigests(redis),
            FlowDrawings(open_history(redis)),
            describe_cost=PRICE.describe,
        ),
        ConversationActions(
            rule, RedisInbox(redis), sender, erasure=ContactErasure(redis, confirmations=confirmations)
        ),
        FailuresPage(rule),
        OperationsPages(rule, CHANNELS),
        AgentDeskPages(rule, RedisInbox(redis), sender, desk_channels, REPLIES, files),
        AccountPage(rule, accounts or {"fake": FakeChannel()}),
        TemplatesPage(rule, ["fake"], ["sunshine"]),
        BroadcastsPage(Broadcasts(redis, ProtocolLimits()), rule, sender, CHANNELS),
        LiveUpdates(rule, ViewWatcher(redis, 0.02), check_seconds=0.02, heartbeat_seconds=0.05),
    )
    app = Starlette(routes=[route for page in pages for route in page.routes()])
    async with (
        serve(app) as url,
        httpx.AsyncClient(
            base_url=url,
            trust_env=False,
            follow_redirects=True,
            headers={**build_bearer(KEYS[role]), "Sec-Fetch-Site": "same-origin"},
        ) as http,
    ):
        yield http
