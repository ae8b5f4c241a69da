"""The web process: an ASGI application with webhooks, HTTP API, console and health routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from core.errors import EncryptionKeyMissing, StorageUnavailable
from core.ports import HasTemplates, Inbox
from gateway.access.exposure import OperatorAccess
from gateway.bootstrap import (
    Channels,
    add_web_channel,
    build_confirmation,
    build_inbox,
    build_model,
    build_protocol_limits,
    build_quiet_policy,
    find_desk_channels,
    load_channels,
    load_operator_access,
)
from gateway.broadcasts.routes import BroadcastApi
from gateway.broadcasts.store import Broadcasts
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
from gateway.console.sign_in import SignInPage
from gateway.console.simulator.client import Simulator
from gateway.console.simulator.pages import SimulatorPage
from gateway.console.simulator.provider_desk import ProviderDeskPage
from gateway.console.simulator.widget_demo import WidgetDemoPage
from gateway.http.clients import provider_client
from gateway.local.simulated_accounts import parse_simulator_urls
from gateway.redis.connection import server_checks
from gateway.redis.connection.connect import open_redis
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.records.operators.flow_versions import FlowVersions
from gateway.redis.records.operators.kept_webhooks import KeptWebhooks
from gateway.redis.records.operators.quarantine import Quarantine
from gateway.redis.records.processes.process_versions import ProcessVersion, keep_announcing
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.sessions.text_words import WordDigests
from gateway.redis.records.sessions.word_index import WordIndex
from gateway.redis.sending.outbox import ProactiveSender
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
from gateway.webchat.routes import WebApi
from gateway.webchat.session_tokens import SessionTokens
from gateway.webchat.user_identity import IdentityVerifier
from gateway.webchat.widget import Widget


def create_app(  # noqa: PLR0913 - keyword-only
    channels: Channels,
    inbox: Inbox,
    redis: Redis,
    *,
    sweeper: Sweeper | None = None,
    pages: Sequence[BaseRoute] = (),
    http: httpx.AsyncClient | None = None,
    operator: OperatorAuth | None = None,
    readiness: Readiness | None = None,
    process: ProcessVersion | None = None,
    quarantine: Quarantine | None = None,
    flows: FlowHistory | None = None,
) -> Starlette:
    """Assemble the web application; it closes `redis` and `http` at shutdown.

    With a `sweeper` it also re-enqueues overdue sessions; `process` is announced in Redis, and
    the versions of `flows` are recorded. Without an `operator` rule metrics are for this machine only.
    """
    operator = operator or OperatorAuth(OperatorAccess(), redis)
    rejected = quarantine or Quarantine(redis)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, object]]:
        running = [asyncio.create_task(sweeper.run())] if sweeper else []
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
        await redis.aclose()

    metrics = ProcessMetrics()
    return Starlette(
        routes=[
            *WebhookEndpoint(channels, inbox, rejected, http, metrics).routes(),
            *HealthRoutes(redis, operator, readiness, process=metrics).routes(),
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
    redis = open_redis(settings.require_redis_url())
    use_cipher(redis, settings.encryption_ring)
    limits = build_protocol_limits(settings)
    config = ConfigFile.load(settings.config_path)
    confirmation = build_confirmation(settings, redis)
    words = WordIndex(redis, limits) if settings.text_search else None
    inbox = build_inbox(settings, config, channels, redis, confirmation, words)
    kept = KeptWebhooks(redis, settings.webhook_hours)
    quarantine = Quarantine(redis, kept)
    http = provider_client()
    operator = OperatorAuth(
        load_operator_access(settings, channels, parse_simulator_urls(settings.environ)), redis
    )
    quiet = build_quiet_policy(settings, config, channels)
    sender = ProactiveSender(redis, add_web_channel(channels), limits, quiet, confirmation, words)
    simulator = Simulator.load(settings.environ)
    api = WebApi(
        conversations=WebConversations(redis, inbox),
        redis=redis,
        inbox=inbox,
        sender=sender,
        operator=operator,
        tokens=SessionTokens(
            _split_list(settings.web_token_secret.get_secret_value()), settings.web_token_hours * 3_600
        ),
        identities=IdentityVerifier(_split_list(settings.web_identity_secret.get_secret_value())),
        origins=_split_list(settings.web_origins),
        sessions_per_hour=settings.web_sessions,
        protocol=limits,
    )
    files = PublicFiles(redis, settings.public_url or "", seconds=settings.reply_hours * 3_600)
    flows = FlowFiles(settings.flow_path, config.flows)
    history = FlowHistory(flows, FlowVersions(redis))
    pages = (
        OverviewPage(operator, price=parse_price(settings.llm_price)),
        ConversationPages(
            operator,
            list(add_web_channel(channels)),
            WordDigests(redis) if settings.text_search else None,
            FlowDrawings(history),
            kept,
            parse_price(settings.llm_price).describe,
        ),
        ConversationActions(operator, inbox, sender, limits),
        FailuresPage(operator, limits),
        OperationsPages(
            operator, sorted(add_web_channel(channels)), sorted(parse_simulator_urls(settings.environ))
        ),
        AccountPage(operator, add_web_channel(channels), settings, limits),
        TemplatesPage(operator, [name for name, each in channels.items() if isinstance(each, HasTemplates)]),
        SettingsCheckPage(operator, settings),
        SimulatorPage(redis, inbox, operator, simulator, http),
        ProviderDeskPage(operator, simulator, http),
        AgentInbox(redis, inbox, sender, operator),
        AgentDeskPages(operator, inbox, sender, sorted(find_desk_channels(channels)), config.replies, files),
        QuarantinePage(quarantine, kept, operator, WebhookEndpoint(channels, inbox, http=http).replay),
        WidgetDemoPage(operator),
        FlowPages(operator, history),
        FlowChatPage(operator, flows, partial(build_model, settings)),
        BroadcastsPage(Broadcasts(redis, limits), operator, sender, list(add_web_channel(channels))),
        BroadcastApi(redis, sender, operator, limits),
        PublicFileRoute(files),
        LiveUpdates(operator),
        SignInPage(operator),
        NotFoundPage(operator),
    )
    routes = [route for page in pages for route in page.routes()]
    return create_app(
        channels,
        inbox,
        redis,
        sweeper=Sweeper(redis, limits, release_due=ScheduleReleaser(redis, sender, limits).release_due),
        pages=[*api.routes(), *Widget().routes(), *routes, openapi.build_route(operator)],  # the busy first
        http=http,
        operator=operator,
        readiness=Readiness(redis, confirmation=confirmation),
        process=describe_process("web", settings),
        quarantine=quarantine,
        flows=history,
    )


def _split_list(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]
