"""Contract tests of every channel: subclass `ChannelCases` and provide the provider's samples."""

from __future__ import annotations

from tests.channels.contract.sending_cases import SendingCases
from tests.channels.contract.webhook_cases import WebhookCases


class ChannelCases(WebhookCases, SendingCases):
    """Contract tests; see `ChannelSamples` for what a channel provides."""
