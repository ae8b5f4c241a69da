"""Everything that a worker process works with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from redis.asyncio import Redis

from core.ports import NeedsDependencies, NeedsPublicFiles
from core.processing import SessionProcessor
from gateway.bootstrap.accounts import (
    Channels,
    add_web_channel,
    build_quiet_policy,
    find_abuse_limits,
    find_desk_channels,
    find_participant_policies,
    find_windows,
    find_zoned_channels,
    load_channels,
)
from gateway.bootstrap.dialogs import (
    Middleware,
    apply_middleware,
    build_dialogs,
    build_picture_loader,
    collect_typing_calls,
    open_downloads,
    open_speech,
    open_transcription,
)
from gateway.bootstrap.limits import build_confirmation, build_processing_limits, build_protocol_limits
from gateway.broadcasts.feeder import BroadcastFeeder
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.hooks.deliverer import HookDeliverer
from gateway.http.clients import provider_client
from gateway.http.ssrf_guard import SafeFetch
from gateway.middleware.quoted_messages import QuotedMessages
from gateway.middleware.status_lookup import StatusLookup
from gateway.middleware.template_check import with_template_check
from gateway.middleware.time_zones import TimeZones
from gateway.middleware.turn_enrichment import TurnEnrichment
from gateway.middleware.typing_indicator import TypingIndicator
from gateway.redis.inbox import RedisInbox
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.processes.step_durations import StepDurations
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.records.sessions.session_store import RedisSessionStore
from gateway.redis.records.sessions.word_index import WordIndex
from gateway.redis.sending.forwarder import SessionForwarder
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.schedule_releaser import ScheduleReleaser
from gateway.redis.sending.template_sync import TemplateSync
from gateway.redis.sweeper import Sweeper
from gateway.webchat.text_stream import StreamingDialog

_CREDENTIAL_SECONDS = 400 * 86_400.0
"""Retention of stored OAuth credentials; longer than any provider keeps an unused refresh token valid."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that a worker process works with."""

    redis: Redis
    channels: Channels
    inbox: RedisInbox
    mailbox: RedisMailbox
    processor: SessionProcessor[httpx.AsyncClient]
    sweeper: Sweeper
    hooks: HookDeliverer
    broadcasts: BroadcastFeeder
    templates: TemplateSync
    durations: StepDurations


def inject_dependencies(
    channels: Channels, redis: Redis, fetch: SafeFetch, files: PublicFiles | None = None
) -> None:
    """Hand the credential store, the HTTP fetcher and the public files to the channels that need them."""
    for channel in channels.values():
        if files is not None and isinstance(channel, NeedsPublicFiles):
            channel.set_publisher(files)
        if isinstance(channel, NeedsDependencies):
            channel.set_dependencies(
                credentials=RedisSessionStore(redis, seconds=_CREDENTIAL_SECONDS), fetch=fetch
            )


@asynccontextmanager
async def open_runtime(settings: Settings, redis: Redis) -> AsyncIterator[Runtime]:
    """Open everything that a worker needs and close it at the end; `redis` is left open for its owner."""
    limits = build_protocol_limits(settings)
    channels = load_channels(settings)
    fetch = SafeFetch(settings.private_hosts.split(","))
    hook_fetch = SafeFetch(settings.private_hosts.split(","))  # its own connections: hooks slow nobody down
    files = PublicFiles(redis, settings.public_url or "", seconds=settings.reply_hours * 3_600)
    inject_dependencies(channels, redis, fetch, files)
    config = ConfigFile.load(settings.config_path)
    checked = {
        name: with_template_check(channel, redis) for name, channel in add_web_channel(channels).items()
    }
    sending = {
        name: StatusLookup(channel, redis) if channel.capabilities.echoes_key else channel
        for name, channel in checked.items()
    }
    rates = {
        name: config.rate_limit_for(name, channel.capabilities.pace) for name, channel in channels.items()
    }
    windows = find_windows(channels)
    abuse = find_abuse_limits(settings, config, add_web_channel(channels))
    words = WordIndex(redis, limits) if settings.text_search else None
    mailbox = RedisMailbox(
        redis,
        limits,
        rates,
        windows,
        abuse=abuse,
        confirmation=build_confirmation(settings, redis),
        words=words,
    )
    quiet = build_quiet_policy(settings, config, channels)
    sender = ProactiveSender(redis, add_web_channel(channels), limits, quiet, words=words)
    releaser = ScheduleReleaser(redis, sender, limits)
    durations = StepDurations(redis)
    async with (
        provider_client() as http,
        open_downloads(settings, channels) as downloader,
        build_dialogs(settings, config, build_picture_loader(settings, downloader)) as router,
        open_transcription(settings, downloader) as transcription,
        open_speech(settings, channels, http) as speech,
    ):
        middleware: tuple[
            Middleware, ...
        ] = (  # innermost first: a turn passes them from the last to the first
            *transcription,
            *speech,
            lambda dialog: QuotedMessages(dialog, redis),
            lambda dialog: StreamingDialog(dialog, redis),
            lambda dialog: TypingIndicator(dialog, collect_typing_calls(channels), http),
            lambda dialog: TimeZones(dialog, find_zoned_channels(channels, quiet), http, redis),
            lambda dialog: TurnEnrichment(dialog, channels, http, SessionIndex(redis).read_state),
        )
        try:
            yield Runtime(
                redis=redis,
                channels=channels,
                inbox=RedisInbox(
                    redis,
                    limits,
                    config.concurrency,
                    find_desk_channels(channels),
                    find_participant_policies(settings, config, channels),
                    windows,
                    abuse,
                ),
                mailbox=mailbox,
                processor=SessionProcessor(
                    mailbox=mailbox,
                    dialog=apply_middleware(router, middleware),
                    channels=sending,
                    http=http,
                    limits=build_processing_limits(settings),
                    concurrency=config.concurrency,
                    error_messages=router.error_messages,
                    forwarder=SessionForwarder(redis, sender),
                    quiet_until=quiet.find_end_for,
                ),
                sweeper=Sweeper(redis, limits, release_due=releaser.release_due),
                hooks=HookDeliverer(redis, hook_fetch),
                broadcasts=BroadcastFeeder(redis, sender, limits),
                templates=TemplateSync(redis, channels, http),
                durations=durations,
            )
        finally:
            await durations.aclose()
            await fetch.aclose()
            await hook_fetch.aclose()
            await mailbox.aclose()
