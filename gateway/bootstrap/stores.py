"""Builds the parts that use the store, once per partition, and the routing between partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

from core.ports import RateLimit
from gateway.bootstrap.accounts import (
    Channels,
    add_web_channel,
    build_quiet_policy,
    find_abuse_limits,
    find_windows,
)
from gateway.bootstrap.limits import build_confirmation, build_protocol_limits
from gateway.bootstrap.webhook_inbox import build_inbox
from gateway.broadcasts.partitioned_broadcasts import PartitionedBroadcasts
from gateway.broadcasts.store import Broadcasts
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.partitions.directory import hash_name
from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.mailbox import HomePace, PartitionMailbox
from gateway.partitions.message_pointers import MessagePointers
from gateway.partitions.sender import PartitionedSender
from gateway.partitions.shared_budgets import SharedBudgets
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.sessions.search.word_index import WordIndex
from gateway.redis.sending.outbox import ProactiveSender

_SWEEP_SECONDS: Final = 0.5
_PARTITIONS_PER_SWEEP: Final = 8


@dataclass(frozen=True, slots=True)
class PartitionStore:
    """Objects that each partition has of its own."""

    redis: Redis
    inbox: IdentityResolver
    sender: ProactiveSender
    words: WordIndex | None
    confirmation: ReplicaConfirmation | None


class PartitionStores:
    """All partitions; `inbox` and `sender` choose the contact's one."""

    def __init__(
        self,
        settings: Settings,
        config: ConfigFile,
        channels: Channels,
        stores: Sequence[Redis],
        *,
        confirms: bool,
    ) -> None:
        """Build them; with `confirms` replicas confirm what inbox and sender accept, where that is set."""
        self._settings = settings
        self._config = config
        self._channels = add_web_channel(channels)
        self._abuse = find_abuse_limits(settings, config, self._channels)
        self._stores = stores
        self.limits = build_protocol_limits(settings)
        quiet = build_quiet_policy(settings, config, channels)
        self.each: list[PartitionStore] = []
        for redis in stores:
            words = WordIndex(redis, self.limits) if settings.text_search else None
            confirmation = build_confirmation(settings, redis)
            confirming = confirmation if confirms else None
            inbox = build_inbox(settings, config, channels, redis, confirming, words if confirms else None)
            sender = ProactiveSender(redis, self._channels, self.limits, quiet, confirming, words)
            self.each.append(PartitionStore(redis, inbox, sender, words, confirmation))
        self.inbox: IdentityResolver = self.each[0].inbox
        self.sender = self.each[0].sender
        if len(stores) > 1:
            placing = PartitionedInbox([each.inbox for each in self.each], stores, self.limits)
            senders = [each.sender for each in self.each]
            self.inbox = placing
            self.sender = PartitionedSender(senders, stores, self._channels, placing, self.limits)

    @property
    def confirmations(self) -> list[ReplicaConfirmation]:
        """Confirmations by the replicas of the partitions; none where the primary's storage is enough."""
        return [each.confirmation for each in self.each if each.confirmation]

    @property
    def sweep_seconds(self) -> float:
        """Seconds between two sweeps of a partition; longer with many, so that their sum stays the same."""
        return _SWEEP_SECONDS * max(1.0, len(self._stores) / _PARTITIONS_PER_SWEEP)

    async def find_partition(self, name: str) -> int:
        """Return the number of the partition of a contact by one of their names. Raises `RedisError`."""
        inbox = self.inbox
        return await inbox.directory.find(name) if isinstance(inbox, PartitionedInbox) else 0

    def find_others(self, number: int) -> Sequence[Redis]:
        """Return all partitions but one."""
        return [each.redis for index, each in enumerate(self.each) if index != number]

    def find_echo_stores(self, key: str) -> Sequence[Redis]:
        """Return the partitions, first that of a reply's key that statuses return.

        While partitions are added, a process that knows another number may have stored it elsewhere.
        """
        home = hash_name(key, len(self._stores))
        return (self._stores[home], *(each for each in self._stores if each is not self._stores[home]))

    def build_broadcasts(self) -> Broadcasts:
        """Build the records of broadcasts, in one partition or in all of them."""
        if not isinstance(self.inbox, PartitionedInbox):
            return Broadcasts(self._stores[0], self.limits, self.confirmations)
        return PartitionedBroadcasts(
            self._stores, self.limits, self._channels, self.inbox.place_contact, self.confirmations
        )

    def build_mailbox(self, number: int) -> RedisMailbox:
        """Build the mailbox of a partition."""
        each = self.each[number]
        windows = find_windows(self._channels)
        rates = self._find_rates()
        if not isinstance(self.inbox, PartitionedInbox):
            return RedisMailbox(
                each.redis,
                self.limits,
                rates,
                windows,
                abuse=self._abuse,
                confirmation=each.confirmation,
                words=each.words,
            )
        return PartitionMailbox(
            number,
            self.inbox,
            MessagePointers(self._stores, self.limits),
            HomePace(self._stores[0], rates, self.limits),
            redis=each.redis,
            protocol=self.limits,
            windows=windows,
            abuse=self._abuse,
            confirmation=each.confirmation,
            words=each.words,
        )

    def build_budgets(self) -> SharedBudgets | None:
        """Build the sharing of the accounts' daily budgets; `None` without budgets or with one partition."""
        has_budgets = any(
            each.account_messages_per_day or each.account_tokens_per_day for each in self._abuse.values()
        )
        is_shared = has_budgets and len(self._stores) > 1
        return SharedBudgets(self._stores, 2 * self.sweep_seconds) if is_shared else None

    def _find_rates(self) -> dict[str, RateLimit]:
        return {
            name: self._config.rate_limit_for(name, channel.capabilities.pace)
            for name, channel in self._channels.items()
        }
