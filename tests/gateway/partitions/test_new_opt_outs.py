"""Opt-outs of contacts who have never written, with several partitions."""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import Redis

from core.model import ControlAction, OptOutScope
from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.records.contact_partitions import build_opt_outs
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.session_keys import session_key
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.new_opt_outs import NewOptOuts
from gateway.redis.sending.send_outcome import SendOutcome
from tests.channels.whatsapp import builders as meta
from tests.gateway.partitions.test_moved_contacts import NEWS, build_senders

NUMBERS = [f"+1202555{number:04}" for number in range(120, 132)]


def build_contact(number: str) -> ContactAddress:
    return ContactAddress(channel="whatsapp", to=number, sender=meta.OURS)


async def test_they_count_in_the_partition_of_the_contact(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    _, sender = build_senders(stores, inbox)
    opt_outs = NewOptOuts(sender, inbox)
    for number in NUMBERS:
        await opt_outs.opt_out(build_contact(number), OptOutScope.ALL, actor="import")
    counts = [await each.zcard("tg:optouts") for each in stores]
    assert (sum(counts), max(counts) < len(NUMBERS)) == (len(NUMBERS), True)
    listed = await build_opt_outs(stores, [RedisInbox(each) for each in stores]).list_all()
    assert {f"+{row.contact.removeprefix('+')}" for row in listed} == set(NUMBERS)

    phone = NUMBERS[0].removeprefix("+")  # its message has a user ID, too
    value = meta.build_value(meta.build_message(**{"from": phone}), contacts=[meta.build_contact(phone)])
    batch = meta.build_webhook(meta.build_batch(value))
    await inbox.accept(meta.build_channel().parse(batch))
    session = await sender.find_session(build_contact(NUMBERS[0]))
    optouts = [await each.hget(session_key(session), "optout") for each in stores]
    assert sorted(map(bool, optouts)) == [False, False, False, True]

    changes = build_opt_outs(stores, [RedisInbox(each) for each in stores])
    for number in NUMBERS[1:3]:
        await changes.change(number, ControlAction.OPT_IN)
    outcomes = [
        (await sender.send_to(build_contact(number), f"own-{number}", NEWS)).outcome for number in NUMBERS[:4]
    ]
    refused, allowed = SendOutcome.OPTED_OUT, SendOutcome.WINDOW  # WhatsApp takes only templates here
    assert outcomes == [refused, allowed, allowed, refused]
