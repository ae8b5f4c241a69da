"""Partitions that are added while contacts write: nothing is lost, nobody is written to twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import httpx
import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from core.errors import ConfigurationError, StorageUnavailable
from core.model import DeliveryStatus, Message, MessageTemplate, Reply, StatusChanged
from core.ports import AcceptResult
from gateway.bootstrap import spread_contacts
from gateway.broadcasts.broadcast import BroadcastState
from gateway.broadcasts.store import BroadcastAct, Broadcasts, StartResult
from gateway.hooks.subscriptions import Subscriptions
from gateway.middleware.channel.status_lookup import StatusLookup
from gateway.partitions.directory import PartitionDirectory, hash_name
from gateway.partitions.layout import read_spread, spread_over
from gateway.partitions.message_pointers import MessagePointers
from gateway.partitions.records.contact_partitions import build_erasure
from gateway.redis.connection.connect import open_redis
from gateway.redis.connection.outages.error_messages import describe_storage_error
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.templates import TemplateRecords
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.server.readiness import Readiness
from tests.channels.whatsapp.builders import OURS, build_channel
from tests.fakes import ADDRESS
from tests.gateway.contacts.traces import SMS, leave_traces_everywhere
from tests.gateway.environments.broadcasts import SPRING, build_number, build_rows
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.partitions.inboxes import build_inbox, build_message, build_status
from tests.gateway.partitions.mailboxes import build_mailbox, commit_reply
from tests.gateway.partitions.test_broadcasts import Partitions
from tests.gateway.partitions.test_directory import find_names
from tests.gateway.partitions.test_records import build_subscription

LIMITS = ProtocolLimits()
MISSING = "TURNGATE_PARTITIONS is 1, but contacts are spread over 4 partitions; set TURNGATE_PARTITIONS=4"


@pytest.fixture
async def partitions(stores: Sequence[Redis]) -> AsyncIterator[Partitions]:
    """Four partitions of a cluster whose contacts are in the first one."""
    await stores[0].delete("tg:partitions")
    made = Partitions(stores)
    yield made
    for rig in made.rigs:
        await rig.gateway.mailbox.aclose()


async def dump(store: Redis) -> dict[bytes, bytes | None]:
    """Return every key of a partition with its content."""
    return {key: await store.dump(key) async for key in store.scan_iter("*")}


async def test_what_there_is_stays_as_it_is(stores: Sequence[Redis]) -> None:
    home, *others = stores
    gateway = InboundGateway(home, ["twilio", "whatsapp", "zendesk"])
    await leave_traces_everywhere(gateway)
    await Broadcasts(home, LIMITS).change("spring", BroadcastAct.STOP)
    await home.delete("tg:partitions")
    before = await dump(home)

    await spread_contacts(stores, LIMITS)

    assert {**before, b"tg:partitions": await home.dump("tg:partitions")} == await dump(home)
    added = {key.decode().partition(":")[2] for each in others for key in await dump(each)}
    assert added <= {"hooks", "hook_events", "hook:crm", "template_states", "template_changes"}
    assert await PartitionDirectory(stores).find(SMS) == 0
    await gateway.mailbox.aclose()


def find_moving_names() -> list[str]:
    """Return names whose entries are in another partition with four partitions than with two."""
    names = [f"fake:{number}" for number in range(100)]
    return [name for name in names if hash_name(name, 4) != hash_name(name, 2)]


async def test_added_partitions_have_the_hooks_and_the_templates(stores: Sequence[Redis]) -> None:
    template = MessageTemplate(name="hello", language="en", status="approved", text="Hello", id="HX1")
    await Subscriptions(stores[0]).add(build_subscription())
    await Subscriptions(stores[2]).add(build_subscription())  # by a command that was killed
    await TemplateRecords(stores[0]).replace("fake", [template], 5)
    await stores[0].delete("tg:partitions")

    assert await spread_contacts(stores, LIMITS) == 1
    assert await spread_contacts(stores, LIMITS) == 4

    hooks = [await Subscriptions(each).list_all() for each in stores]
    assert [[hook.name for hook in each] for each in hooks] == [["crm"]] * 4
    assert [await TemplateRecords(each).find("fake", "HX1", "en") for each in stores] == [template] * 4
    assert all([await TemplateRecords(each).read_report("fake") for each in stores])


async def test_a_broadcast_of_one_partition_ends_before_contacts_are_spread(partitions: Partitions) -> None:
    stores, before = partitions.stores, partitions.rigs[0].store
    await before.start(SPRING, build_rows(3))
    with pytest.raises(ConfigurationError, match="have no place yet: spring"):
        await spread_contacts(stores, LIMITS)
    await before.change("spring", BroadcastAct.PAUSE)
    with pytest.raises(ConfigurationError, match="have no place yet: spring"):
        await spread_contacts(stores, LIMITS)
    assert await read_spread(stores[0], 4) == 1
    await before.change("spring", BroadcastAct.RESUME)
    await partitions.run()

    await spread_contacts(stores, LIMITS)

    progress = await partitions.store.read("spring")
    assert progress is not None
    assert (progress.state, progress.sent) == (BroadcastState.FINISHED, 3)
    assert await partitions.store.start(SPRING, build_rows(3)) is StartResult.RUNNING_ALREADY
    assert await partitions.store.start(SPRING, build_rows(4)) is StartResult.OTHER
    await partitions.run()
    assert partitions.receivers() == [build_number(number) for number in range(3)]


async def test_a_broadcast_that_runs_over_all_partitions_does_not_hold_up_growth(
    partitions: Partitions,
) -> None:
    await partitions.store.start(SPRING, build_rows(3))
    assert await partitions.store.list_names() == ["spring"]

    assert await spread_contacts(partitions.stores, LIMITS) == 1


async def test_of_two_commands_at_once_the_higher_number_stays(stores: Sequence[Redis]) -> None:
    await stores[0].delete("tg:partitions")

    counts = [3, 4] * 4
    results = await asyncio.gather(
        *(spread_over(stores[0], count) for count in counts), return_exceptions=True
    )

    assert await read_spread(stores[0], 4) == 4
    assert {type(each) for each in results} <= {int, ConfigurationError}


async def test_a_name_that_was_moved_leads_there_also_when_its_entry_has_another_home(
    stores: Sequence[Redis],
) -> None:
    name = find_moving_names()[0]
    before, after = PartitionDirectory(stores[:2]), PartitionDirectory(stores)
    for store in stores[:2]:  # the session of before has ended, but is still there
        await store.hset(session_key(name), "owner", "closed")
    await before.move([name], 1)

    assert await after.find(name) == 1
    assert (await after.place([name])).number == 1
    await after.move([name], 0)
    assert [await each.find(name) for each in (before, after)] == [0, 0]


async def test_a_name_is_moved_while_another_partition_is_away(stores: Sequence[Redis]) -> None:
    name = find_names(1)[0]
    away = open_redis("redis://127.0.0.1:1")

    await PartitionDirectory([*stores[:3], away]).move([name], 2)

    assert await PartitionDirectory(stores).find(name) == 2


async def test_a_contact_is_forgotten_where_its_entry_was_before(stores: Sequence[Redis]) -> None:
    name = find_moving_names()[0]
    await stores[0].set("tg:partitions", 2)
    await PartitionDirectory(stores[:2]).place([name])
    await build_inbox(stores).accept([build_message(1, name)])
    assert len([1 for each in stores async for _ in each.scan_iter("tg:place:*")]) == 2

    await build_erasure(stores).erase(name)

    assert not [key for each in stores async for key in each.scan_iter(f"*{name}*")]


async def test_a_status_finds_a_message_that_was_sent_when_there_were_fewer_partitions(
    stores: Sequence[Redis],
) -> None:
    await stores[0].set("tg:partitions", 2)
    before, after = build_inbox(stores[:2]), build_inbox(stores)
    session = next(name for name in find_moving_names() if hash_name(name, 2) == 1)
    await before.accept([build_message(1, session)])
    mailbox = build_mailbox(stores[:2], before, 1, {})
    claim, reply = await commit_reply(mailbox, session)
    await mailbox.mark_sending(claim.lease, reply)
    ids = [f"P{number}" for number in range(8)]
    for each in ids:
        await mailbox.record_sent(claim.lease, reply, each)

    assert set(await after.accept([build_status(each) for each in ids])) == {AcceptResult.NEW}
    read = StatusChanged(channel="fake", provider_id="P0", status=DeliveryStatus.READ)
    assert await after.accept([read]) == [AcceptResult.NEW]
    assert await after.accept([build_status("unknown")]) == [AcceptResult.EARLY]
    assert [await MessagePointers(stores).find("fake", each) for each in ids] == [1] * 8
    await mailbox.aclose()


async def test_a_key_that_a_status_returned_is_found_in_another_partition(stores: Sequence[Redis]) -> None:
    reply = Reply(key="wamid.1.1", address=ADDRESS, body="Hi")
    status = StatusChanged(
        channel="whatsapp", provider_id="wamid.X", status=DeliveryStatus.SENT, reply_key=reply.global_key
    )
    await IdentityResolver(stores[3], RedisInbox(stores[3])).store_sent_ids([status])
    async with httpx.AsyncClient() as http:
        found = await StatusLookup(build_channel(), lambda _: stores).find_sent(
            reply, http, since=datetime.now(UTC), known=()
        )

    assert found is not None
    assert found.provider_id == "wamid.X"


async def test_a_process_that_began_with_too_few_partitions_says_so(stores: Sequence[Redis]) -> None:
    name = next(name for name in find_moving_names() if hash_name(name, 4) == 3)
    await stores[hash_name(name, 2)].set(f"tg:place:{name}", 3)
    few = stores[:2]

    for call in (PartitionDirectory(few).find(name), PartitionDirectory(few).place([name])):
        with pytest.raises(StorageUnavailable, match="TURNGATE_PARTITIONS=4"):
            await call
    pointers = MessagePointers(few)
    provider_id = next(id for number in range(99) if hash_name(f"fake:{(id := f'P{number}')}", 2) == 0)
    await stores[0].set(f"tg:sent_in:fake:{provider_id}", 3)
    with pytest.raises(StorageUnavailable, match="TURNGATE_PARTITIONS=4"):
        await pointers.find("fake", provider_id)


async def test_a_process_with_one_partition_that_missed_the_growth_stores_nothing(
    stores: Sequence[Redis],
) -> None:
    """It began while the server was away, and read no number."""
    limits = ProtocolLimits(partitions=1)
    inbox = RedisInbox(stores[0], limits)
    sender = ProactiveSender(stores[0], {"whatsapp": build_channel()}, limits)
    message = build_message(1, SMS)

    with pytest.raises(StorageUnavailable) as refused:
        await inbox.accept([message])
    assert describe_storage_error(refused.value) == MISSING
    assert await Readiness(stores[0], protocol=limits).storage_problem() == MISSING
    with pytest.raises(ResponseError, match="set TURNGATE_PARTITIONS=4"):
        await sender.send_to(
            ContactAddress(channel="whatsapp", to="+15550170", sender=OURS), "own-1", Message(text="hi")
        )
    assert await stores[0].exists(session_key(SMS, ":mail")) == 0

    await stores[0].delete("tg:partitions")
    assert await inbox.accept([message]) == [AcceptResult.NEW]
