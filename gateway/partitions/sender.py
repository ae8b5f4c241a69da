"""Sender over several partitions: a message goes to the partition of its contact."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal

import httpx
from redis.asyncio import Redis

from core.errors import InvalidContact
from core.model import Message, Reply
from core.ports import Channel
from gateway.partitions.inbox import PartitionedInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.schedule import CancelOutcome
from gateway.redis.sending.first_contact import ContactAddress, find_conversation, names_of
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome, SendReceipt


class PartitionedSender(ProactiveSender):
    """Sends by the sender of the contact's partition. Scheduled messages are released by their own one."""

    def __init__(
        self,
        senders: Sequence[ProactiveSender],
        stores: Sequence[Redis],
        channels: Mapping[str, Channel[httpx.AsyncClient]],
        inbox: PartitionedInbox,
        protocol: ProtocolLimits,
    ) -> None:
        """Create the sender of `stores`; `senders` has one for each, `inbox` places new contacts."""
        super().__init__(stores[0], channels, protocol)
        self._senders = senders
        self._all_channels = channels
        self._inbox = inbox

    async def send(
        self,
        session: str,
        key: str,
        message: Message,
        voice: Literal["bot", "person"] = "bot",
        *,
        at_ms: int = 0,
        category: str = "marketing",
    ) -> SendReceipt:
        """Put a message into a session's outbox, or return why it is refused."""

        async def send(sender: ProactiveSender) -> SendReceipt:
            return await sender.send(session, key, message, voice, at_ms=at_ms, category=category)

        return await self._follow(session, lambda: self._inbox.directory.find(session), send)

    async def send_to(
        self,
        contact: ContactAddress,
        key: str,
        message: Message,
        *,
        at_ms: int = 0,
        category: str = "marketing",
    ) -> SendReceipt:
        """Send a message to a contact who may never have written, in a session that it opens if needed."""

        async def send(sender: ProactiveSender) -> SendReceipt:
            return await sender.send_to(contact, key, message, at_ms=at_ms, category=category)

        try:
            names = names_of(find_conversation(self._all_channels, contact))
        except InvalidContact:
            return await send(self._senders[0])  # which refuses it
        return await self._follow(names[0], lambda: self._inbox.place_contact(names), send)

    async def preview(self, contact: ContactAddress, message: Message) -> tuple[SendReceipt, list[Reply]]:
        """Return the outcome that a message to a contact would have now, and its parts; nothing is sent."""
        return await (await self._sender_of_contact(contact)).preview(contact, message)

    async def find_session(self, contact: ContactAddress) -> str:
        """Return the session of a contact, which need not exist. Raises `InvalidContact`."""
        return await (await self._sender_of_contact(contact)).find_session(contact)

    async def cancel(self, session: str, key: str) -> CancelOutcome:
        """Cancel a scheduled message, also in a partition that its contact has left."""
        present = await self._sender_of_session(session)
        outcome = await present.cancel(session, key)
        for sender in self._senders:
            if outcome is CancelOutcome.UNKNOWN and sender is not present:
                outcome = await sender.cancel(session, key)
        return outcome

    async def _follow(
        self,
        name: str,
        find: Callable[[], Awaitable[int]],
        send: Callable[[ProactiveSender], Awaitable[SendReceipt]],
    ) -> SendReceipt:
        """Send in the partition that `find` returns, or where the contact has been moved to meanwhile."""
        number = await find()
        receipt = await send(self._senders[number])
        if receipt.outcome is not SendOutcome.MOVED:
            return receipt

        async def send_in(place: int) -> SendReceipt | None:
            receipt = await send(self._senders[place])
            return None if receipt.outcome is SendOutcome.MOVED else receipt

        return await self._inbox.follow(number, name, find, send_in)

    async def _sender_of_session(self, session: str) -> ProactiveSender:
        return self._senders[await self._inbox.directory.find(session)]

    async def _sender_of_contact(self, contact: ContactAddress) -> ProactiveSender:
        """Return the sender of a contact's partition; any sender for an invalid contact, which it refuses."""
        try:
            conversation = find_conversation(self._all_channels, contact)
        except InvalidContact:
            return self._senders[0]
        return self._senders[await self._inbox.place_contact(names_of(conversation))]
