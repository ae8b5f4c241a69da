"""Start of a broadcast: its definition, its recipients and its template."""

from __future__ import annotations

import asyncio
import json

import pytest
from pydantic import ValidationError

from core.model import (
    MessageTemplate,
    TemplateVariable,
)
from gateway.broadcasts.broadcast import Broadcast, MissingVariable
from gateway.broadcasts.preview import Previewer
from gateway.broadcasts.recipient_file import Recipient
from gateway.broadcasts.store import StartResult
from gateway.redis.records.templates import TemplateRecords
from tests.channels.whatsapp import builders as meta
from tests.gateway.environments.broadcasts import (
    SPRING,
    BroadcastRig,
    build_number,
    build_rows,
)


async def test_a_second_start_sends_nothing_and_another_content_needs_another_name(rig: BroadcastRig) -> None:
    await rig.store.start(SPRING, build_rows(3))
    await rig.run()
    assert await rig.store.start(SPRING, build_rows(3)) is StartResult.RUNNING_ALREADY
    assert await rig.store.start(SPRING, build_rows(4)) is StartResult.OTHER
    other = SPRING.model_copy(update={"text": "Bye"})
    assert await rig.store.start(other, build_rows(3)) is StartResult.OTHER
    await rig.run()
    assert len(rig.receivers()) == 3


async def test_recipients_of_a_start_that_is_never_finished_expire(rig: BroadcastRig) -> None:
    await rig.store._begin(rig.redis, [SPRING.name, "digest", SPRING.model_dump_json(), 1, "interrupted"])
    await rig.store._add(rig.redis, [SPRING.name, "interrupted", build_rows(1)[0].model_dump_json()])

    assert await rig.redis.pttl("tg:broadcast_rows:spring") > 0


async def test_a_broadcast_that_was_not_stored_completely_is_stored_again(rig: BroadcastRig) -> None:
    recipients = build_rows(10)
    await rig.store._begin(
        rig.redis,
        [SPRING.name, SPRING.digest(recipients), SPRING.model_dump_json(), len(recipients), "interrupted"],
    )
    await rig.redis.rpush("tg:broadcast_rows:spring", recipients[0].model_dump_json())
    assert await rig.store.start(SPRING, recipients) is StartResult.STARTED
    await rig.run()
    assert len(rig.receivers()) == 10


async def test_two_starts_at_the_same_time_store_the_recipients_once(rig: BroadcastRig) -> None:
    recipients = build_rows(3_000)
    results = await asyncio.gather(*(rig.store.start(SPRING, recipients) for _ in range(3)))
    assert results.count(StartResult.STARTED) == 1
    assert [row.to for row in await rig.store.read_rows("spring", 0, 9_000)] == [row.to for row in recipients]


async def test_recipients_that_are_gone_end_the_feeding(rig: BroadcastRig) -> None:
    await rig.store.start(SPRING, build_rows(3))
    await rig.redis.delete("tg:broadcast_rows:spring")
    await rig.feeder().feed_all()
    assert (await rig.progress()).processed == 0


def test_a_template_gets_the_columns_that_are_named() -> None:
    broadcast = Broadcast(
        name="update", channel="whatsapp", template="order", language="en", variables="1=first name, 2=code"
    )
    row = {"first name": "Ada", "code": "A12", "notes": "a good customer"}

    template = broadcast.message(row).template
    assert template is not None
    assert template.variables == {"1": "Ada", "2": "A12"}
    with pytest.raises(MissingVariable, match="no value for code"):
        broadcast.message({"first name": "Ada"})
    with pytest.raises(ValidationError, match="1=first name"):
        Broadcast(name="a", channel="whatsapp", template="order", language="en", variables="first name")


async def test_columns_that_the_template_does_not_have_are_left_out_and_named(rig: BroadcastRig) -> None:
    template = MessageTemplate(
        name="order_update",
        language="en_US",
        status="approved",
        category="utility",
        variables=(TemplateVariable(name="1"), TemplateVariable(name="button.0.payload", is_required=False)),
    )
    await TemplateRecords(rig.redis).replace("whatsapp", [template], 1_000)
    broadcast = Broadcast(
        name="update", channel="whatsapp", sender=meta.OURS, template="order_update", language="en_US"
    )
    recipients = [
        Recipient(line=2, to=f"+{meta.PHONE}", variables={"1": "Ada", "city": "Kiel", "notes": "likes tea"})
    ]
    preview = await Previewer(rig.sender).run(broadcast, recipients)
    assert (preview.sendable, preview.unused) == (1, ("city", "notes"))
    assert (preview.templates, preview.template_category) == (1, "utility")
    await rig.store.start(broadcast, recipients)
    await rig.feeder().feed_all()
    assert [each.outcome for each in await rig.outcomes("update") if each] == ["queued"]
    [outbox] = [key async for key in rig.redis.scan_iter("tg:{whatsapp:*}:out")]
    [stored] = await rig.redis.lrange(outbox.decode(), 0, -1)
    assert json.loads(stored)["template"]["variables"] == {"1": "Ada"}
    text = await Previewer(rig.sender).run(
        SPRING, [Recipient(line=2, to=build_number(1), variables={"name": "A", "x": "y"})]
    )
    assert text.unused == ("x",)


def test_a_broadcast_of_an_earlier_release_keeps_its_digest() -> None:
    made = Broadcast(name="spring", channel="twilio", sender="+15550100", text="Hello")
    assert made.digest([]) == "1811ec303927e1c330967cadb42d948f8dba66810cf912c9f6a697039f33bb70"
