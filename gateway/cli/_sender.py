"""Sender of commands: the configured channels, and the simulated ones of a running `turngate run`."""

from __future__ import annotations

from collections.abc import Sequence
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


def build_sender(stores: Sequence[Redis], settings: Settings) -> ProactiveSender:
    """Build the sender that the web process uses, too."""
    from gateway.bootstrap import PartitionStores
    from gateway.config.channel_config import ConfigFile

    channels = load_command_channels(settings)
    config = ConfigFile.load(settings.config_path)
    return PartitionStores(settings, config, channels, stores, confirms=True).sender
