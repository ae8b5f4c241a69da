"""The one place that builds the parts and hands them to each other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from redis.asyncio import Redis

import channels
from core.errors import Misconfigured
from core.ports.channel import Channel, Equipped
from core.ports.dialog import Dialog
from core.ports.media import Keeping
from core.processing.session_processor import Drain
from flows.document.flow_file import FlowFile
from flows.engine.machine import DialogMachine
from flows.engine.moderation import Moderator
from flows.llm.factory import model_from, transcriber_from
from gateway.config.channel_config import Config
from gateway.config.settings import Settings
from gateway.config.tool_loader import load_tools
from gateway.http.clients import provider_client
from gateway.http.ssrf_guard import GuardedFetch
from gateway.middleware.account_alias import named
from gateway.middleware.channel_router import ChannelDialogs
from gateway.middleware.hot_reload import ReloadingDialog
from gateway.middleware.status_lookup import Echoed
from gateway.middleware.transcription import Files, Hearing
from gateway.middleware.turn_enrichment import Completed
from gateway.middleware.typing_indicator import Attend, Attentive
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import Protocol
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.session_index import Registry
from gateway.redis.records.session_store import RedisSessionStore
from gateway.redis.sweeper import Sweeper
from gateway.webchat.channel import NAME, WebChannel
from gateway.webchat.text_stream import Telling

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
    drain: Drain[httpx.AsyncClient]
    sweeper: Sweeper


def protocol(settings: Settings) -> Protocol:
    """The session protocol's numbers as the settings have them."""
    return Protocol(
        lease_ms=int(settings.lease_seconds * 1000),
        expiry_ms=int(settings.session_hours * 3_600_000),
        lapse_ms=int(settings.person_hours * 3_600_000),
    )


def with_web(connected: Channels) -> Channels:
    """The channels together with our own, which needs no credentials."""
    return {**connected, NAME: WebChannel()}


def desks(connected: Channels) -> frozenset[str]:
    """The channels at which people of the business work."""
    return frozenset(name for name, channel in connected.items() if channel.capabilities.desk)


def load_channels(settings: Settings) -> Channels:
    """Every channel whose credentials are set, and its further accounts as `channel/account`.

    Raises `Misconfigured` for one that is half set.
    """
    public_url, environ = settings.public_url or "", settings.environ
    found = {name: channels.load(name, environ, public_url) for name in channels.available()}
    connected = {name: channel for name, channel in found.items() if channel is not None}
    for name, account in Config.load(settings.config_path).accounts.items():
        channel = channels.load(name.partition("/")[0], account.resolved(environ), public_url)
        if channel is None:
            raise Misconfigured(f"TURNGATE_CONFIG: the account {name} has none of the channel's settings")
        connected[name] = named(channel, name)
    return connected


def build_dialog(settings: Settings) -> ReloadingDialog:
    """The dialog engine with the configured flow, which it follows, and model."""
    key = settings.openai_api_key.get_secret_value()
    base_url = settings.openai_base_url or None
    model = model_from(settings.llm, api_key=key or None, base_url=base_url, aiohttp=True)
    file = FlowFile(settings.flow_path)
    fetch = GuardedFetch(settings.private_hosts.split(","))
    machine = DialogMachine(
        file.flow,
        model,
        tools=load_tools(settings.tools),
        fetch=fetch,
        secrets=settings.flow_secrets,
        moderator=_moderator(settings),
    )
    return ReloadingDialog(file, machine)


def _moderator(settings: Settings) -> Moderator | None:
    if not settings.moderation:
        return None
    from flows.llm.openai.moderation import moderator_from  # costs a second, so only who uses it pays

    key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
    return moderator_from(settings.moderation, api_key=key or None, base_url=base_url or None, aiohttp=True)


def build_dialogs(settings: Settings, config: Config) -> ChannelDialogs:
    """The dialog for all channels, and those of channels that have a flow of their own."""
    own = {
        name: build_dialog(settings.model_copy(update={"flow": flow})) for name, flow in config.flows.items()
    }
    return ChannelDialogs(build_dialog(settings), own)


@asynccontextmanager
async def hearing(dialog: Dialog, settings: Settings, connected: Channels) -> AsyncIterator[Dialog]:
    """The dialog, to which voice notes are text where that is configured.

    Where the operator says that a provider is may be called even when it is inside, by nothing else.
    """
    key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
    ears = transcriber_from(settings.transcribe, api_key=key or None, base_url=base_url or None)
    if ears is None:
        yield dialog
        return
    hosts = [channel.api_host for channel in connected.values() if isinstance(channel, Keeping)]
    fetch = GuardedFetch([*settings.private_hosts.split(","), *hosts])
    try:
        yield Hearing(dialog, Files(connected, fetch), ears)
    finally:
        await ears.aclose()
        await fetch.aclose()


def attending(connected: Channels) -> Mapping[str, Attend]:
    """The calls of the channels that can show that somebody is typing."""
    return {
        name: channel.attend  # type: ignore[attr-defined] # the capability says that it is there
        for name, channel in connected.items()
        if channel.capabilities.typing
    }


def equip(connected: Channels, redis: Redis, fetch: GuardedFetch) -> None:
    """Give the channels that ask for it what a worker has."""
    for channel in connected.values():
        if isinstance(channel, Equipped):
            channel.equip(credentials=RedisSessionStore(redis, seconds=_CREDENTIAL_SECONDS), fetch=fetch)


@asynccontextmanager
async def open_runtime(settings: Settings, redis: Redis) -> AsyncIterator[Runtime]:
    """Everything that a worker needs, closed at the end. `redis` stays its owner's to close."""
    numbers = protocol(settings)
    connected = load_channels(settings)
    fetch = GuardedFetch(settings.private_hosts.split(","))
    equip(connected, redis, fetch)
    config = Config.load(settings.config_path)
    sending = {
        name: Echoed(channel, redis) if channel.capabilities.echoes_key else channel
        for name, channel in with_web(connected).items()
    }
    paces = {name: config.pace(name, channel.capabilities.pace) for name, channel in connected.items()}
    mailbox = RedisMailbox(redis, numbers, paces)
    async with (
        provider_client() as http,
        build_dialogs(settings, config) as said,
        hearing(said, settings, connected) as dialog,
    ):
        try:
            yield Runtime(
                redis=redis,
                channels=connected,
                inbox=RedisInbox(redis, numbers, config.concurrency, desks(connected)),
                mailbox=mailbox,
                drain=Drain(
                    mailbox=mailbox,
                    dialog=Completed(
                        Attentive(Telling(dialog, redis), attending(connected), http),
                        connected,
                        http,
                        Registry(redis).state,
                    ),
                    channels=sending,
                    http=http,
                    concurrency=config.concurrency,
                    excuses=said.excuses,
                ),
                sweeper=Sweeper(redis, numbers),
            )
        finally:
            await fetch.aclose()
            await mailbox.aclose()
