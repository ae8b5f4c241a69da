"""First contact: finds or names the session of a contact to whom the business writes."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from redis.asyncio import Redis

from core.errors import InvalidContact
from core.ports import Channel, NewConversation, StartsConversations
from gateway.redis.records.contacts.identities import resolve_names
from gateway.redis.records.schedule import ContactAddress

__all__ = ["ContactAddress", "find_conversation", "names_of", "resolve_session"]


def find_conversation(
    channels: Mapping[str, Channel[httpx.AsyncClient]], contact: ContactAddress
) -> NewConversation:
    """Return the conversation with a contact. Raises `InvalidContact`."""
    channel = channels.get(contact.channel_name)
    if channel is None:
        raise InvalidContact(f"the channel {contact.channel_name} is not configured here")
    if not isinstance(channel, StartsConversations):
        raise InvalidContact(f"on the channel {contact.channel} the contact has to write first")
    found = channel.start_conversation(contact.to, contact.sender)
    address = found.address.model_copy(update={"channel": contact.channel_name})
    return NewConversation(address, found.session, found.aliases, found.consent_names)


def names_of(conversation: NewConversation) -> tuple[str, ...]:
    """Return all names of a contact; names that only share an opt-out come last."""
    return (*(conversation.aliases or (conversation.session,)), *conversation.consent_names)


async def resolve_session(redis: Redis, conversation: NewConversation, retention_ms: int) -> str:
    """Return the session of a conversation; for `retention_ms` all names of the contact lead to it."""
    if not (conversation.aliases or conversation.consent_names):
        return conversation.session
    return await resolve_names(
        redis,
        conversation.aliases or (conversation.session,),
        retention_ms,
        consent_names=conversation.consent_names,
        is_linked=bool(conversation.aliases),
    )
