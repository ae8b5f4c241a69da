"""Inbox of webhooks: decorators around the one on Redis."""

from __future__ import annotations

from redis.asyncio import Redis

from core.ports import Inbox
from gateway.bootstrap.accounts import (
    Channels,
    add_web_channel,
    find_abuse_limits,
    find_desk_channels,
    find_participant_policies,
    find_windows,
)
from gateway.bootstrap.limits import build_protocol_limits
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.middleware.inbox.message_deletions import MessageDeletions
from gateway.middleware.inbox.opt_out_requests import OptOutRequests
from gateway.middleware.inbox.text_index import TextIndex
from gateway.middleware.inbox.webhook_recorder import WebhookRecorder
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.operators.kept_webhooks import KeptWebhooks
from gateway.redis.records.redaction.message_redaction import MessageRedaction
from gateway.redis.records.sessions.search.word_index import WordIndex


def build_inbox(
    settings: Settings,
    config: ConfigFile,
    channels: Channels,
    redis: Redis,
    confirmation: ReplicaConfirmation | None = None,
    words: WordIndex | None = None,
) -> IdentityResolver:
    """Build the inbox: resolves the contact, recognizes opt-outs, then stores the events.

    With `words` the texts are indexed for the console's search.
    """
    limits = build_protocol_limits(settings)
    inbox: Inbox = RedisInbox(
        redis,
        limits,
        config.concurrency,
        find_desk_channels(channels),
        find_participant_policies(settings, config, channels),
        find_windows(channels),
        find_abuse_limits(settings, config, add_web_channel(channels)),
        confirmation,
    )
    if words is not None:
        inbox = TextIndex(inbox, words)
    inbox = MessageDeletions(inbox, MessageRedaction(redis, limits), words)
    kept = KeptWebhooks(redis, settings.webhook_hours)
    if kept.is_on:
        inbox = WebhookRecorder(inbox, kept)
    opt_out_words = [word.strip() for word in settings.opt_out_words.split(",") if word.strip()]
    inbox = OptOutRequests(redis, inbox, channels, opt_out_words)
    return IdentityResolver(redis, inbox, threaded=find_desk_channels(channels), protocol=limits)
