"""First contact: a message to a new contact opens the session of their answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from channels._kit.simulator import SimulatorRequest, UserMessage
from channels.intercom.simulator.server import IntercomSimulator
from channels.zendesk.simulator.server import ZendeskSimulator
from channels.zendesk.simulator.tickets import BOT_ID
from core.errors import InvalidContact
from core.model import (
    Address,
    ControlAction,
    ControlReceived,
    Event,
    Message,
    Owner,
    Reply,
    Route,
    SentMessage,
    Template,
    Turn,
    TurnReceived,
)
from core.ports import Webhook
from core.processing import SessionProcessor
from gateway.middleware.channel.account_alias import with_account_name
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome, SendReceipt
from tests.channels.intercom import builders as intercom
from tests.channels.twilio import builders as twilio
from tests.channels.whatsapp import builders as meta
from tests.channels.zendesk.builders import build_channel as zendesk
from tests.gateway.environments.inbound import InboundGateway, get_turn

OURS, NUMBER = "+12025550101", "+12025550171"
PARCEL = Template(name="parcel", language="en_US")
HELLO = Message(text="Your parcel is here.", fallback=Route(template=PARCEL))


def build_sms(number: int, text: str, prefix: str = "", **fields: str) -> list[Event]:
    form = {"AccountSid": twilio.ACCOUNT, "To": f"{prefix}{OURS}", "From": f"{prefix}{NUMBER}", "Body": text}
    channel = twilio.build_channel()
    return channel.parse(
        twilio.build_webhook([*form.items(), ("MessageSid", f"SM{number}"), *fields.items()])
    )


def build_twilio_whatsapp_message(number: int, text: str) -> list[Event]:
    user_id = f"{meta.USER_ID}"
    return build_sms(number, text, "whatsapp:", ExternalUserId=user_id)


def build_meta_message(number: int, text: str) -> list[Event]:
    made = meta.build_message(value={"body": text}, id=f"wamid.{number}")
    return meta.build_channel().parse(meta.build_webhook(meta.build_batch(meta.build_value(made))))


CASES: Mapping[str, Any] = {
    "sms": (ContactAddress(channel="twilio", to="+1 (202) 555-0171", sender=OURS), build_sms),
    "twilio whatsapp": (
        ContactAddress(channel="twilio", to=f"whatsapp:{NUMBER}", sender=OURS),
        build_twilio_whatsapp_message,
    ),
    "whatsapp": (
        ContactAddress(channel="whatsapp", to=f"+{meta.PHONE}", sender=meta.OURS),
        build_meta_message,
    ),
}


def make_sender(redis: Redis) -> ProactiveSender:
    channels: Any = {
        "twilio": twilio.build_channel(),
        "whatsapp": meta.build_channel(),
        "twilio/shop": with_account_name(twilio.build_channel(), "twilio/shop"),
    }
    return ProactiveSender(redis, channels, ProtocolLimits())


@pytest.fixture
def gateway(redis: Redis) -> InboundGateway:
    return InboundGateway(redis, ["twilio", "twilio/shop", "whatsapp"])


@pytest.mark.parametrize("case", CASES)
async def test_the_answer_arrives_in_the_session_of_the_first_message(
    gateway: InboundGateway, case: str
) -> None:
    contact, message = CASES[case]
    sender = make_sender(gateway.redis)
    first = await sender.send_to(contact, "own-1", HELLO)
    again = await sender.send_to(contact, "own-1", HELLO)
    other = await sender.send_to(contact, "own-1", Message(text="another", fallback=HELLO.fallback))
    assert [each.outcome for each in (first, again, other)] == [
        SendOutcome.QUEUED,
        SendOutcome.DUPLICATE,
        SendOutcome.ID_USED,
    ]
    await gateway.processor.run(first.session)
    assert gateway.channel.bodies == [HELLO.text]

    await gateway.receive(message(1, "thanks"), first.session)

    assert len(gateway.channel.bodies) == 2
    to_contact, to_answer = (reply.address.theirs for reply in gateway.channel.sent_replies)
    assert to_contact == to_answer == get_turn(message(2, "x")).turn.address.theirs
    assert (await gateway.kinds(first.session)).count("accepted") == 1


@pytest.mark.parametrize("case", CASES)
async def test_a_contact_who_wrote_before_keeps_their_session(gateway: InboundGateway, case: str) -> None:
    contact, message = CASES[case]
    events = message(1, "hello")
    await gateway.inbox.accept(events)

    receipt = await make_sender(gateway.redis).send_to(contact, "own-1", HELLO)

    assert (receipt.outcome, receipt.session) == (SendOutcome.QUEUED, get_turn(events).turn.session)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("erased", [False, True])
async def test_a_contact_who_opted_out_is_not_written_to_in_a_new_session(
    gateway: InboundGateway, case: str, erased: bool
) -> None:
    contact, message = CASES[case]
    session = get_turn(message(1, "hello")).turn.session
    await gateway.receive(message(1, "hello"), session)
    await gateway.receive(message(2, "BAJA"), session)
    if erased:
        await ContactErasure(gateway.redis).erase(session, 0)
    else:  # as if the session and its names had expired
        await gateway.redis.delete(f"tg:{{{session}}}", f"tg:{{{session}}}:names")
        for key in [key async for key in gateway.redis.scan_iter("tg:person:*")]:
            await gateway.redis.delete(key)

    receipt = await make_sender(gateway.redis).send_to(contact, "own-1", HELLO)
    assert receipt.outcome is SendOutcome.OPTED_OUT
    assert await gateway.redis.llen(f"tg:{{{receipt.session}}}:out") == 0


async def test_a_first_message_may_be_sent_from_a_further_account(gateway: InboundGateway) -> None:
    contact = ContactAddress(channel="twilio", account="shop", to=NUMBER, sender=OURS)
    receipt = await make_sender(gateway.redis).send_to(contact, "own-1", HELLO)
    [stored] = await gateway.redis.lrange(f"tg:{{{receipt.session}}}:out", 0, -1)

    assert Reply.model_validate_json(stored).address == Address(
        channel="twilio/shop", account=twilio.ACCOUNT, ours=OURS, theirs=NUMBER
    )
    assert await gateway.redis.hget(f"tg:{{{receipt.session}}}", "account") == (
        f"twilio/shop:{twilio.ACCOUNT}".encode()
    )


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        (ContactAddress(channel="twilio", to="12345", sender=OURS), "no country code"),
        (ContactAddress(channel="twilio", to=NUMBER), "from which number"),
        (ContactAddress(channel="twilio", to=NUMBER, sender="shop"), "not a phone number"),
        (ContactAddress(channel="whatsapp", to="+1202", sender=meta.OURS), "too short"),
        (ContactAddress(channel="whatsapp", to=NUMBER, sender=OURS), "ID of one of the account's"),
        (ContactAddress(channel="whatsapp", to="12\n34", sender=meta.OURS), "not a phone number"),
        (ContactAddress(channel="pigeon", to=NUMBER), "not configured"),
        (ContactAddress(channel="twilio", account="x", to=NUMBER), "not configured"),
    ],
)
async def test_a_contact_who_cannot_be_written_to_is_refused_with_a_sentence(
    redis: Redis, contact: ContactAddress, reason: str
) -> None:
    receipt = await make_sender(redis).send_to(contact, "own-1", HELLO)

    assert receipt.outcome is SendOutcome.INVALID_CONTACT
    assert receipt.reason.startswith("not sent: ")
    assert reason in receipt.reason
    assert await redis.keys("tg:*") == []


async def test_the_numbers_of_the_settings_write_first(redis: Redis) -> None:
    channels: Any = {
        "twilio": twilio.build_channel(TWILIO_NUMBERS=f"{OURS}, whatsapp:+12025550102"),
        "whatsapp": meta.build_channel(WHATSAPP_PHONE_NUMBER_IDS=meta.OURS),
    }
    sender = ProactiveSender(redis, channels, ProtocolLimits())
    for channel, to, session in (
        ("twilio", NUMBER, f"twilio:{twilio.ACCOUNT}:{OURS}:{NUMBER}"),
        ("twilio", f"whatsapp:{NUMBER}", f"twilio:{twilio.ACCOUNT}:whatsapp:+12025550102:whatsapp:{NUMBER}"),
        ("whatsapp", NUMBER, f"whatsapp:{meta.OURS}:{NUMBER}"),
    ):
        receipt = await sender.send_to(ContactAddress(channel=channel, to=to), "own-1", HELLO)
        assert (receipt.outcome, receipt.session) == (SendOutcome.QUEUED, session)


async def test_a_change_of_the_account_frees_the_place_in_the_former_ones_queue(
    gateway: InboundGateway,
) -> None:
    contact, message = CASES["whatsapp"]
    receipt = await make_sender(gateway.redis).send_to(contact, "own-1", HELLO)
    assert await gateway.redis.zcard("tg:ready:whatsapp:") == 1

    await gateway.receive(message(1, "hello"), receipt.session)

    assert [key async for key in gateway.redis.scan_iter("tg:ready:*")] == []


TICKET = "zendesk:example:4711"
REQUESTER = ContactAddress(channel="zendesk", to="Ada@Example.com")


class TicketGateway(InboundGateway):
    """A gateway of tickets: the fake provider opens one for a contact who has none."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis, ["zendesk"], desk=True)
        self.opened = 0
        self.channel.open_thread = self.open

    def open(self, reply: Reply) -> SentMessage | None:
        if "@" not in reply.address.theirs:
            return None
        self.opened += 1
        number = str(4710 + self.opened)
        address = reply.address.model_copy(update={"theirs": number})
        return SentMessage(provider_id=number, thread=address, thread_session=f"zendesk:example:{number}")

    async def write_first(self, key: str, text: str = "Your parcel is here.") -> SendReceipt:
        channels: Any = {"zendesk": zendesk()}
        sender = ProactiveSender(self.redis, channels, ProtocolLimits())
        receipt = await sender.send_to(REQUESTER, key, Message(text=text))
        await self.processor.run(receipt.session)
        return receipt


def build_comment(number: int, text: str, ticket: str = "4711") -> list[Event]:
    address = Address(channel="zendesk", account="example", ours="example", theirs=ticket)
    turn = Turn(id=f"C{number}", session=f"zendesk:example:{ticket}", address=address, text=text)
    return [TurnReceived(turn=turn, author="zendesk:example:user:7", author_is_contact=True)]


async def test_the_thread_that_a_message_opens_belongs_to_its_session(redis: Redis) -> None:
    gateway = TicketGateway(redis)
    first = await gateway.write_first("own-1")
    await gateway.receive(build_comment(1, "thanks"), first.session)
    second = await gateway.write_first("own-2", "It was delivered.")

    assert first.session == second.session == "zendesk:example:ada@example.com"
    assert gateway.receivers == ["ada@example.com", "4711", "4711"]
    assert gateway.opened == 1
    assert not await redis.exists(f"tg:{{{TICKET}}}")
    await ContactErasure(redis).erase(first.session, 0)
    assert [key async for key in redis.scan_iter("tg:person:*")] == []


async def test_the_parts_of_a_first_message_go_to_one_thread(redis: Redis) -> None:
    gateway = TicketGateway(redis)
    await gateway.write_first("own-1", "word " * 20_000)

    assert gateway.opened == 1
    assert gateway.receivers[:2] == ["ada@example.com", "4711"]


async def test_an_agents_act_in_the_thread_is_one_in_the_session(redis: Redis) -> None:
    gateway = TicketGateway(redis)
    first = await gateway.write_first("own-1")
    address = Address(channel="zendesk", account="example", ours="example", theirs="4711")
    act = ControlReceived(id="c1", session=TICKET, address=address, act=ControlAction.TAKE_OVER)
    await gateway.inbox.accept([act])

    assert await gateway.owner(first.session) is Owner.HUMAN
    assert (await gateway.write_first("own-2")).outcome is SendOutcome.PERSON


async def test_after_the_end_of_a_thread_another_one_is_opened(redis: Redis) -> None:
    gateway = TicketGateway(redis)
    first = await gateway.write_first("own-1")
    address = Address(channel="zendesk", account="example", ours="example", theirs="4711")
    act = ControlReceived(id="c1", session=TICKET, address=address, act=ControlAction.CLOSE)
    await gateway.inbox.accept([act])
    second = await gateway.write_first("own-2")
    await gateway.receive(build_comment(1, "thanks", "4712"), first.session)

    assert second.outcome is SendOutcome.QUEUED
    assert gateway.receivers == ["ada@example.com", "ada@example.com", "4712"]


class SimulatedGateway:
    """Gateway whose simulated provider sends the contact's webhook before it answers the send."""

    def __init__(self, redis: Redis, channel: Any, simulator: Any, path: str, *, is_lost: bool) -> None:
        self.gateway = InboundGateway(redis, [channel.name], desk=True)
        self.channel, self.simulator, self.path = channel, simulator, path
        self.is_lost, self.now, self.calls = is_lost, 1_796_000_000.0, 0
        self.processor = SessionProcessor(
            mailbox=self.gateway.mailbox,
            dialog=self.gateway.dialog,
            channels={channel.name: channel},
            http=httpx.AsyncClient(transport=httpx.MockTransport(self.answer)),
        )
        self.sender = ProactiveSender(redis, {channel.name: channel}, ProtocolLimits())

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.now += 1
        path = request.url.raw_path.decode()
        sent = SimulatorRequest(request.method, path, dict(request.headers), request.content)
        response, _ = self.simulator.handle(sent, self.now)
        if request.method == "POST" and path.split("?")[0] == self.path:
            self.calls += 1
            if self.calls == 1:
                await self.write("thanks")
            if self.is_lost and self.calls == 1:
                raise httpx.ReadTimeout("the answer is lost", request=request)
        return httpx.Response(response.status, headers=response.headers, content=response.body)

    async def write(self, text: str) -> None:
        """Write as the contact."""
        message = UserMessage(self.channel.name, "ada@example.com", text)
        _, deliveries = self.simulator.send_user_message(message, self.now)
        for each in deliveries:
            webhook = Webhook(each.method, f"/webhooks/{self.channel.name}", each.headers, each.body)
            await self.gateway.inbox.accept(self.channel.parse(webhook))

    def texts(self, direction: str) -> list[str]:
        lines = self.simulator.list_messages(self.now, person="ada@example.com")
        return [line.text for line in lines if line.direction == direction]


def simulate(redis: Redis, name: str, *, is_lost: bool) -> SimulatedGateway:
    if name == "intercom":
        intercom_app = IntercomSimulator(
            client_secret=intercom.SECRET, access_token=intercom.TOKEN, webhook_url="", seed=7
        )
        channel = intercom.build_channel(INTERCOM_WORKSPACE_ID=intercom.APP)
        return SimulatedGateway(redis, channel, intercom_app, "/messages", is_lost=is_lost)
    desk = ZendeskSimulator(
        secret="c2VjcmV0", api_token="token", webhook_url="", seed=7, by_triggers=name.endswith("triggers")
    )
    tickets = zendesk(ZENDESK_BOT_USER_ID=str(BOT_ID), ZENDESK_API_TOKEN="token")
    return SimulatedGateway(redis, tickets, desk, "/api/v2/tickets.json", is_lost=is_lost)


@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.parametrize("name", ["zendesk", "zendesk by triggers", "intercom"])
async def test_an_answer_that_overtakes_the_record_of_the_send_joins_its_session(
    redis: Redis, name: str, is_lost: bool
) -> None:
    threads = simulate(redis, name, is_lost=is_lost)
    contact = ContactAddress(channel=threads.channel.name, to="ada@example.com")
    receipt = await threads.sender.send_to(contact, "own-1", Message(text="Your parcel is here."))
    await threads.processor.run(receipt.session)
    await redis.hdel(f"tg:{{{receipt.session}}}", "hold")  # as if the wait had passed
    await threads.processor.run(receipt.session)
    await threads.write("and when?")
    await threads.processor.run(receipt.session)

    assert threads.texts("in") == ["thanks", "and when?"]
    first, *answers = threads.texts("out")
    if name == "intercom" and is_lost:  # a message without a conversation cannot be looked up
        assert first == answers.pop(0)
    assert [first, *answers] == ["Your parcel is here.", "1: thanks", "2: and when?"]
    assert [key async for key in redis.scan_iter("tg:{*}")] == [f"tg:{{{receipt.session}}}".encode()]
    await threads.gateway.mailbox.aclose()


@pytest.mark.parametrize("to", ["", "ada", "ada@", "@example.com", "a b@example.com", "0", "-1", "١٢"])
def test_a_requester_is_an_address_or_an_id(to: str) -> None:
    with pytest.raises(InvalidContact):
        zendesk().start_conversation(to)
