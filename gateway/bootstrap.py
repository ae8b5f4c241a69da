"""Composition root: the only module that builds the parts and connects them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

import httpx
from redis.asyncio import Redis

import channels as channel_registry
from core.errors import ConfigurationError
from core.model import ParticipantPolicy
from core.ports import Channel, Dialog, HostsMedia, LearnsIds, NeedsDependencies, ServiceWindow, SharesApp
from core.processing import AbuseLimits, ProcessingLimits, SessionProcessor
from core.quiet_hours import QuietHours
from flows.document import WatchedFlowFile
from flows.engine import DialogMachine, LoadPicture, Moderator
from flows.llm import (
    Model,
    create_model,
    create_moderator,
    create_speaker,
    create_transcriber,
    parse_model_keys,
)
from gateway.access.exposure import EXPOSED_VARIABLE, OperatorAccess, build_access, find_exposure
from gateway.broadcasts.feeder import BroadcastFeeder
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.config.tool_loader import load_tools
from gateway.hooks.deliverer import HookDeliverer
from gateway.http.clients import provider_client
from gateway.http.ssrf_guard import SafeFetch
from gateway.middleware.account_alias import with_account_name
from gateway.middleware.channel_router import ChannelRouter
from gateway.middleware.hot_reload import ReloadingDialog
from gateway.middleware.quoted_messages import QuotedMessages
from gateway.middleware.speech import SpeechMiddleware
from gateway.middleware.status_lookup import StatusLookup
from gateway.middleware.template_check import with_template_check
from gateway.middleware.transcription import MediaDownloader, TranscriptionMiddleware
from gateway.middleware.turn_enrichment import TurnEnrichment
from gateway.middleware.typing_indicator import ShowTyping, TypingIndicator
from gateway.middleware.vision import PictureLoader
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.forwarder import SessionForwarder
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.outbox import ProactiveSender
from gateway.redis.quiet_policy import QuietPolicy, QuietRule
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.records.sessions.session_store import RedisSessionStore
from gateway.redis.schedule_releaser import ScheduleReleaser
from gateway.redis.step_durations import StepDurations
from gateway.redis.sweeper import Sweeper
from gateway.redis.template_sync import TemplateSync
from gateway.webchat.channel import NAME, WebChannel
from gateway.webchat.text_stream import StreamingDialog

_DAY_MS = 86_400_000
_CREDENTIAL_SECONDS = 400 * 86_400.0
"""Retention of stored OAuth credentials; longer than any provider keeps an unused refresh token valid."""

Channels = Mapping[str, Channel[httpx.AsyncClient]]
Middleware = Callable[[Dialog], Dialog]
"""Wraps a dialog in another one that adds something to it."""


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


def build_protocol_limits(settings: Settings) -> ProtocolLimits:
    """Convert the settings to the limits of the session protocol."""
    return ProtocolLimits(
        lease_ms=int(settings.lease_seconds * 1000),
        expiry_ms=int(settings.session_hours * 3_600_000),
        agent_timeout_ms=int(settings.person_hours * 3_600_000),
        reply_ms=int(settings.reply_hours * 3_600_000),
        retention_ms=settings.keep_session_days * _DAY_MS,
        contact_ms=settings.keep_contact_days * _DAY_MS,
        dead_ms=settings.keep_dead_letter_days * _DAY_MS,
    )


def build_confirmation(settings: Settings, redis: Redis) -> ReplicaConfirmation | None:
    """Return the confirmation by replicas; `None` where the primary's own storage is enough."""
    return ReplicaConfirmation(redis, settings.replicas) if settings.durability == "replicated" else None


def build_processing_limits(settings: Settings) -> ProcessingLimits:
    """Convert the settings to the limits of the session processor."""
    return ProcessingLimits(
        reply_seconds=settings.reply_hours * 3600, message_seconds=settings.message_hours * 3600
    )


def add_web_channel(channels: Channels) -> Channels:
    """Add the built-in web channel, which needs no credentials."""
    return {**channels, NAME: WebChannel()}


def find_desk_channels(channels: Channels) -> frozenset[str]:
    """Return the channels at which human agents work in the provider's own desk."""
    return frozenset(name for name, channel in channels.items() if channel.capabilities.desk)


def find_windows(channels: Channels) -> dict[str, ServiceWindow]:
    """Return the service windows of the channels that have one."""
    return {
        name: window for name, channel in channels.items() if (window := channel.capabilities.service_window)
    }


def find_participant_policies(
    settings: Settings, config: ConfigFile, channels: Channels
) -> Mapping[str, ParticipantPolicy]:
    """Return the policy for participants of each channel on which others than the contact can write.

    Raises `ConfigurationError` for a policy that makes no sense on a channel.
    """
    policies = {}
    for name, channel in channels.items():
        if possible := channel.capabilities.participants:
            policies[name] = policy = config.participants_for(name, settings.participants)
            if policy not in possible:
                section = f"[channels.{name.partition('/')[0]}]"
                raise ConfigurationError(
                    f"TURNGATE_PARTICIPANTS: {policy} is not possible on {name}, where every reply goes to "
                    f"all participants; set participants in {section} of TURNGATE_CONFIG to "
                    f"{' or '.join(possible)}"
                )
    return policies


def build_quiet_policy(settings: Settings, config: ConfigFile, channels: Channels) -> QuietPolicy:
    """Build the quiet hours of all channels and accounts."""
    rules = {
        name: QuietRule(
            QuietHours.parse(config.quiet_hours_for(name, settings.quiet_hours)),
            config.time_zone_for(name, settings.time_zone),
        )
        for name in channels
    }
    default = QuietRule(QuietHours.parse(settings.quiet_hours), settings.time_zone)
    numbered = [name for name, channel in channels.items() if channel.capabilities.phone_numbers]
    return QuietPolicy(default, rules, numbered)


def find_abuse_limits(
    settings: Settings, config: ConfigFile, channels: Channels
) -> Mapping[str, AbuseLimits]:
    """Return the limits against floods and loops of each channel and account.

    A session of the web channel may be a program's, so only the budgets of tokens are its default.
    """
    default = AbuseLimits(
        messages_per_minute=settings.contact_messages,
        messages_per_day=settings.contact_daily_messages,
        rounds=settings.loop_rounds,
        replies_per_hour=settings.contact_replies,
        tokens_per_day=settings.contact_daily_tokens,
        account_messages_per_day=settings.account_daily_messages,
        account_tokens_per_day=settings.account_daily_tokens,
    )
    off = ("messages_per_minute", "messages_per_day", "rounds", "replies_per_hour")
    for_programs = default.model_copy(update=dict.fromkeys(off, 0))
    return {
        name: config.abuse_limits_for(name, for_programs if name == NAME else default) for name in channels
    }


def load_channels(settings: Settings, environ: Mapping[str, str] | None = None) -> Channels:
    """Load every channel whose credentials are set, and its further accounts as `channel/account`.

    `environ` are other variables than those of the settings. Raises `ConfigurationError` for a channel that
    is only partly configured.
    """
    environ = settings.environ if environ is None else environ
    public_url = settings.public_url or environ.get("PUBLIC_URL", "")
    loaded = {name: channel_registry.load(name, environ, public_url) for name in channel_registry.available()}
    channels = {name: channel for name, channel in loaded.items() if channel is not None}
    for name, account in ConfigFile.load(settings.config_path).accounts.items():
        channel = channel_registry.load(name.partition("/")[0], account.resolve_settings(environ), public_url)
        if channel is None:
            raise ConfigurationError(f"TURNGATE_CONFIG: account {name}: no credentials in its settings")
        channels[name] = with_account_name(channel, name)
    _check_shared_apps(channels)
    return channels


def load_operator_access(
    settings: Settings, channels: Channels, simulated: Collection[str] = ()
) -> OperatorAccess:
    """Return who may use the console and the API. `simulated` are the channels without a real provider.

    Raises `ConfigurationError` if a key has to be generated and cannot be kept.
    """
    exposure = explain_exposure(settings, channels, simulated)
    return build_access(settings.operator_keys, exposure, settings.public_url, settings.data_dir)


def explain_exposure(settings: Settings, channels: Channels, simulated: Collection[str] = ()) -> str:
    """Return why others may reach the gateway, so that a key is needed; empty if nothing says so."""
    origins = [each.strip() for each in settings.web_origins.split(",") if each.strip()]
    return settings.environ.get(EXPOSED_VARIABLE, "") or find_exposure(
        settings.public_url, origins, channels, simulated
    )


def _check_shared_apps(channels: Channels) -> None:
    """Raise `ConfigurationError` if accounts that share an app's secret cannot be told apart.

    IDs that a channel can ask its provider for are learnt at the first webhook.
    """
    sharing = [(name, each) for name, each in channels.items() if isinstance(each, SharesApp)]
    for (one, first), (other, second) in combinations(sharing, 2):
        if not first.app_secrets & second.app_secrets or one.partition("/")[0] != other.partition("/")[0]:
            continue
        are_known = all(each.owned_ids or isinstance(each, LearnsIds) for each in (first, second))
        if not are_known or first.owned_ids & second.owned_ids:
            raise ConfigurationError(
                f"{one} and {other} have the same app secret, so a webhook could be of either; set "
                f"{first.ids_setting} of both, each with its own"
            )


def build_dialog(settings: Settings, load_picture: LoadPicture | None = None) -> ReloadingDialog:
    """Build the dialog engine with the configured model and flow; the flow file is watched for changes.

    `load_picture` downloads the pictures that the model is to see.
    """
    model = build_model(settings)
    file = WatchedFlowFile(settings.flow_path)
    fetch = SafeFetch(settings.private_hosts.split(","))
    machine = DialogMachine(
        file.flow,
        model,
        tools=load_tools(settings.tools),
        fetch=fetch,
        secrets=settings.flow_secrets,
        moderator=_build_moderator(settings),
        load_picture=load_picture,
    )
    return ReloadingDialog(file, machine)


def build_model(settings: Settings) -> Model:
    """Build the configured model. Raises `ConfigurationError`."""
    key = settings.openai_api_key.get_secret_value()
    base_url = settings.openai_base_url or None
    return create_model(
        settings.llm, api_key=key or None, base_url=base_url, keys=_model_keys(settings), aiohttp=True
    )


def _model_keys(settings: Settings) -> dict[str, str]:
    return parse_model_keys(settings.llm_keys.get_secret_value())


def _build_moderator(settings: Settings) -> Moderator | None:
    if not settings.moderation:
        return None
    key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
    return create_moderator(settings.moderation, api_key=key or None, base_url=base_url or None, aiohttp=True)


def build_dialogs(
    settings: Settings, config: ConfigFile, load_picture: LoadPicture | None = None
) -> ChannelRouter:
    """Build the default dialog, and one for each channel that has a flow of its own."""
    flow_dialogs = {
        name: build_dialog(settings.model_copy(update={"flow": flow}), load_picture)
        for name, flow in config.flows.items()
    }
    return ChannelRouter(build_dialog(settings, load_picture), flow_dialogs)


@asynccontextmanager
async def open_downloads(settings: Settings, channels: Channels) -> AsyncIterator[MediaDownloader]:
    """Open the downloads of contacts' files.

    The SSRF guard allows the configured hosts of the providers' APIs, even if they are private.
    """
    hosts = [channel.api_host for channel in channels.values() if isinstance(channel, HostsMedia)]
    fetch = SafeFetch([*settings.private_hosts.split(","), *hosts])
    try:
        yield MediaDownloader(channels, fetch)
    finally:
        await fetch.aclose()


def build_picture_loader(settings: Settings, downloader: MediaDownloader) -> LoadPicture | None:
    """Build the download of pictures for a model that can see; `None` if it is not configured."""
    if not settings.vision:
        return None
    return PictureLoader(downloader, int(settings.vision_megabytes * 1024 * 1024)).load


@asynccontextmanager
async def open_transcription(
    settings: Settings, downloader: MediaDownloader
) -> AsyncIterator[Sequence[Middleware]]:
    """Open the transcription of voice notes; yields its middleware, none if it is not configured."""
    key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
    transcriber = create_transcriber(settings.transcribe, api_key=key or None, base_url=base_url or None)
    if transcriber is None:
        yield ()
        return
    try:
        yield (lambda dialog: TranscriptionMiddleware(dialog, downloader, transcriber),)
    finally:
        await transcriber.aclose()


@asynccontextmanager
async def open_speech(
    settings: Settings, channels: Channels, http: httpx.AsyncClient
) -> AsyncIterator[Sequence[Middleware]]:
    """Open the model that speaks answers; yields its middleware, none if it is not configured."""
    key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
    speaker = create_speaker(settings.speech, api_key=key or None, base_url=base_url or None)
    if speaker is None:
        yield ()
        return
    try:
        yield (lambda dialog: SpeechMiddleware(dialog, channels, http, speaker),)
    finally:
        await speaker.aclose()


def apply_middleware(dialog: Dialog, layers: Sequence[Middleware]) -> Dialog:
    """Wrap `dialog` in `layers`; the first is the innermost and sees a turn last."""
    return reduce(lambda inner, layer: layer(inner), layers, dialog)


def collect_typing_calls(channels: Channels) -> Mapping[str, ShowTyping]:
    """Collect the calls of the channels that can show a typing indicator."""
    return {
        name: channel.show_typing  # type: ignore[attr-defined] # the capability says that it is there
        for name, channel in channels.items()
        if channel.capabilities.typing
    }


def inject_dependencies(channels: Channels, redis: Redis, fetch: SafeFetch) -> None:
    """Hand the credential store and the HTTP fetcher to the channels that need them."""
    for channel in channels.values():
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
    inject_dependencies(channels, redis, fetch)
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
    mailbox = RedisMailbox(
        redis, limits, rates, windows, abuse=abuse, confirmation=build_confirmation(settings, redis)
    )
    quiet = build_quiet_policy(settings, config, channels)
    sender = ProactiveSender(redis, add_web_channel(channels), limits, quiet)
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
