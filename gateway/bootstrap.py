"""The one place that builds the parts and hands them to each other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from redis.asyncio import Redis

import channels
from core.errors import ConfigurationError
from core.ports import Channel, Dialog, HostsMedia, NeedsDependencies
from core.processing import SessionProcessor
from flows.document import WatchedFlowFile
from flows.engine import DialogMachine, Moderator
from flows.llm import create_model, create_moderator, create_transcriber
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.config.tool_loader import load_tools
from gateway.http.clients import provider_client
from gateway.http.ssrf_guard import SafeFetch
from gateway.middleware.account_alias import with_account_name
from gateway.middleware.channel_router import ChannelRouter
from gateway.middleware.hot_reload import ReloadingDialog
from gateway.middleware.status_lookup import StatusLookup
from gateway.middleware.transcription import MediaDownloader, TranscriptionMiddleware
from gateway.middleware.turn_enrichment import TurnEnrichment
from gateway.middleware.typing_indicator import ShowTyping, TypingIndicator
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.session_index import SessionIndex
from gateway.redis.records.session_store import RedisSessionStore
from gateway.redis.sweeper import Sweeper
from gateway.webchat.channel import NAME, WebChannel
from gateway.webchat.text_stream import StreamingDialog

_CREDENTIAL_SECONDS = 400 * 86_400.0
"""Longer than a provider lets a refresh token lie."""

Channels = Mapping[str, Channel[httpx.AsyncClient]]


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a process works with."""

    redis: Redis
    channels: Channels
    inbox: RedisInbox
    mailbox: RedisMailbox
    processor: SessionProcessor[httpx.AsyncClient]
    sweeper: Sweeper


def build_protocol_limits(settings: Settings) -> ProtocolLimits:
    """The session protocol's numbers as the settings have them."""
    return ProtocolLimits(
        lease_ms=int(settings.lease_seconds * 1000),
        expiry_ms=int(settings.session_hours * 3_600_000),
        agent_timeout_ms=int(settings.person_hours * 3_600_000),
    )


def add_web_channel(connected: Channels) -> Channels:
    """The channels together with our own, which needs no credentials."""
    return {**connected, NAME: WebChannel()}


def find_desk_channels(connected: Channels) -> frozenset[str]:
    """The channels at which people of the business work."""
    return frozenset(name for name, channel in connected.items() if channel.capabilities.desk)


def load_channels(settings: Settings) -> Channels:
    """Every channel whose credentials are set, and its further accounts as `channel/account`.

    Raises `ConfigurationError` for one that is half set.
    """
    public_url, environ = settings.public_url or "", settings.environ
    found = {name: channels.load(name, environ, public_url) for name in channels.available()}
    connected = {name: channel for name, channel in found.items() if channel is not None}
    for name, account in ConfigFile.load(settings.config_path).accounts.items():
        channel = channels.load(name.partition("/")[0], account.resolve_settings(environ), public_url)
        if channel is None:
            raise ConfigurationError(
                f"TURNGATE_CONFIG: the account {name} has none of the channel's settings"
            )
        connected[name] = with_account_name(channel, name)
    return connected


def build_dialog(settings: Settings) -> ReloadingDialog:
    """The dialog engine with the configured flow, which it follows, and model."""
    key = settings.openai_api_key.get_secret_value()
    base_url = settings.openai_base_url or None
    model = create_model(settings.llm, api_key=key or None, base_url=base_url, aiohttp=True)
    file = WatchedFlowFile(settings.flow_path)
    fetch = SafeFetch(settings.private_hosts.split(","))
    machine = DialogMachine(
        file.flow,
        model,
        tools=load_tools(settings.tools),
        fetch=fetch,
        secrets=settings.flow_secrets,
        moderator=_build_moderator(settings),
    )
    return ReloadingDialog(file, machine)


def _build_moderator(settings: Settings) -> Moderator | None:
    if not settings.moderation:
        return None
    key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
    return create_moderator(settings.moderation, api_key=key or None, base_url=base_url or None, aiohttp=True)


def build_dialogs(settings: Settings, config: ConfigFile) -> ChannelRouter:
    """The dialog for all channels, and those of channels that have a flow of their own."""
    own = {
        name: build_dialog(settings.model_copy(update={"flow": flow})) for name, flow in config.flows.items()
    }
    return ChannelRouter(build_dialog(settings), own)


@asynccontextmanager
async def with_transcription(
    dialog: Dialog, settings: Settings, connected: Channels
) -> AsyncIterator[Dialog]:
    """The dialog, to which voice notes are text where that is configured.

    Where the operator says that a provider is may be called even when it is inside, by nothing else.
    """
    key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
    ears = create_transcriber(settings.transcribe, api_key=key or None, base_url=base_url or None)
    if ears is None:
        yield dialog
        return
    hosts = [channel.api_host for channel in connected.values() if isinstance(channel, HostsMedia)]
    fetch = SafeFetch([*settings.private_hosts.split(","), *hosts])
    try:
        yield TranscriptionMiddleware(dialog, MediaDownloader(connected, fetch), ears)
    finally:
        await ears.aclose()
        await fetch.aclose()


def collect_typing_calls(connected: Channels) -> Mapping[str, ShowTyping]:
    """The calls of the channels that can show that somebody is typing."""
    return {
        name: channel.show_typing  # type: ignore[attr-defined] # the capability says that it is there
        for name, channel in connected.items()
        if channel.capabilities.typing
    }


def inject_dependencies(connected: Channels, redis: Redis, fetch: SafeFetch) -> None:
    """Give the channels that ask for it what a worker has."""
    for channel in connected.values():
        if isinstance(channel, NeedsDependencies):
            channel.set_dependencies(
                credentials=RedisSessionStore(redis, seconds=_CREDENTIAL_SECONDS), fetch=fetch
            )


@asynccontextmanager
async def open_runtime(settings: Settings, redis: Redis) -> AsyncIterator[Runtime]:
    """Everything that a worker needs, closed at the end. `redis` stays its owner's to close."""
    numbers = build_protocol_limits(settings)
    connected = load_channels(settings)
    fetch = SafeFetch(settings.private_hosts.split(","))
    inject_dependencies(connected, redis, fetch)
    config = ConfigFile.load(settings.config_path)
    sending = {
        name: StatusLookup(channel, redis) if channel.capabilities.echoes_key else channel
        for name, channel in add_web_channel(connected).items()
    }
    paces = {
        name: config.rate_limit_for(name, channel.capabilities.pace) for name, channel in connected.items()
    }
    mailbox = RedisMailbox(redis, numbers, paces)
    async with (
        provider_client() as http,
        build_dialogs(settings, config) as said,
        with_transcription(said, settings, connected) as dialog,
    ):
        try:
            yield Runtime(
                redis=redis,
                channels=connected,
                inbox=RedisInbox(redis, numbers, config.concurrency, find_desk_channels(connected)),
                mailbox=mailbox,
                processor=SessionProcessor(
                    mailbox=mailbox,
                    dialog=TurnEnrichment(
                        TypingIndicator(
                            StreamingDialog(dialog, redis), collect_typing_calls(connected), http
                        ),
                        connected,
                        http,
                        SessionIndex(redis).read_state,
                    ),
                    channels=sending,
                    http=http,
                    concurrency=config.concurrency,
                    excuses=said.error_messages,
                ),
                sweeper=Sweeper(redis, numbers),
            )
        finally:
            await fetch.aclose()
            await mailbox.aclose()
