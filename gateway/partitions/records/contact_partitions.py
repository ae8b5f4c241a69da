"""Records of contacts for programs and operators, in one partition or in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from core.ports import Inbox
from gateway.partitions.directory import PartitionDirectory
from gateway.partitions.records.contacts import PartitionedErasure, PartitionedOptOuts, export_everywhere
from gateway.partitions.records.messages import PartitionedMessages
from gateway.partitions.records.redaction import PartitionedRedaction
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.contact_export import export_contact
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.sessions.opt_outs import OptOuts
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages


class ContactPartitions:
    """Records of contacts; each of `stores` has its own one of `inboxes`."""

    def __init__(
        self,
        stores: Sequence[Redis],
        inboxes: Sequence[Inbox],
        protocol: ProtocolLimits | None = None,
        confirmations: Sequence[ReplicaConfirmation] = (),
    ) -> None:
        self._stores = stores
        self._directory = PartitionDirectory(stores, protocol)
        self.erasure = build_erasure(stores, confirmations)
        self.opt_outs = build_opt_outs(stores, inboxes)
        self.redaction = PartitionedRedaction(stores, inboxes, protocol or ProtocolLimits())
        self.messages = build_messages(stores, self._directory)

    async def find_store(self, session: str) -> Redis:
        """Return the partition of a session."""
        if len(self._stores) == 1:
            return self._stores[0]
        return self._stores[await self._directory.find(session)]

    async def export(self, contact: str) -> dict[str, Any] | None:
        """Return all stored data of a contact; `None` if there is none."""
        return await export_stored(self._stores, contact)


def build_erasure(
    stores: Sequence[Redis], confirmations: Sequence[ReplicaConfirmation] = ()
) -> ContactErasure:
    """Build the erasure of contacts from one partition or from all; with `confirmations` replicas have it."""
    if len(stores) == 1:
        return ContactErasure(stores[0], confirmations=confirmations)
    return PartitionedErasure(stores, confirmations)


def build_opt_outs(stores: Sequence[Redis], inboxes: Sequence[Inbox]) -> OptOuts:
    """Build the opt-outs of one partition or of all."""
    return OptOuts(stores[0], inboxes[0]) if len(stores) == 1 else PartitionedOptOuts(stores, inboxes)


def build_messages(stores: Sequence[Redis], directory: PartitionDirectory | None = None) -> ProactiveMessages:
    """Build the records of proactive messages in one partition or in all."""
    if len(stores) == 1:
        return ProactiveMessages(stores[0])
    return PartitionedMessages(stores, directory or PartitionDirectory(stores))


async def export_stored(stores: Sequence[Redis], contact: str) -> dict[str, Any] | None:
    """Return the stored data of a contact in one partition or in all; `None` if there is none."""
    if len(stores) == 1:
        return await export_contact(stores[0], contact)
    return await export_everywhere(stores, contact)
