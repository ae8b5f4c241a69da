"""Builds the parts of a worker process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
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
from gateway.bootstrap.limits import build_processing_limits
from gateway.bootstrap.stores import PartitionStores
from gateway.broadcasts.feeder import BroadcastFeeder
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.hooks.deliverer import HookDeliverer
from gateway.http.clients import provider_client
from gateway.http.ssrf_guard import SafeFetch
from gateway.middleware.channel.status_lookup import StatusLookup
from gateway.middleware.channel.template_check import with_template_check
from gateway.middleware.dialog.channel_router import ChannelRouter
from gateway.middleware.dialog.quoted_messages import QuotedMessages
from gateway.middleware.dialog.time_zones import TimeZones
from gateway.middleware.dialog.turn_enrichment import TurnEnrichment
from gateway.middleware.dialog.typing_indicator import TypingIndicator
from gateway.partitions.shared_budgets import SharedBudgets
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.processes.step_durations import StepDurations
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.records.sessions.session_store import RedisSessionStore
from gateway.redis.sending.forwarder import SessionForwarder
from gateway.redis.sending.quiet_policy import QuietPolicy
from gateway.redis.sending.schedule_releaser import ScheduleReleaser
from gateway.redis.sending.template_sync import TemplateSync
from gateway.redis.sweeper import Sweeper
from gateway.webchat.text_stream import StreamingDialog

_CREDENTIAL_SECONDS = 400 * 86_400.0
"""Retention of stored OAuth credentials; longer than any provider keeps an unused refresh token valid."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that a worker process works with in one partition."""

    redis: Redis
    channels: Channels
    inbox: IdentityResolver
    mailbox: RedisMailbox
    processor: SessionProcessor[httpx.AsyncClient]
    sweeper: Sweeper
    hooks: HookDeliverer
    broadcasts: BroadcastFeeder
    templates: TemplateSync
    durations: StepDurations
    budgets: SharedBudgets | None


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
    async with open_runtimes(settings, (redis,)) as [runtime]:
        yield runtime


@asynccontextmanager
async def open_runtimes(settings: Settings, stores: Sequence[Redis]) -> AsyncIterator[list[Runtime]]:
    """Open what a worker needs for each partition; channels, dialogs and HTTP clients are shared."""
    home = stores[0]
    channels = load_channels(settings)
    fetch = SafeFetch(settings.private_hosts.split(","))
    hook_fetch = SafeFetch(settings.private_hosts.split(","))  # hooks must not slow down others
    files = PublicFiles(home, settings.public_url or "", seconds=settings.reply_hours * 3_600)
    inject_dependencies(channels, home, fetch, files)
    config = ConfigFile.load(settings.config_path)
    durations = StepDurations(home)
    partitions = PartitionStores(settings, config, channels, stores, confirms=False)
    async with (
        provider_client() as http,
        open_downloads(settings, channels) as downloader,
        build_dialogs(settings, config, build_picture_loader(settings, downloader)) as router,
        open_transcription(settings, downloader) as transcription,
        open_speech(settings, channels, http) as speech,
    ):
        shared = _SharedParts(
            settings=settings,
            config=config,
            channels=channels,
            http=http,
            hook_fetch=hook_fetch,
            router=router,
            innermost=(*transcription, *speech),
            durations=durations,
            quiet=build_quiet_policy(settings, config, channels),
            stores=partitions,
            budgets=partitions.build_budgets(),
        )
        runtimes = [_build_runtime(shared, number) for number in range(len(stores))]
        try:
            yield runtimes
        finally:
            await durations.aclose()
            await fetch.aclose()
            await hook_fetch.aclose()
            for each in runtimes:
                await each.mailbox.aclose()


@dataclass(frozen=True, slots=True)
class _SharedParts:
    """Parts of a worker that all its partitions use."""

    settings: Settings
    config: ConfigFile
    channels: Channels
    http: httpx.AsyncClient
    hook_fetch: SafeFetch
    router: ChannelRouter
    innermost: Sequence[Middleware]
    durations: StepDurations
    quiet: QuietPolicy
    stores: PartitionStores
    budgets: SharedBudgets | None


def _build_runtime(shared: _SharedParts, number: int) -> Runtime:
    settings, channels, http, quiet = shared.settings, shared.channels, shared.http, shared.quiet
    store, all_channels = shared.stores.each[number], add_web_channel(channels)
    redis, limits = store.redis, shared.stores.limits
    checked = {name: with_template_check(channel, redis) for name, channel in all_channels.items()}
    sending = {
        name: StatusLookup(channel, shared.stores.find_echo_stores)
        if channel.capabilities.echoes_key
        else channel
        for name, channel in checked.items()
    }
    mailbox = shared.stores.build_mailbox(number)
    middleware: tuple[Middleware, ...] = (  # innermost first: a turn passes them from the last to the first
        *shared.innermost,
        lambda dialog: QuotedMessages(dialog, redis),
        lambda dialog: StreamingDialog(dialog, redis),
        lambda dialog: TypingIndicator(dialog, collect_typing_calls(channels), http),
        lambda dialog: TimeZones(dialog, find_zoned_channels(channels, quiet), http, redis),
        lambda dialog: TurnEnrichment(dialog, channels, http, SessionIndex(redis).read_state),
    )
    releaser = ScheduleReleaser(redis, store.sender, limits, elsewhere=shared.stores.sender)
    return Runtime(
        redis=redis,
        channels=channels,
        inbox=store.inbox,
        mailbox=mailbox,
        processor=SessionProcessor(
            mailbox=mailbox,
            dialog=apply_middleware(shared.router, middleware),
            channels=sending,
            http=http,
            limits=build_processing_limits(settings),
            concurrency=shared.config.concurrency,
            error_messages=shared.router.error_messages,
            forwarder=SessionForwarder(redis, shared.stores.sender),
            quiet_until=quiet.find_end_for,
        ),
        sweeper=Sweeper(redis, limits, pause=shared.stores.sweep_seconds, release_due=releaser.release_due),
        hooks=HookDeliverer(redis, shared.hook_fetch, pause=shared.stores.sweep_seconds, partition=number),
        broadcasts=BroadcastFeeder(redis, store.sender, limits, elsewhere=shared.stores.sender),
        templates=TemplateSync(redis, channels, http, shared.stores.find_others(number)),
        durations=shared.durations,
        budgets=shared.budgets,
    )
