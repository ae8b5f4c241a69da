"""Search of a contact: by any identifier, in any spelling, also after the session."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from gateway.redis.encryption.cipher import cipher_of, use_cipher
from gateway.redis.encryption.key_ring import generate_master_key, parse_encryption_keys
from gateway.redis.records.contacts.contact_export import export_contact
from gateway.redis.records.contacts.contact_search import ContactSearch
from gateway.redis.records.contacts.erasure import ContactErasure
from tests.channels.twilio.builders import ACCOUNT
from tests.channels.whatsapp import builders as meta
from tests.gateway.contacts.traces import (
    EMAIL,
    NAME,
    NUMBER,
    OURS,
    SMS,
    SPELLINGS,
    TEXT,
    TICKET,
    WHATSAPP,
    build_comment,
    build_sms,
    build_whatsapp_message,
)
from tests.gateway.environments.inbound import InboundGateway


@pytest.mark.parametrize("spelling", [*SPELLINGS, NAME, NAME.upper()])
async def test_a_contact_is_found_by_any_identifier_in_any_spelling(
    gateway: InboundGateway, spelling: str
) -> None:
    await gateway.receive(build_whatsapp_message(1), WHATSAPP)
    await gateway.receive(build_sms(1), SMS)

    assert (await ContactSearch(gateway.redis).find(spelling)).sessions == (SMS, WHATSAPP)


@pytest.mark.parametrize("spelling", [EMAIL, EMAIL.upper(), "7700", NAME, NAME.lower(), TICKET])
async def test_a_tickets_requester_is_found(gateway: InboundGateway, spelling: str) -> None:
    await gateway.receive(build_comment(1), TICKET)

    assert (await ContactSearch(gateway.redis).find(spelling)).sessions == (TICKET,)


@pytest.mark.parametrize("other", ["+15550102361", OURS, meta.OURS, "US.1", "Zoe", "acme", "+5159", ACCOUNT])
async def test_nobody_else_is_found(gateway: InboundGateway, other: str) -> None:
    """The business's own side of a conversation is not its contact."""
    await gateway.receive(build_whatsapp_message(1), WHATSAPP)
    await gateway.receive(build_sms(1), SMS)

    assert (await ContactSearch(gateway.redis).find(other)).sessions == ()
    assert (await ContactErasure(gateway.redis).erase(other)).is_empty


@pytest.mark.parametrize("spelling", [NUMBER, "+1 555 010 2360", SMS])
async def test_what_outlived_the_session_is_found(redis: Redis, spelling: str) -> None:
    use_cipher(redis, parse_encryption_keys(generate_master_key()))
    sealer = await cipher_of(redis).sealer()
    for session in (SMS, f"{SMS}9"):
        reply = sealer.stored_reply(session, f'{{"key":"1","body":"{TEXT}"}}'.encode()).decode()
        await redis.xadd("tg:dead", {"session": session, "letter": f'{{"reason":"no","reply":{reply}}}'})
        await redis.xadd("tg:hook_dead", {"hook": "crm", "session": session, "event": "{}"})

    exported = await export_contact(redis, spelling)
    assert exported is not None
    [letter] = exported["records"]["dead letters"]
    assert TEXT in str(letter)
    assert (await ContactErasure(redis).erase(spelling)).removed == {"dead letters": 1, "hook events": 1}
    assert [await redis.xlen(stream) for stream in ("tg:dead", "tg:hook_dead")] == [1, 1]
