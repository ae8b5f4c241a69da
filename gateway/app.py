"""The web process: an ASGI application with webhooks, HTTP API, console and health routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import NamedTuple, Protocol

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount

from core.errors import EncryptionKeyMissing, StorageUnavailable
from core.ports import HasTemplates, Inbox
from gateway.access.exposure import OperatorAccess
from gateway.bootstrap import (
    Channels,
    PartitionStores,
    add_web_channel,
    build_model,
    find_desk_channels,
    load_channels,
    load_operator_access,
)
from gateway.broadcasts.routes import BroadcastApi
from gateway.config.channel_config import ConfigFile
from gateway.config.process_log import describe_process, use_shared_salt
from gateway.config.settings import Settings
from gateway.config.tracing import start_tracing
from gateway.console.conversations.actions import ConversationActions
from gateway.console.conversations.pages import ConversationPages
from gateway.console.flows.chat import FlowChatPage
from gateway.console.flows.files import FlowFiles
from gateway.console.flows.history import FlowHistory
from gateway.console.flows.pages import FlowPages
from gateway.console.flows.walked_drawing import FlowDrawings
from gateway.console.inbox.api import AgentInbox
from gateway.console.inbox.pages import AgentDeskPages
from gateway.console.live_updates import LiveUpdates
from gateway.console.operations.account import AccountPage
from gateway.console.operations.broadcasts import BroadcastsPage
from gateway.console.operations.failures import FailuresPage
from gateway.console.operations.figures import parse_price
from gateway.console.operations.overview import NotFoundPage, OverviewPage
from gateway.console.operations.pages import OperationsPages
from gateway.console.operations.quarantine import QuarantinePage
from gateway.console.operations.settings_check import SettingsCheckPage
from gateway.console.operations.templates import TemplatesPage
from gateway.console.outage import handle_missing_key, handle_storage_error
from gateway.console.partition_choice import PartitionChoice
from gateway.console.sign_in import SignInPage
from gateway.console.simulator.client import Simulator
from gateway.console.simulator.pages import SimulatorPage
from gateway.console.simulator.provider_desk import ProviderDeskPage
from gateway.console.simulator.widget_demo import WidgetDemoPage
from gateway.http.clients import provider_client
from gateway.local.simulated_accounts import parse_simulator_urls
from gateway.partitions.contact_partitions import ContactPartitions
from gateway.partitions.inbox import PartitionedInbox
from gateway.redis.connection import server_checks
from gateway.redis.connection.connect import open_partitions
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.records.operators.flow_versions import FlowVersions
from gateway.redis.records.operators.kept_webhooks import KeptWebhooks
from gateway.redis.records.operators.quarantine import Quarantine
from gateway.redis.records.processes.process_versions import ProcessVersion, keep_announcing
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.sessions.text_words import WordDigests
from gateway.redis.sending.schedule_releaser import ScheduleReleaser
from gateway.redis.server.readiness import Readiness
from gateway.redis.sweeper import Sweeper
from gateway.server.error_responses import handle_http_exception, handle_unexpected_error
from gateway.server.health import HealthRoutes
from gateway.server.operator_auth import OperatorAuth
from gateway.server.process_metrics import ProcessMetrics
from gateway.server.public_files import PublicFileRoute
from gateway.server.webhooks import WebhookEndpoint
from gateway.webchat import openapi
from gateway.webchat.conversations import WebConversations
from gateway.webchat.partitioned_conversations import PartitionedConversations
from gateway.webchat.routes import WebApi
from gateway.webchat.session_tokens import SessionTokens
from gateway.webchat.user_identity import IdentityVerifier
from gateway.webchat.widget import Widget


def create_app(  # noqa: PLR0913 - keyword-only
    channels: Channels,
    inbox: Inbox,
    redis: Redis,
    *,
    sweepers: Sequence[Sweeper] = (),
    pages: Sequence[BaseRoute] = (),
    http: httpx.AsyncClient | None = None,
    operator: OperatorAuth | None = None,
    readiness: Sequence[Readiness] = (),
    process: ProcessVersion | None = None,
    quarantine: Quarantine | None = None,
    flows: FlowHistory | None = None,
    partitions: Sequence[Redis] = (),
) -> Starlette:
    """Assemble the web application; it closes `redis`, all `partitions` and `http` at shutdown.

    With `sweepers` it also re-enqueues overdue sessions; `process` is announced in Redis, and
    the versions of `flows` are recorded. Without an `operator` rule metrics are for this machine only.
    """
    operator = operator or OperatorAuth(OperatorAccess(), redis)
    rejected = quarantine or Quarantine(redis)
    stores = partitions or (redis,)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, object]]:
        running = [asyncio.create_task(sweeper.run()) for sweeper in sweepers]
        if process is not None:
            running.append(asyncio.create_task(keep_announcing(redis, process)))
        if flows is not None:
            running.append(asyncio.create_task(flows.keep_recording()))
        await use_shared_salt(redis)
        await server_checks.log_warnings(redis)
        yield {"stopping": asyncio.Event()}
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if http is not None:
            await http.aclose()
        await rejected.wait_until_written()
        for each in stores:
            await each.aclose()

    metrics = ProcessMetrics()
    return Starlette(
        routes=[
            *WebhookEndpoint(channels, inbox, rejected, http, metrics).routes(),
            *HealthRoutes(stores, operator, readiness, process=metrics).routes(),
            *pages,
        ],
        exception_handlers={
            HTTPException: handle_http_exception,
            StorageUnavailable: handle_storage_error,
            RedisError: handle_storage_error,
            EncryptionKeyMissing: handle_missing_key,
            Exception: handle_unexpected_error,
        },
        lifespan=lifespan,
    )


def create() -> Starlette:
    """Build the web application from the environment; this is what `turngate web` serves.

    Raises `ConfigurationError` when a setting is missing or wrong.
    """
    settings = Settings.load()
    start_tracing("web")
    channels = load_channels(settings)
    stores = open_partitions(settings.require_redis_url(), settings.partitions)
    for each in stores:
        use_cipher(each, settings.encryption_ring)
    home = stores[0]
    config = ConfigFile.load(settings.config_path)
    parts = PartitionStores(settings, config, channels, stores, confirms=True)
    operator = OperatorAuth(
        load_operator_access(settings, channels, parse_simulator_urls(settings.environ)), home
    )
    web = _WebParts(settings, config, channels, parts, operator, provider_client())
    kept = KeptWebhooks(home, settings.webhook_hours)
    quarantine = Quarantine(home, kept)
    history = FlowHistory(FlowFiles(settings.flow_path, config.flows), FlowVersions(home))
    contacts = ContactPartitions(stores, [each.inbox for each in parts.each], parts.limits)
    api = WebApi(
        conversations=_build_conversations(parts),
        redis=home,
        inbox=parts.inbox,
        sender=parts.sender,
        operator=operator,
        tokens=SessionTokens(
            _split_list(settings.web_token_secret.get_secret_value()), settings.web_token_hours * 3_600
        ),
        identities=IdentityVerifier(_split_list(settings.web_identity_secret.get_secret_value())),
        origins=_split_list(settings.web_origins),
        sessions_per_hour=settings.web_sessions,
        protocol=parts.limits,
        partitions=contacts,
    )
    files = PublicFiles(home, settings.public_url or "", seconds=settings.reply_hours * 3_600)
    rejected = QuarantinePage(
        quarantine, kept, operator, WebhookEndpoint(channels, parts.inbox, http=web.http).replay
    )

    def build_console(number: int) -> list[BaseRoute]:
        pages = (
            *_build_pages(web, number, history, contacts, files),
            rejected,
            SignInPage(operator),
            NotFoundPage(operator),
        )
        return [route for page in pages for route in page.routes()]

    own_routes = [
        *api.routes(),  # the busy first
        *Widget().routes(),
        *BroadcastApi(parts.build_broadcasts(), parts.sender, operator).routes(),
        *PublicFileRoute(files).routes(),
        openapi.build_route(operator),
    ]
    console = (
        build_console(0) if len(stores) == 1 else [Mount("/", PartitionChoice(len(stores), build_console))]
    )
    return create_app(
        channels,
        parts.inbox,
        home,
        sweepers=[
            Sweeper(
                each.redis,
                parts.limits,
                pause=parts.sweep_seconds,
                release_due=ScheduleReleaser(each.redis, each.sender, parts.limits).release_due,
            )
            for each in parts.each
        ],
        pages=[*own_routes, *console],
        http=web.http,
        operator=operator,
        readiness=[Readiness(each.redis, confirmation=each.confirmation) for each in parts.each],
        process=describe_process("web", settings),
        quarantine=quarantine,
        flows=history,
        partitions=stores,
    )


def _build_conversations(parts: PartitionStores) -> WebConversations:
    if not isinstance(parts.inbox, PartitionedInbox):
        return WebConversations(parts.each[0].redis, parts.inbox)
    stores, inboxes = [each.redis for each in parts.each], [each.inbox for each in parts.each]
    return PartitionedConversations(stores, inboxes, parts.inbox)


class _WebParts(NamedTuple):
    """Parts of the web process that its pages share."""

    settings: Settings
    config: ConfigFile
    channels: Channels
    stores: PartitionStores
    operator: OperatorAuth
    http: httpx.AsyncClient


class _Page(Protocol):
    def routes(self) -> Sequence[BaseRoute]: ...


def _build_pages(
    web: _WebParts,
    number: int,
    history: FlowHistory,
    contacts: ContactPartitions,
    files: PublicFiles,
) -> Sequence[_Page]:
    """Build the console's pages about one partition."""
    settings, config, channels, stores = web.settings, web.config, web.channels, web.stores
    inbox, sender, limits = stores.inbox, stores.sender, stores.limits
    redis, all_channels = stores.each[number].redis, add_web_channel(channels)
    operator = web.operator.for_store(redis)
    simulator = Simulator.load(settings.environ)
    flows = FlowFiles(settings.flow_path, config.flows)
    price = parse_price(settings.llm_price)
    broadcasts = stores.build_broadcasts()
    return (
        OverviewPage(operator, price=price),
        ConversationPages(
            operator,
            list(all_channels),
            WordDigests(redis) if settings.text_search else None,
            FlowDrawings(history),
            KeptWebhooks(redis, settings.webhook_hours),
            price.describe,
        ),
        ConversationActions(operator, inbox, sender, limits, contacts.erasure),
        FailuresPage(operator, limits),
        OperationsPages(operator, sorted(all_channels), sorted(parse_simulator_urls(settings.environ))),
        AccountPage(operator, all_channels, settings, limits),
        TemplatesPage(operator, [name for name, each in channels.items() if isinstance(each, HasTemplates)]),
        SettingsCheckPage(operator, settings),
        SimulatorPage(redis, inbox, operator, simulator, web.http),
        ProviderDeskPage(operator, simulator, web.http),
        AgentInbox(redis, inbox, sender, operator),
        AgentDeskPages(operator, inbox, sender, sorted(find_desk_channels(channels)), config.replies, files),
        WidgetDemoPage(operator),
        FlowPages(operator, history),
        FlowChatPage(web.operator, flows, partial(build_model, settings)),
        BroadcastsPage(broadcasts, operator, sender, list(all_channels)),
        LiveUpdates(operator),
    )


def _split_list(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]
