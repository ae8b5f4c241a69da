"""Lists of templates: read by one worker at a time, corrected by events."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from channels.whatsapp.simulator.templates.message_template import MessageTemplate as Stored
from core.errors import ConfigurationError
from core.model import Reply, Template, TemplateChanged
from gateway.redis.records.processes.delivery_reports import read_alarms
from gateway.redis.sending.send_outcome import SendOutcome
from gateway.redis.sending.template_sync import claim_key
from tests.channels.whatsapp.builders import ACCOUNT, build_channel
from tests.gateway.redis.sending.template_environment import ORDER, SESSION, Environment


@pytest.mark.long
async def test_a_list_is_stored_and_the_next_one_replaces_it(environment: Environment) -> None:
    assert await environment.records.read_report("whatsapp") is None
    await environment.sync.sync("whatsapp")
    before = [(each.name, each.language) for each in await environment.records.list_all("whatsapp")]
    assert ("order_update", "de") in before

    environment.account.templates.delete("order_update", "de")
    environment.account.templates.add(Stored("order_update", "fr", "Bonjour {{1}}, {{2}}"))
    await environment.sync.sync("whatsapp")
    after = [(each.name, each.language) for each in await environment.records.list_all("whatsapp")]

    assert sorted(after) == sorted({*before, ("order_update", "fr")} - {("order_update", "de")})
    report = await environment.records.read_report("whatsapp")
    assert report is not None
    assert report.templates == len(after)
    assert await environment.records.list_channels() == ["whatsapp"]


@pytest.mark.long
async def test_one_worker_at_a_time_reads_the_lists_and_once_an_hour(environment: Environment) -> None:
    await asyncio.gather(*(environment.new_sync().sync_due() for _ in range(5)))
    await environment.sync.sync_due()

    assert environment.account.lists == 1
    assert 3_500 < await environment.redis.ttl(claim_key("whatsapp")) <= 3_600


@pytest.mark.long
async def test_a_changed_status_makes_the_next_reading_due(environment: Environment) -> None:
    await environment.sync.sync_due()
    await environment.change("order_update", quality="YELLOW")
    await environment.sync.sync_due()
    assert environment.account.lists == 1

    await environment.change("order_update", status="PAUSED")
    await environment.sync.sync_due()
    assert environment.account.lists == 2


@pytest.mark.long
async def test_a_failure_is_logged_once_and_the_last_list_stays(
    environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    await environment.sync.sync_due()
    environment.channels["whatsapp"] = build_channel(
        WHATSAPP_API_URL="http://127.0.0.1:9", WHATSAPP_BUSINESS_ACCOUNT_ID=ACCOUNT
    )
    broken = environment.new_sync()
    for _ in range(3):
        await environment.redis.delete(claim_key("whatsapp"))
        await broken.sync_due()

    assert [record.levelno for record in caplog.records if record.name == "turngate.templates"] == [
        logging.WARNING
    ]
    assert 0 < await environment.redis.ttl(claim_key("whatsapp")) <= 300
    assert (await environment.find("order_update")).is_approved


async def test_an_account_without_the_setting_is_left_alone(environment: Environment) -> None:
    environment.channels["whatsapp"] = build_channel()
    quiet = environment.new_sync()
    await quiet.sync_due()

    assert environment.account.lists == 0
    with pytest.raises(ConfigurationError, match="WHATSAPP_BUSINESS_ACCOUNT_ID"):
        await quiet.sync("whatsapp")
    with pytest.raises(ConfigurationError, match="sms"):
        await quiet.sync("sms")


async def test_events_change_what_is_known_and_a_newer_list_ends_that(environment: Environment) -> None:
    await environment.sync.sync("whatsapp")
    await environment.change("order_update", status="PAUSED", quality="RED", category="MARKETING")
    found = await environment.find("order_update")
    assert (found.status, found.quality, found.category) == ("paused", "red", "marketing")

    environment.account.templates.change(
        "order_update", "en_US", status="APPROVED", quality="GREEN", category="UTILITY", reason="NONE"
    )
    await environment.sync.sync("whatsapp")
    found = await environment.find("order_update")
    assert (found.status, found.quality, found.category) == ("approved", "green", "utility")


@pytest.mark.long
async def test_an_event_during_the_reading_is_newer_than_the_list(environment: Environment) -> None:
    started = await environment.records.now_ms()
    old = await environment.channel.list_templates(environment.http)
    await environment.change("order_update", status="PAUSED")
    await environment.records.replace("whatsapp", old, started)

    assert (await environment.find("order_update")).status == "paused"
    assert (await environment.send(ORDER))[0] is SendOutcome.TEMPLATE_NOT_APPROVED


async def test_a_withdrawn_template_and_a_bad_rating_are_alarms_until_they_end(
    environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    await environment.sync.sync("whatsapp")
    await environment.change("order_update", status="PAUSED", reason="LOW_QUALITY")
    await environment.change("hello_world", quality="RED")

    alarms = {alarm.account: (alarm.code, alarm.reason) for alarm in await read_alarms(environment.redis)}
    assert alarms == {
        "whatsapp: template hello_world (en_US)": ("quality red", ""),
        "whatsapp: template order_update (en_US)": ("paused", "low_quality"),
    }
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert errors == [
        "whatsapp: template order_update (en_US): status paused (low_quality)",
        "whatsapp: template hello_world (en_US): quality red",
    ]

    await environment.change("order_update", status="APPROVED")
    await environment.change("hello_world", quality="GREEN")
    assert await read_alarms(environment.redis) == []


async def test_a_template_is_found_by_the_providers_id_too(environment: Environment) -> None:
    await environment.sync.sync("whatsapp")
    found = await environment.find("order_update", "de")

    assert await environment.records.find("whatsapp", found.id, "any") == found
    assert await environment.records.find("whatsapp", "#", "any") is None
    by_id = Template(name=found.id, language="any", variables={"1": "Ada", "2": "12"})
    assert await environment.send(by_id) == (SendOutcome.QUEUED, "")
    stored: Any = await environment.redis.lindex(f"tg:{{{SESSION}}}:out", 0)
    sent = Reply.model_validate_json(stored).template
    assert sent is not None
    assert (sent.name, sent.language, sent.id) == ("order_update", "de", found.id)


async def test_what_cannot_be_read_is_not_a_template(environment: Environment) -> None:
    await environment.redis.hset(
        "tg:templates:whatsapp", mapping={"de|a": "x", "de|b": b"\xff", "de|c": "[1]"}
    )

    assert await environment.records.list_all("whatsapp") == []
    assert await environment.records.find("whatsapp", "a", "de") is None


async def test_an_unknown_template_of_an_event_is_kept_until_the_list(environment: Environment) -> None:
    event = TemplateChanged(channel="whatsapp", name="new|name", language="de", status="approved")
    for _ in range(2):
        await environment.inbox.accept([event])

    assert await environment.records.find("whatsapp", "new|name", "de") is None
    await environment.sync.sync("whatsapp")
    assert await environment.redis.hgetall("tg:template_changes") == {}
