"""Erasure of a contact who has another number by now, or was first written to by e-mail address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from core.model import Message, Reply, SentMessage
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.encryption.key_ring import generate_master_key, parse_encryption_keys
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.contact_search import ContactSearch
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.contacts.key_content import read_key
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.outbox import ProactiveSender
from tests.channels.intercom import builders as intercom
from tests.channels.whatsapp import builders as meta
from tests.gateway.contacts.test_contacts import build_meta_message, build_number_change
from tests.gateway.contacts.test_shared_opt_outs import EMAIL, USER, build_intercom_message
from tests.gateway.environments.inbound import InboundGateway

OLD, NEW = meta.PHONE, "12025550189"
SESSION = f"whatsapp:{meta.OURS}:{meta.USER_ID}"


@pytest.fixture(params=[False, True], ids=["clear", "encrypted"])
async def gateway(redis: Redis, request: pytest.FixtureRequest) -> AsyncIterator[InboundGateway]:
    if request.param:
        use_cipher(redis, parse_encryption_keys(generate_master_key()))
    made = InboundGateway(redis, ["whatsapp", "intercom"], desk=True)
    yield made
    await made.mailbox.aclose()


async def find_keys(redis: Redis, *words: str) -> list[str]:
    """Return every key that has one of the words in its name or its content."""
    found = []
    async for key in redis.scan_iter("*"):
        content = f"{key.decode()} {await read_key(redis, key.decode())!r}".lower()
        found += [key.decode() for word in words if word in content]
    return found


@pytest.mark.parametrize("identifier", [NEW, OLD, meta.USER_ID, SESSION])
async def test_a_number_that_the_contact_gave_up_is_erased_too(
    gateway: InboundGateway, identifier: str
) -> None:
    await gateway.receive(build_meta_message(1, OLD, meta.USER_ID), SESSION)
    await gateway.inbox.accept(build_number_change())
    await gateway.receive(build_meta_message(2, NEW, meta.USER_ID), SESSION)
    await gateway.send(SESSION, "own-1")

    receipt = await ContactErasure(gateway.redis).erase(identifier)

    assert receipt.sessions >= 1
    assert await find_keys(gateway.redis, OLD, NEW, meta.USER_ID.lower()) == []


async def test_the_next_owner_of_a_number_is_not_erased(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, OLD, meta.USER_ID), SESSION)
    await gateway.inbox.accept(build_number_change())
    await gateway.inbox.accept(build_meta_message(2, OLD, None))
    [next_session] = (await ContactSearch(gateway.redis).find(OLD)).sessions

    await ContactErasure(gateway.redis).erase(NEW)

    assert next_session != SESSION
    assert (await ContactSearch(gateway.redis).find(OLD)).sessions == (next_session,)


@pytest.mark.parametrize("last_words", ["bye", "unsubscribe"])
async def test_nothing_of_a_contact_stays_who_was_first_written_to(
    gateway: InboundGateway, last_words: str
) -> None:
    channels: Any = {"intercom": intercom.build_channel(INTERCOM_WORKSPACE_ID=intercom.APP)}
    sender = ProactiveSender(gateway.redis, channels, ProtocolLimits())
    contact = ContactAddress(channel="intercom", to=EMAIL)
    receipt = await sender.send_to(contact, "own-1", Message(text="zebrafish offer"))
    gateway.channel.open_thread = open_thread
    await gateway.processor.run(receipt.session)
    gateway.channel.open_thread = lambda reply: None
    for number, text in enumerate(("hello zebrafish", last_words), start=1):
        await gateway.receive(build_intercom_message(101, number, text), f"intercom:{intercom.APP}:101")

    await ContactErasure(gateway.redis).erase(EMAIL)

    assert await find_keys(gateway.redis, EMAIL, USER, "zebrafish") == []


def open_thread(reply: Reply) -> SentMessage:
    thread = reply.address.model_copy(update={"theirs": "77"})
    return SentMessage(provider_id="77", thread=thread, thread_session=f"intercom:{intercom.APP}:message:77")
