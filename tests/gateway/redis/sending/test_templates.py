"""Templates in Redis: the list, events that change it, and messages that it blocks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import time
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from channels.whatsapp.simulator.server import WhatsAppSimulator
from channels.whatsapp.simulator.templates.message_template import MessageTemplate as Stored
from core.errors import ConfigurationError, Rejected
from core.model import Address, Message, MessageTemplate, Reply, Template, TemplateChanged, Turn, TurnReceived
from core.ports import Webhook
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.processes.delivery_reports import read_alarms
from gateway.redis.records.schedule import read_schedule_entry
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.records.templates import TemplateRecords
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.schedule_releaser import ScheduleReleaser
from gateway.redis.sending.send_outcome import SendOutcome
from gateway.redis.sending.template_sync import TemplateSync, claim_key
from tests.channels.sdk.hosted import host
from tests.channels.whatsapp.builders import ACCOUNT, OURS, PHONE, SECRET, TOKEN, build_channel

NOW = 1_790_000_000.0
SESSION = f"whatsapp:{OURS}:{PHONE}"
ADDRESS = Address(channel="whatsapp", account=ACCOUNT, ours=OURS, theirs=PHONE)
ORDER = Template(name="order_update", language="en_US", variables={"1": "Ada", "2": "12"})


class CountingSimulator(WhatsAppSimulator):
    """A simulated account that counts the requests of its list."""

    lists = 0

    def handle(self, request: Any, now: float) -> Any:
        self.lists += "message_templates" in request.url
        return super().handle(request, now)


class Environment:
    """Account, its stored list of templates, and one session."""

    def __init__(self, redis: Redis, http: httpx.AsyncClient, url: str, account: CountingSimulator) -> None:
        self.redis, self.http, self.account = redis, http, account
        self.channel = build_channel(WHATSAPP_API_URL=url, WHATSAPP_BUSINESS_ACCOUNT_ID=ACCOUNT)
        self.channels: Any = {"whatsapp": self.channel}
        self.records = TemplateRecords(redis)
        self.inbox = RedisInbox(redis)
        self.sender = ProactiveSender(redis, self.channels, ProtocolLimits())
        self.sync = self.new_sync()

    def new_sync(self) -> TemplateSync:
        return TemplateSync(self.redis, self.channels, self.http)

    async def change(self, name: str, language: str = "en_US", **changes: str) -> None:
        """Change a template at Meta, and deliver Meta's webhooks."""
        for each in self.account.change_template(name, language, NOW, **changes):
            await self.inbox.accept(
                self.channel.parse(Webhook(each.method, each.url, each.headers, each.body))
            )

    async def find(self, name: str, language: str = "en_US") -> MessageTemplate:
        found = await self.records.find("whatsapp", name, language)
        assert found is not None
        return found

    async def send(self, template: Template, key: str = "own-1") -> tuple[SendOutcome, str]:
        message = Message(text="", template=template)
        receipt = await self.sender.send(SESSION, key, message)
        return receipt.outcome, receipt.reason


@asynccontextmanager
async def running_environment(redis: Redis, **more: Any) -> AsyncIterator[Environment]:
    account = CountingSimulator(
        app_secret=SECRET, access_token=TOKEN, webhook_url="http://x/webhooks/whatsapp", seed=1, **more
    )
    async with host(account) as hosted, httpx.AsyncClient() as http:
        made = Environment(redis, http, hosted.url, account)
        turn = Turn(id="wamid.1", session=SESSION, address=ADDRESS, text="Hi")
        await made.inbox.accept([TurnReceived(turn=turn)])
        yield made


@pytest.fixture
async def environment(redis: Redis) -> AsyncIterator[Environment]:
    async with running_environment(redis) as made:
        yield made


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


async def test_a_template_is_refused_before_it_is_queued_with_what_is_wrong(environment: Environment) -> None:
    await environment.sync.sync("whatsapp")
    too_few = ORDER.model_copy(update={"variables": {"1": "Ada", "first": "x"}})
    cases = [
        (
            Template(name="spring_sale", language="en_US", variables={"1": "Ada"}),
            SendOutcome.TEMPLATE_NOT_APPROVED,
            "not sent: the template spring_sale in en_US is paused, not approved",
        ),
        (
            too_few,
            SendOutcome.TEMPLATE_VARIABLES,
            "not sent: variables of the template order_update: 2 missing; first not known; it takes 1, 2",
        ),
        (
            ORDER.model_copy(update={"language": "fr"}),
            SendOutcome.TEMPLATE_UNKNOWN,
            "not sent: whatsapp has no template order_update in fr; if it is new, run "
            "`turngate templates sync`",
        ),
    ]
    for template, outcome, sentence in cases:
        assert await environment.send(template) == (outcome, sentence)
    assert await environment.redis.llen(f"tg:{{{SESSION}}}:out") == 0

    assert await environment.send(ORDER) == (SendOutcome.QUEUED, "")
    await environment.change("order_update", status="PAUSED")
    assert await environment.send(ORDER) == (SendOutcome.DUPLICATE, "")


async def test_without_a_list_the_provider_decides(environment: Environment) -> None:
    assert await environment.send(Template(name="any", language="xx")) == (SendOutcome.QUEUED, "")


async def test_a_command_without_credentials_uses_the_list_too(environment: Environment) -> None:
    await environment.sync.sync("whatsapp")
    environment.sender = ProactiveSender(environment.redis, {}, ProtocolLimits())

    assert (await environment.send(ORDER.model_copy(update={"variables": {}})))[
        0
    ] is SendOutcome.TEMPLATE_VARIABLES
    assert (await environment.send(ORDER))[0] is SendOutcome.QUEUED
    stored: Any = await environment.redis.lindex(f"tg:{{{SESSION}}}:out", 0)
    assert b'"order_update"' in stored


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


async def mark_next(environment: Environment) -> bool:
    """Claim the session and mark its next reply; return whether it may be sent."""
    mailbox = RedisMailbox(environment.redis)
    claim = await mailbox.claim(SESSION)
    assert claim is not None
    permit = await mailbox.mark_sending(claim.lease, claim.view.outbox[0])
    await mailbox.aclose()
    return permit.granted


@pytest.mark.long
@pytest.mark.parametrize("how", ["event", "list", "deleted"])
async def test_a_template_that_is_withdrawn_while_a_message_waits_is_not_sent(
    environment: Environment, how: str
) -> None:
    await environment.sync.sync("whatsapp")
    assert (await environment.send(ORDER))[0] is SendOutcome.QUEUED
    match how:
        case "event":
            await environment.change("order_update", status="DISABLED")
        case "list":
            environment.account.change_template("order_update", "en_US", NOW, status="DISABLED")
            await environment.sync.sync("whatsapp")
        case "deleted":
            environment.account.templates.delete("order_update")
            await environment.sync.sync("whatsapp")

    assert not await mark_next(environment)
    [refused] = [
        entry.data for entry in await read_log(environment.redis, SESSION) if entry.kind == "refused"
    ]
    status = "deleted" if how == "deleted" else "disabled"
    assert refused["code"] == "template"
    assert refused["reason"] == f"the template is {status}, not approved"


async def test_a_scheduled_template_that_is_withdrawn_is_refused_with_its_reason(
    environment: Environment,
) -> None:
    await environment.sync.sync("whatsapp")
    at_ms = int(time() * 1000) + 3_600_000
    assert (await environment.sender.send(SESSION, "own-1", Message(text="", template=ORDER), at_ms=at_ms))[
        0
    ] == "scheduled"
    await environment.change("order_update", status="DISABLED")
    members: list[Any] = await environment.redis.zrange("tg:schedule", 0, -1)
    for member in members:
        await environment.redis.zadd("tg:schedule", {member: 1})
    assert await ScheduleReleaser(environment.redis, environment.sender).release_due() == 1

    report = await ProactiveMessages(environment.redis).find("own-1")
    assert report is not None
    assert (report.outcome, report.code) == (MessageOutcome.REFUSED, "template_not_approved")
    assert await read_schedule_entry(environment.redis, SESSION, "own-1") is None


@pytest.mark.parametrize("is_first_contact", [False, True])
async def test_a_template_that_is_refused_before_it_is_queued_leaves_a_record(
    environment: Environment, is_first_contact: bool
) -> None:
    await environment.sync.sync("whatsapp")
    wrong = Message(text="", template=ORDER.model_copy(update={"variables": {"1": "Ada"}}))
    contact = ContactAddress(channel="whatsapp", to="+12025550144", sender=ADDRESS.ours)
    right = Message(text="", template=ORDER)
    for message, outcome in ((wrong, SendOutcome.TEMPLATE_VARIABLES), (right, SendOutcome.QUEUED)):
        receipt = (
            await environment.sender.send_to(contact, "own-1", message)
            if is_first_contact
            else await environment.sender.send(SESSION, "own-1", message)
        )
        assert receipt.outcome == outcome
        report = await ProactiveMessages(environment.redis).find("own-1", receipt.session)
        assert report is not None
        if outcome is SendOutcome.QUEUED:
            assert report.outcome is MessageOutcome.QUEUED
            continue
        assert (report.outcome, report.code) == (MessageOutcome.REFUSED, outcome)
        assert "2 missing" in report.reason
        [entry] = [
            each for each in await read_log(environment.redis, receipt.session) if each.kind == "refused"
        ]
        assert entry.data["key"] == "own-1"


@pytest.mark.long
async def test_a_template_that_is_approved_again_is_sent(environment: Environment) -> None:
    await environment.sync.sync("whatsapp")
    assert (await environment.send(ORDER))[0] is SendOutcome.QUEUED
    await environment.change("order_update", status="PAUSED")
    await environment.change("order_update", status="APPROVED")

    assert await mark_next(environment)


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


async def test_metas_refusal_names_its_code(environment: Environment) -> None:
    reply = Reply(key="1", address=ADDRESS, body="", template=ORDER.model_copy(update={"language": "fr"}))
    with pytest.raises(Rejected) as refused:
        await environment.channel.send(reply, environment.http)
    assert refused.value.code == "132001"
