"""First contact in Zendesk messaging: a number is written to, and its conversation continues the session."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from redis.asyncio import Redis

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    SimulatorRequest,
    UserMessage,
    WebhookDelivery,
)
from channels.sunshine.simulator.conversations import BOT_INTEGRATION
from channels.sunshine.simulator.notifications import INTEGRATIONS
from channels.sunshine.simulator.server import SunshineSimulator
from core.model import ControlAction, Message, Owner, Route, StatusChanged, Template
from core.ports import Webhook
from core.processing import ProcessingLimits, SessionProcessor
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.records.sessions.opt_outs import OptOuts
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome, SendReceipt
from tests.channels.sunshine import builders as sunshine
from tests.gateway.environments.inbound import InboundGateway

NUMBER = "+15550171"
SMS, WHATSAPP = INTEGRATIONS
OTHER_SMS = "64f0b1c7e4e987667c300003"
HELLO = Message(text="Your parcel is here.")
PARCEL = Message(text="", template=Template(name="parcel", language="en_US", variables={"1": "Ada"}))


class Numbers:
    """A gateway of the simulated Zendesk messaging, with a contact who has a number."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.now = redis, 1_796_000_000.0
        self.gateway = InboundGateway(redis, ["sunshine"], desk=True, has_windows=True)
        self.simulator = SunshineSimulator(
            app=sunshine.APP, key=("app_1", "key-secret"), secret=sunshine.SECRET, webhook_url="", seed=7
        )
        self.channel = sunshine.build_channel(
            SUNSHINE_API_URL="https://api.example.com",
            SUNSHINE_INTEGRATION_ID=BOT_INTEGRATION["integrationId"],
            SUNSHINE_NOTIFICATION_INTEGRATIONS=",".join(
                f"{kind}:{key}" for key, kind in {**INTEGRATIONS, OTHER_SMS: "messagebird"}.items()
            ),
        )
        self.processor = SessionProcessor(
            mailbox=self.gateway.mailbox,
            dialog=self.gateway.dialog,
            channels={"sunshine": self.channel},
            http=httpx.AsyncClient(transport=httpx.MockTransport(self._answer)),
        )
        self.later: list[WebhookDelivery] = []

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.now += 1
        path = request.url.raw_path.decode()
        sent = SimulatorRequest(request.method, path, dict(request.headers), request.content)
        response, deliveries = self.simulator.handle(sent, self.now)
        self.later += deliveries
        return httpx.Response(response.status, headers=response.headers, content=response.body)

    async def hear(self, deliveries: Sequence[WebhookDelivery]) -> None:
        """Take webhooks."""
        for each in deliveries:
            hook = Webhook(each.method, "/webhooks/sunshine", each.headers, each.body)
            self.channel.verify(hook)
            await self.gateway.inbox.accept(self.channel.parse(hook))

    async def hear_later(self) -> None:
        """Take the webhooks that followed our calls."""
        deliveries, self.later = self.later, []
        await self.hear(deliveries)

    async def say(self, text: str) -> None:
        """Write as the contact."""
        self.now += 5
        message = UserMessage("sunshine", NUMBER, text)
        await self.hear(self.simulator.send_user_message(message, self.now)[1])

    async def write_first(
        self, key: str, message: Message = HELLO, integration: str = SMS, to: str = NUMBER
    ) -> SendReceipt:
        """Write to the contact, and let a worker send it."""
        sender = ProactiveSender(self.redis, {"sunshine": self.channel}, ProtocolLimits())
        contact = ContactAddress(channel="sunshine", to=to, sender=integration)
        receipt = await sender.send_to(contact, key, message)
        await self.processor.run(receipt.session)
        return receipt

    def texts(self) -> list[tuple[str, str]]:
        """Return what the contact sees, with its direction."""
        lines = self.simulator.list_messages(self.now, person=NUMBER)
        return [(line.direction, line.text) for line in lines]

    @property
    def conversation(self) -> str:
        """Name of the session that the conversation would have."""
        return f"sunshine:{sunshine.APP}:{self.simulator.get_desk_status(NUMBER).thread}"


@pytest.fixture
async def numbers(redis: Redis) -> AsyncIterator[Numbers]:
    found = Numbers(redis)
    yield found
    await found.gateway.mailbox.aclose()


async def test_the_answer_continues_the_session_of_the_first_message(numbers: Numbers) -> None:
    first = await numbers.write_first("own-1")
    again = await numbers.write_first("own-1", to="+1 (555) 0171")
    other = await numbers.write_first("own-1", Message(text="another"))
    await numbers.say("thanks")
    await numbers.processor.run(first.session)
    await numbers.hear_later()
    second = await numbers.write_first("own-2", Message(text="It was delivered."))

    assert first.session == second.session == f"sunshine:{sunshine.APP}:{SMS}:{NUMBER}"
    assert [again.outcome, other.outcome] == [SendOutcome.DUPLICATE, SendOutcome.ID_USED]
    assert numbers.texts() == [
        ("out", "Your parcel is here."),
        ("in", "thanks"),
        ("out", "1: thanks"),
        ("out", "It was delivered."),
    ]
    kinds = await numbers.gateway.kinds(first.session)
    assert [kind for kind in kinds if kind in ("said", "sent", "accepted")][:3] == [
        "said",
        "sent",
        "accepted",
    ]
    assert kinds.count("accepted") == 1
    assert kinds.count("status") == 4  # of the notification and of the answer
    assert not await numbers.redis.exists(f"tg:{{{numbers.conversation}}}")


async def test_acts_in_the_conversation_are_acts_in_the_session(numbers: Numbers) -> None:
    first = await numbers.write_first("own-1")
    await numbers.say("thanks")
    await numbers.hear(numbers.simulator.run_agent_action(NUMBER, "reply", "Hello", numbers.now))

    assert await numbers.gateway.owner(first.session) is Owner.HUMAN
    assert (await numbers.write_first("own-2")).outcome is SendOutcome.PERSON
    assert (await ContactErasure(numbers.redis).erase(NUMBER)).is_complete
    await numbers.hear_later()  # the first message is delivered after all
    assert [key async for key in numbers.redis.scan_iter("tg:person:*")] == []


async def test_a_webhook_without_the_full_source_is_matched_by_the_delivery(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.sunshine.simulator.server.build_source", lambda *_: {"type": "twilio"})
    first = await numbers.write_first("own-1")
    await numbers.hear_later()
    await numbers.say("thanks")
    await numbers.processor.run(first.session)

    assert numbers.texts()[-1] == ("out", "1: thanks")
    assert not await numbers.redis.exists(f"tg:{{{numbers.conversation}}}")


async def test_who_wrote_before_is_answered_in_their_conversation(numbers: Numbers) -> None:
    await numbers.say("hello")
    receipt = await numbers.write_first("own-1")

    assert receipt.outcome is SendOutcome.QUEUED
    assert numbers.texts()[0] == ("in", "hello")
    assert "own-1" in {
        each["metadata"].get("turngate")
        for each in numbers.simulator.conversations.by_id[
            numbers.simulator.get_desk_status(NUMBER).thread
        ].messages
        if "metadata" in each
    }


async def test_a_conversation_that_was_known_without_its_number_goes_on(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivery tells that both are one: an opt-out and an agent's hold of the conversation count."""
    monkeypatch.setattr("channels.sunshine.simulator.server.build_source", lambda *_: {"type": "twilio"})
    await numbers.say("unsubscribe")
    await numbers.hear(numbers.simulator.run_agent_action(NUMBER, "reply", "Hello", numbers.now))
    first = await numbers.write_first("own-1")
    await numbers.hear_later()
    second = await numbers.write_first("own-2")
    await numbers.say("thanks")

    assert (first.outcome, first.session != numbers.conversation) == (SendOutcome.QUEUED, True)
    assert second.session == numbers.conversation
    assert second.outcome is SendOutcome.OPTED_OUT
    assert await numbers.gateway.owner(numbers.conversation) is Owner.HUMAN
    assert (await numbers.gateway.kinds(numbers.conversation)).count("accepted") == 2


async def test_an_agent_who_wrote_to_the_number_gets_the_answer(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.sunshine.simulator.server.build_source", lambda *_: {"type": "twilio"})
    await numbers.say("hello")
    first = await numbers.write_first("own-1")
    sender = ProactiveSender(numbers.redis, {"sunshine": numbers.channel}, ProtocolLimits())
    await sender.send(first.session, "own-2", HELLO, "person")
    await numbers.hear_later()
    await numbers.say("thanks")

    assert await numbers.gateway.owner(first.session) is Owner.HUMAN
    assert (await numbers.gateway.kinds(first.session)).count("accepted") == 1


async def test_an_opt_out_that_a_delivery_reports_counts_in_the_conversation(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.sunshine.simulator.server.build_source", lambda *_: {"type": "twilio"})
    await numbers.say("hello")
    await numbers.write_first("own-1")
    reported, numbers.later = json.loads(numbers.later[0].body), []
    refusal = {"code": "uncategorized_error", "underlyingError": {"code": 21610}}
    failed = {**reported, "trigger": "notification:delivery:failure", "error": refusal}
    await numbers.gateway.inbox.accept(
        numbers.channel.parse(Webhook("POST", "/", {}, json.dumps(failed).encode()))
    )
    again = await numbers.write_first("own-2")

    assert (again.session, again.outcome) == (numbers.conversation, SendOutcome.OPTED_OUT)


@pytest.mark.parametrize("is_erased", [False, True])
async def test_who_opted_out_is_not_written_to(numbers: Numbers, is_erased: bool) -> None:
    await numbers.say("unsubscribe")
    session = (await numbers.write_first("own-0")).session
    if is_erased:
        await ContactErasure(numbers.redis).erase(NUMBER)
    refused = await numbers.write_first("own-1")

    assert refused.session == session or is_erased
    assert refused.outcome is SendOutcome.OPTED_OUT
    assert all(direction == "in" or "parcel" not in text for direction, text in numbers.texts())


@pytest.mark.parametrize("said_by", ["contact", "operator", "erased contact"])
async def test_an_opt_out_counts_for_every_integration_of_the_kind_before_anything_is_sent(
    numbers: Numbers, said_by: str
) -> None:
    if said_by == "operator":
        first = await numbers.write_first("own-0")
        await OptOuts(numbers.redis, numbers.gateway.inbox).change(first.session, ControlAction.OPT_OUT)
    else:
        await numbers.say("unsubscribe")
    if said_by == "erased contact":
        await ContactErasure(numbers.redis).erase(NUMBER)
    refused = await numbers.write_first("own-1", integration=OTHER_SMS)
    on_whatsapp = await numbers.write_first("own-2", PARCEL, WHATSAPP)

    assert refused.outcome is SendOutcome.OPTED_OUT
    assert refused.session == f"sunshine:{sunshine.APP}:{OTHER_SMS}:{NUMBER}"
    assert on_whatsapp.outcome is SendOutcome.QUEUED


async def test_an_opt_out_of_an_earlier_release_counts_for_the_others_from_the_next_message_on(
    numbers: Numbers,
) -> None:
    await numbers.say("unsubscribe")
    await numbers.redis.delete("tg:optout_names")
    await numbers.say("hello?")

    assert (await numbers.write_first("own-1", integration=OTHER_SMS)).outcome is SendOutcome.OPTED_OUT


async def test_what_waits_for_another_integration_of_the_kind_is_not_sent_after_an_opt_out(
    numbers: Numbers,
) -> None:
    sender = ProactiveSender(numbers.redis, {"sunshine": numbers.channel}, ProtocolLimits())
    contact = ContactAddress(channel="sunshine", to=NUMBER, sender=OTHER_SMS)
    waiting = await sender.send_to(contact, "own-1", HELLO)
    await numbers.say("unsubscribe")
    await numbers.processor.run(waiting.session)

    refused = [each for each in await read_log(numbers.redis, waiting.session) if each.kind == "refused"]
    assert [each.data["code"] for each in refused] == ["opted_out"]


async def test_a_first_message_on_whatsapp_is_a_template(numbers: Numbers) -> None:
    refused = await numbers.write_first("own-1", integration=WHATSAPP)
    taken = await numbers.write_first("own-2", PARCEL, WHATSAPP)
    fallback = HELLO.model_copy(update={"fallback": Route(template=PARCEL.template)})
    routed = await numbers.write_first("own-3", fallback, WHATSAPP)

    assert refused.outcome is SendOutcome.WINDOW
    assert [taken.outcome, routed.outcome] == [SendOutcome.QUEUED] * 2
    assert numbers.texts() == [("out", "[template parcel Ada]")] * 2


async def test_a_delivery_that_fails_later_is_reported_for_the_message(numbers: Numbers) -> None:
    numbers.simulator.set_faults(FaultSettings(late_failures=1.0))
    receipt = await numbers.write_first("own-1")
    [failed] = [
        event
        for each in numbers.later
        for event in numbers.channel.parse(Webhook("POST", "/", each.headers, each.body))
        if isinstance(event, StatusChanged)
    ]
    await numbers.hear_later()

    assert failed.error_code in ("uncategorized_error", "user_unreachable")
    assert (await numbers.gateway.kinds(receipt.session)).count("status") == 1


async def test_a_message_of_unknown_outcome_is_repeated_only_a_few_times(numbers: Numbers) -> None:
    """It cannot be looked up, so each further try may be a copy."""
    numbers.simulator.set_faults(FaultSettings(next=(Fault.ERROR_AFTER,) * 20))
    receipt = await numbers.write_first("own-1")
    for _ in range(20):
        await numbers.redis.hdel(f"tg:{{{receipt.session}}}", "hold")
        await numbers.redis.delete("tg:paused")
        await numbers.processor.run(receipt.session)

    assert len(numbers.texts()) == ProcessingLimits().max_copies
