"""Records of operators over partitions: hooks, dead letters, contacts."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest
from redis.asyncio import Redis

from core.errors import StorageUnavailable
from core.model import ControlAction, ControlReceived, MessageTemplate
from core.ports import AcceptResult, Commit
from gateway.hooks.partitioned_subscriptions import PartitionedSubscriptions
from gateway.hooks.payload import event_id
from gateway.hooks.subscription import Subscription, create_subscription
from gateway.hooks.subscriptions import Subscriptions
from gateway.partitions.directory import hash_name
from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.records.contact_partitions import build_erasure, build_opt_outs, export_stored
from gateway.partitions.records.dead_letters import PartitionedDeadLetters
from gateway.partitions.records.numbered_ids import split_id
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.inbox import RedisInbox
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.hook_events import HookEvent, state_key
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.dead_letters import ReplayOutcome
from gateway.redis.records.templates import TemplateRecords
from gateway.redis.sending.template_sync import TemplateSync
from tests.fakes import ADDRESS, FakeChannel
from tests.gateway.partitions.inboxes import build_message, read_mailbox_lengths
from tests.gateway.partitions.test_directory import find_names


def build_subscription() -> Subscription:
    return create_subscription(
        "https://example.com/in", name="crm", events=(), include=(), private_hosts=[], now_ms=1
    )


async def test_a_hook_is_changed_in_all_partitions(stores: Sequence[Redis]) -> None:
    hooks, each = PartitionedSubscriptions(stores), [Subscriptions(store) for store in stores]
    await hooks.add(build_subscription())
    await each[2].remove("crm")  # as if the command had been killed on its way

    changed = await hooks.change("crm", lambda hook: hook.rotate(2, 1_000))

    assert changed is not None
    assert [(await one.list_all())[0].secrets for one in each] == [changed.secrets] * 4
    for number, store in enumerate(stores):
        await store.hset(state_key("crm"), mapping={"delivered": 2, "last_failure": number})
    assert (await hooks.read_status("crm")).delivered == 8
    await each[3].change("crm", lambda hook: hook.model_copy(update={"disabled": "gone"}))
    assert (await hooks.list_all())[0].disabled == "gone"
    assert await hooks.remove("crm")
    assert [await one.list_all() for one in each] == [[]] * 4


def test_events_of_two_partitions_have_different_ids() -> None:
    event = HookEvent(id="1795400000000-0", kind="message.received", session="")

    assert event_id(event, 3) != event_id(event) == "evt_1795400000000_0"


async def test_a_dead_letter_is_replayed_in_its_partition(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    session = find_names(3)[0]
    await inbox.accept([build_message(1, session)])
    mailbox = RedisMailbox(stores[3])
    claim = await mailbox.claim(session)
    assert claim is not None
    await mailbox.commit(claim.lease, Commit(turns=claim.view.turns, dead_letter_reason="no answer"))
    letters = PartitionedDeadLetters(stores)

    [letter] = [each async for each in letters.list_between()]
    assert letter.id.startswith("3/")
    assert await letters.read(letter.id) == letter
    assert await letters.replay(letter) is ReplayOutcome.REPLAYED
    assert await read_mailbox_lengths(stores, session) == [0, 0, 0, 1]
    assert await letters.drop([letter.id]) == 0
    await mailbox.aclose()


async def test_a_contact_of_two_channels_is_erased_and_opted_out_everywhere(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    number = "+15550170"
    sessions = [f"{prefix}:{number}" for prefix in ("a", "b", "c", "d", "e")]
    await inbox.accept([build_message(index, session, session) for index, session in enumerate(sessions)])
    assert len([1 for store in stores if await store.exists("tg:conversations")]) > 1

    opt_outs = build_opt_outs(stores, [RedisInbox(store) for store in stores])
    assert await opt_outs.change(number, ControlAction.OPT_OUT) == sessions
    assert [row.session for row in await opt_outs.list_newest(2, 1)]
    exported = await export_stored(stores, number)
    assert exported is not None
    assert [each["id"] for each in exported["sessions"]] == sessions

    receipt = await build_erasure(stores).erase(number)

    assert (receipt.sessions, receipt.opt_outs_kept > 0) == (5, True)
    assert not [key for store in stores async for key in store.scan_iter(f"*{number}*")]


async def test_an_opt_out_by_one_name_counts_on_the_channels_of_the_others(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    user, number = "wa:U1234567", "+15550170"
    others = [f"{prefix}:{number}" for prefix in ("sms", "b", "c", "d", "e")]
    other = next(name for name in others if hash_name(name, 4) != hash_name(user, 4))
    await inbox.accept([build_message(1, user, user, f"wa:{number}"), build_message(2, other, other)])
    opt_outs = build_opt_outs(stores, [RedisInbox(store) for store in stores])

    assert await opt_outs.change("U1234567", ControlAction.OPT_OUT) == sorted([user, other])
    assert sorted(row.session for row in await opt_outs.list_all()) == sorted([user, other])
    assert await opt_outs.change("U1234567", ControlAction.OPT_IN) == sorted([user, other])
    assert await opt_outs.list_all() == []


async def test_a_partition_without_its_replicas_keeps_no_other_from_an_opt_out(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    user, number = "wa:U1234567", "+15550170"
    first = hash_name(user, 4)
    other = next(name for name in (f"{each}:{number}" for each in "abcdefgh") if hash_name(name, 4) > first)
    await inbox.accept([build_message(1, user, user, f"wa:{number}"), build_message(2, other, other)])
    inboxes = [
        RedisInbox(store, confirmation=ReplicaConfirmation(store, 2 if place == first else 0, 0.05))
        for place, store in enumerate(stores)
    ]

    with pytest.raises(StorageUnavailable, match="of 2 replicas"):
        await build_opt_outs(stores, inboxes).change("U1234567", ControlAction.OPT_OUT)

    assert await stores[hash_name(other, 4)].hget(session_key(other), "optout") == b"1"


async def test_names_that_only_share_an_opt_out_are_erased_too(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    number, consent_name = "messages:app:+15550170", "messages:app:*sms:+15550170"
    event = build_message(1, number, number).model_copy(update={"consent_names": (consent_name,)})
    await inbox.accept([event])
    await build_erasure(stores).erase("+15550170")

    assert not [key for store in stores async for key in store.scan_iter("*15550170*")]


async def test_the_files_of_an_erased_contact_are_deleted_where_those_of_all_are(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    session, other = find_names(3)[0], find_names(3)[1]
    await inbox.accept([build_message(1, session)])
    files = PublicFiles(stores[0], "https://bots.example.com", seconds=3_600)
    for owner in (session, other):
        await files.publish(b"OggS", "audio/ogg", "a.ogg", owner=owner)

    receipt = await build_erasure(stores).erase(session)

    assert receipt.removed["files"] == 1
    assert len([1 async for _ in stores[0].scan_iter("tg:file:*")]) == 1


async def test_what_a_provider_repeats_of_an_erased_contact_is_not_stored(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    first, second = find_names(1)[0], find_names(2)[0]
    await inbox.accept([build_message(1, first, first, second)])
    await build_erasure(stores).erase(second)

    await inbox.accept([build_message(1, second, second)])  # under a name of another partition

    assert await read_mailbox_lengths(stores, second) == [0, 0, 0, 0]
    assert await read_mailbox_lengths(stores, first) == [0, 0, 0, 0]


async def test_repeated_messages_of_an_erased_contact_of_two_partitions_leave_no_name(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    first, second = "messages:app:+15550170", "sms:x:+15550170"
    assert hash_name(first, 4) != hash_name(second, 4)
    events = [build_message(1, first, first), build_message(2, second)]
    await inbox.accept(events)
    await build_erasure(stores).erase("+15550170")

    assert await inbox.accept(events) == [AcceptResult.DUPLICATE] * 2
    assert not [key for store in stores async for key in store.scan_iter("*15550170*")]


async def test_a_known_opt_out_counts_when_the_directory_has_forgotten_the_contact(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    first, second = find_names(1)[0], find_names(2)[0]
    stop = ControlReceived(
        id="s", session=first, address=ADDRESS, act=ControlAction.OPT_OUT, aliases=(first, second)
    )
    await inbox.accept([build_message(1, first, first, second), stop])
    await stores[1].delete(f"tg:{{{first}}}", f"tg:person:{first}", f"tg:person:{second}")
    for store in stores:
        await store.delete(f"tg:place:{first}", f"tg:place:{second}")

    await inbox.accept([build_message(2, second, second)])

    assert await stores[1].hget(f"tg:{{{second}}}", "optout") == b"1"


async def test_a_list_of_templates_is_read_once_for_all_partitions(stores: Sequence[Redis]) -> None:
    template = MessageTemplate(name="hello", language="en", status="approved", text="Hello")
    channel = ListingChannel([template])
    sync = TemplateSync(stores[0], {"fake": channel}, httpx.AsyncClient(), stores[1:])

    await sync.sync("fake")

    assert channel.reads == 1
    found = [await TemplateRecords(store).find("fake", "hello", "en") for store in stores]
    assert found == [template] * 4


class ListingChannel(FakeChannel):
    """A provider's list of templates, and how often it was read."""

    templates_setting = ""

    def __init__(self, templates: list[MessageTemplate]) -> None:
        super().__init__()
        self._templates = templates
        self.reads = 0

    async def list_templates(self, http: httpx.AsyncClient) -> list[MessageTemplate]:
        self.reads += 1
        return self._templates

    def check_template(self, *arguments: object) -> None:
        """Accept every template."""


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("3/1795400000000-0", (3, "1795400000000-0")),
        ("1795400000000-0", (0, "1795400000000-0")),
        ("4/1-0", (0, "1-0")),
        ("-1/1-0", (0, "1-0")),
        ("a/b/1-0", (0, "1-0")),
        ("\u00b2/1-0", (0, "1-0")),
    ],
)
def test_an_id_with_a_wrong_partition_is_of_the_home(entry: str, expected: tuple[int, str]) -> None:
    assert split_id(entry, 4) == expected
