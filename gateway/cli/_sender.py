"""Sender of commands: the configured channels, and the simulated ones of a running `turngate run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.bootstrap import Channels
    from gateway.config.settings import Settings
    from gateway.redis.sending.outbox import ProactiveSender


def load_command_channels(settings: Settings) -> Channels:
    """Load the channels, and those without credentials that `turngate run` simulates."""
    from gateway.bootstrap import load_channels
    from gateway.local.simulated_accounts import add_simulated_settings

    return load_channels(settings, add_simulated_settings(settings.data_dir, settings.environ))


def build_sender(redis: Redis, settings: Settings) -> ProactiveSender:
    """Build the sender that the web process uses, too."""
    from gateway.bootstrap import (
        add_web_channel,
        build_confirmation,
        build_protocol_limits,
        build_quiet_policy,
    )
    from gateway.config.channel_config import ConfigFile
    from gateway.redis.sending.outbox import ProactiveSender

    channels = load_command_channels(settings)
    quiet = build_quiet_policy(settings, ConfigFile.load(settings.config_path), channels)
    limits, confirmation = build_protocol_limits(settings), build_confirmation(settings, redis)
    return ProactiveSender(redis, add_web_channel(channels), limits, quiet, confirmation)
