"""First contact in Zendesk messaging: a notification to a number, and the answer in the same session."""

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


class NotificationGateway:
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

    async def receive(self, deliveries: Sequence[WebhookDelivery]) -> None:
        """Take webhooks."""
        for each in deliveries:
            hook = Webhook(each.method, "/webhooks/sunshine", each.headers, each.body)
            self.channel.verify(hook)
            await self.gateway.inbox.accept(self.channel.parse(hook))

    async def receive_later(self) -> None:
        """Take the webhooks that followed our calls."""
        deliveries, self.later = self.later, []
        await self.receive(deliveries)

    async def say(self, text: str) -> None:
        """Write as the contact."""
        self.now += 5
        message = UserMessage("sunshine", NUMBER, text)
        await self.receive(self.simulator.send_user_message(message, self.now)[1])

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
        """Return the texts that the contact sees, with their directions."""
        lines = self.simulator.list_messages(self.now, person=NUMBER)
        return [(line.direction, line.text) for line in lines]

    @property
    def conversation(self) -> str:
        """Name of the session that the conversation would have."""
        return f"sunshine:{sunshine.APP}:{self.simulator.get_desk_status(NUMBER).thread}"


@pytest.fixture
async def notifications(redis: Redis) -> AsyncIterator[NotificationGateway]:
    found = NotificationGateway(redis)
    yield found
    await found.gateway.mailbox.aclose()


async def test_the_answer_continues_the_session_of_the_first_message(
    notifications: NotificationGateway,
) -> None:
    first = await notifications.write_first("own-1")
    again = await notifications.write_first("own-1", to="+1 (555) 0171")
    other = await notifications.write_first("own-1", Message(text="another"))
    await notifications.say("thanks")
    await notifications.processor.run(first.session)
    await notifications.receive_later()
    second = await notifications.write_first("own-2", Message(text="It was delivered."))

    assert first.session == second.session == f"sunshine:{sunshine.APP}:{SMS}:{NUMBER}"
    assert [again.outcome, other.outcome] == [SendOutcome.DUPLICATE, SendOutcome.ID_USED]
    assert notifications.texts() == [
        ("out", "Your parcel is here."),
        ("in", "thanks"),
        ("out", "1: thanks"),
        ("out", "It was delivered."),
    ]
    kinds = await notifications.gateway.kinds(first.session)
    assert [kind for kind in kinds if kind in ("said", "sent", "accepted")][:3] == [
        "said",
        "sent",
        "accepted",
    ]
    assert kinds.count("accepted") == 1
    assert kinds.count("status") == 4  # of the notification and of the answer
    assert not await notifications.redis.exists(f"tg:{{{notifications.conversation}}}")


async def test_acts_in_the_conversation_are_acts_in_the_session(notifications: NotificationGateway) -> None:
    first = await notifications.write_first("own-1")
    await notifications.say("thanks")
    await notifications.receive(
        notifications.simulator.run_agent_action(NUMBER, "reply", "Hello", notifications.now)
    )

    assert await notifications.gateway.owner(first.session) is Owner.HUMAN
    assert (await notifications.write_first("own-2")).outcome is SendOutcome.PERSON
    assert (await ContactErasure(notifications.redis).erase(NUMBER)).is_complete
    await notifications.receive_later()  # the first message is delivered after all
    assert [key async for key in notifications.redis.scan_iter("tg:person:*")] == []


async def test_a_webhook_without_the_full_source_is_matched_by_the_delivery(
    notifications: NotificationGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.sunshine.simulator.server.build_source", lambda *_: {"type": "twilio"})
    first = await notifications.write_first("own-1")
    await notifications.receive_later()
    await notifications.say("thanks")
    await notifications.processor.run(first.session)

    assert notifications.texts()[-1] == ("out", "1: thanks")
    assert not await notifications.redis.exists(f"tg:{{{notifications.conversation}}}")


async def test_a_contact_who_wrote_before_is_answered_in_their_conversation(
    notifications: NotificationGateway,
) -> None:
    await notifications.say("hello")
    receipt = await notifications.write_first("own-1")

    assert receipt.outcome is SendOutcome.QUEUED
    assert notifications.texts()[0] == ("in", "hello")
    assert "own-1" in {
        each["metadata"].get("turngate")
        for each in notifications.simulator.conversations.by_id[
            notifications.simulator.get_desk_status(NUMBER).thread
        ].messages
        if "metadata" in each
    }


async def test_a_conversation_that_was_known_without_its_number_continues(
    notifications: NotificationGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The delivery status links both: an opt-out and an agent's ownership of the conversation apply."""
    monkeypatch.setattr("channels.sunshine.simulator.server.build_source", lambda *_: {"type": "twilio"})
    await notifications.say("unsubscribe")
    await notifications.receive(
        notifications.simulator.run_agent_action(NUMBER, "reply", "Hello", notifications.now)
    )
    first = await notifications.write_first("own-1")
    await notifications.receive_later()
    second = await notifications.write_first("own-2")
    await notifications.say("thanks")

    assert (first.outcome, first.session != notifications.conversation) == (SendOutcome.QUEUED, True)
    assert second.session == notifications.conversation
    assert second.outcome is SendOutcome.OPTED_OUT
    assert await notifications.gateway.owner(notifications.conversation) is Owner.HUMAN
    assert (await notifications.gateway.kinds(notifications.conversation)).count("accepted") == 2


async def test_an_agent_who_wrote_to_the_number_gets_the_answer(
    notifications: NotificationGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.sunshine.simulator.server.build_source", lambda *_: {"type": "twilio"})
    await notifications.say("hello")
    first = await notifications.write_first("own-1")
    sender = ProactiveSender(notifications.redis, {"sunshine": notifications.channel}, ProtocolLimits())
    await sender.send(first.session, "own-2", HELLO, "person")
    await notifications.receive_later()
    await notifications.say("thanks")

    assert await notifications.gateway.owner(first.session) is Owner.HUMAN
    assert (await notifications.gateway.kinds(first.session)).count("accepted") == 1


async def test_an_opt_out_that_a_delivery_reports_counts_in_the_conversation(
    notifications: NotificationGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.sunshine.simulator.server.build_source", lambda *_: {"type": "twilio"})
    await notifications.say("hello")
    await notifications.write_first("own-1")
    reported, notifications.later = json.loads(notifications.later[0].body), []
    refusal = {"code": "uncategorized_error", "underlyingError": {"code": 21610}}
    failed = {**reported, "trigger": "notification:delivery:failure", "error": refusal}
    await notifications.gateway.inbox.accept(
        notifications.channel.parse(Webhook("POST", "/", {}, json.dumps(failed).encode()))
    )
    again = await notifications.write_first("own-2")

    assert (again.session, again.outcome) == (notifications.conversation, SendOutcome.OPTED_OUT)


@pytest.mark.parametrize("is_erased", [False, True])
async def test_a_contact_who_opted_out_is_not_written_to(
    notifications: NotificationGateway, is_erased: bool
) -> None:
    await notifications.say("unsubscribe")
    session = (await notifications.write_first("own-0")).session
    if is_erased:
        await ContactErasure(notifications.redis).erase(NUMBER)
    refused = await notifications.write_first("own-1")

    assert refused.session == session or is_erased
    assert refused.outcome is SendOutcome.OPTED_OUT
    assert all(direction == "in" or "parcel" not in text for direction, text in notifications.texts())


@pytest.mark.parametrize("said_by", ["contact", "operator", "erased contact"])
async def test_an_opt_out_counts_for_every_integration_of_the_kind_before_anything_is_sent(
    notifications: NotificationGateway, said_by: str
) -> None:
    if said_by == "operator":
        first = await notifications.write_first("own-0")
        await OptOuts(notifications.redis, notifications.gateway.inbox).change(
            first.session, ControlAction.OPT_OUT
        )
    else:
        await notifications.say("unsubscribe")
    if said_by == "erased contact":
        await ContactErasure(notifications.redis).erase(NUMBER)
    refused = await notifications.write_first("own-1", integration=OTHER_SMS)
    on_whatsapp = await notifications.write_first("own-2", PARCEL, WHATSAPP)

    assert refused.outcome is SendOutcome.OPTED_OUT
    assert refused.session == f"sunshine:{sunshine.APP}:{OTHER_SMS}:{NUMBER}"
    assert on_whatsapp.outcome is SendOutcome.QUEUED


async def test_an_opt_out_of_an_earlier_release_counts_for_the_others_from_the_next_message_on(
    notifications: NotificationGateway,
) -> None:
    await notifications.say("unsubscribe")
    await notifications.redis.delete("tg:optout_names")
    await notifications.say("hello?")

    assert (await notifications.write_first("own-1", integration=OTHER_SMS)).outcome is SendOutcome.OPTED_OUT


async def test_what_waits_for_another_integration_of_the_kind_is_not_sent_after_an_opt_out(
    notifications: NotificationGateway,
) -> None:
    sender = ProactiveSender(notifications.redis, {"sunshine": notifications.channel}, ProtocolLimits())
    contact = ContactAddress(channel="sunshine", to=NUMBER, sender=OTHER_SMS)
    waiting = await sender.send_to(contact, "own-1", HELLO)
    await notifications.say("unsubscribe")
    await notifications.processor.run(waiting.session)

    refused = [
        each for each in await read_log(notifications.redis, waiting.session) if each.kind == "refused"
    ]
    assert [each.data["code"] for each in refused] == ["opted_out"]


async def test_a_first_message_on_whatsapp_is_a_template(notifications: NotificationGateway) -> None:
    refused = await notifications.write_first("own-1", integration=WHATSAPP)
    taken = await notifications.write_first("own-2", PARCEL, WHATSAPP)
    fallback = HELLO.model_copy(update={"fallback": Route(template=PARCEL.template)})
    routed = await notifications.write_first("own-3", fallback, WHATSAPP)

    assert refused.outcome is SendOutcome.WINDOW
    assert [taken.outcome, routed.outcome] == [SendOutcome.QUEUED] * 2
    assert notifications.texts() == [("out", "[template parcel Ada]")] * 2


async def test_a_delivery_that_fails_later_is_reported_for_the_message(
    notifications: NotificationGateway,
) -> None:
    notifications.simulator.set_faults(FaultSettings(late_failures=1.0))
    receipt = await notifications.write_first("own-1")
    [failed] = [
        event
        for each in notifications.later
        for event in notifications.channel.parse(Webhook("POST", "/", each.headers, each.body))
        if isinstance(event, StatusChanged)
    ]
    await notifications.receive_later()

    assert failed.error_code in ("uncategorized_error", "user_unreachable")
    assert (await notifications.gateway.kinds(receipt.session)).count("status") == 1


async def test_a_message_of_unknown_outcome_is_repeated_only_a_few_times(
    notifications: NotificationGateway,
) -> None:
    """It cannot be looked up, so each further try may be a copy."""
    notifications.simulator.set_faults(FaultSettings(next=(Fault.ERROR_AFTER,) * 20))
    receipt = await notifications.write_first("own-1")
    for _ in range(20):
        await notifications.redis.hdel(f"tg:{{{receipt.session}}}", "hold")
        await notifications.redis.delete("tg:paused")
        await notifications.processor.run(receipt.session)

    assert len(notifications.texts()) == ProcessingLimits().max_copies
