"""Loads the channels that have credentials, and the configuration of each account."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import combinations

import httpx

import channels as channel_registry
from core.errors import ConfigurationError
from core.model import ParticipantPolicy
from core.ports import Channel, KnowsTimeZones, LearnsIds, ServiceWindow, SharesApp
from core.processing import AbuseLimits
from core.quiet_hours import QuietHours
from gateway.access.exposure import EXPOSED_VARIABLE, OperatorAccess, build_access, find_exposure
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.middleware.channel.account_alias import with_account_name
from gateway.redis.sending.quiet_policy import QuietPolicy, QuietRule
from gateway.webchat.channel import NAME, WebChannel

Channels = Mapping[str, Channel[httpx.AsyncClient]]


def load_channels(settings: Settings, environ: Mapping[str, str] | None = None) -> Channels:
    """Load every channel whose credentials are set, and its further accounts as `channel/account`.

    `environ` replaces the variables of the settings. Raises `ConfigurationError` for a channel that is only
    partly configured.
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
            fixed=bool(config.time_zone_for(name, "")),
        )
        for name in channels
    }
    default = QuietRule(QuietHours.parse(settings.quiet_hours), settings.time_zone)
    numbered = [name for name, channel in channels.items() if channel.capabilities.phone_numbers]
    return QuietPolicy(default, rules, numbered)


def find_zoned_channels(
    channels: Channels, quiet: QuietPolicy
) -> dict[str, KnowsTimeZones[httpx.AsyncClient]]:
    """Return the channels that know their contacts' time zones, where quiet hours need them."""
    return {
        name: channel
        for name, channel in channels.items()
        if isinstance(channel, KnowsTimeZones) and quiet.has_hours(name)
    }


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


def load_operator_access(
    settings: Settings, channels: Channels, simulated: Collection[str] = ()
) -> OperatorAccess:
    """Load the access rule of console and API. `simulated` are the channels without a real provider.

    Raises `ConfigurationError` if a key has to be generated and cannot be kept.
    """
    exposure = explain_exposure(settings, channels, simulated)
    return build_access(settings.operator_keys, exposure, settings.public_url, settings.data_dir)


def explain_exposure(settings: Settings, channels: Channels, simulated: Collection[str] = ()) -> str:
    """Return why others may reach the gateway, so that a key is required; empty if there is no sign of it."""
    origins = [each.strip() for each in settings.web_origins.split(",") if each.strip()]
    return settings.environ.get(EXPOSED_VARIABLE, "") or find_exposure(
        settings.public_url, origins, channels, simulated
    )
