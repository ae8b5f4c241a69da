"""Sunshine simulator against the channel: switchboard, limits, races for control."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random

import httpx
import pytest
import sunshine_conversations_client as sunshine

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    Operation,
    SimulatorRequest,
    SimulatorResponse,
    UserMessage,
    WebhookDelivery,
    WebhookResult,
)
from channels.sunshine.simulator.conversations import BOT_INTEGRATION
from channels.sunshine.simulator.server import SunshineSimulator
from core.errors import Rejected, Throttled, Unavailable, Unknown
from core.model import (
    Address,
    Attachment,
    Choice,
    ContactMoved,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Event,
    Ignored,
    Reply,
    StatusChanged,
    TurnReceived,
)
from core.ports import FetchError, HttpRequest, HttpResponse, Webhook
from core.sessions import InMemorySessionStore
from tests.channels.sunshine.builders import APP, SECRET, channel

ADA, KEY = "ada", ("app_1", "key-secret")


class Simulation:
    """App with one contact. `before_call` runs before each API call."""

    def __init__(self, **more: object) -> None:
        self.now = 1_795_428_000.0
        self.simulator = SunshineSimulator(app=APP, key=KEY, secret=SECRET, webhook_url="", seed=7, **more)  # type: ignore[arg-type]
        self.channel = channel(
            SUNSHINE_API_URL="https://api.example.com",
            SUNSHINE_INTEGRATION_ID=BOT_INTEGRATION["integrationId"],
        )
        self.events: list[Event] = []
        self.before_call: Callable[[], None] = lambda: None
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self._number = 0

    def hear(self, deliveries: list[WebhookDelivery]) -> list[Event]:
        """Return the events of webhooks, verified and parsed."""
        found = []
        for delivery in sorted(deliveries, key=lambda each: each.at):
            hook = Webhook(delivery.method, "/webhooks/sunshine", delivery.headers, delivery.body)
            self.channel.verify(hook)
            found += self.channel.parse(hook)
        self.events += found
        return found

    def say(self, text: str = "Hello", **more: object) -> list[str]:
        """Send a message as Ada and return the texts of the turns."""
        _, deliveries = self.simulator.send_user_message(UserMessage("sunshine", ADA, text, **more), self.now)  # type: ignore[arg-type]
        self.now += 5
        return [each.turn.text for each in self.hear(deliveries) if isinstance(each, TurnReceived)]

    def act(self, move: str, text: str = "") -> list[ControlAction]:
        """Run an agent's action and return the control actions."""
        found = self.hear(self.simulator.run_agent_action(ADA, move, text, self.now))
        self.now += 5
        return [each.act for each in found if isinstance(each, ControlReceived)]

    def reply(self, **fields: object) -> Reply:
        self._number += 1
        thread = self.simulator.get_desk_status(ADA).thread
        address = Address(channel="sunshine", account=APP, ours=APP, theirs=thread)
        made = {"key": f"turn.{self._number}", "address": address, "body": "Hi", **fields}
        return Reply.model_validate(made)

    async def send(self, **fields: object) -> str:
        return (await self.channel.send(self.reply(**fields), self.http)).provider_id

    def call(
        self, method: str, what: str, body: object = b"", content_type: str = "application/json"
    ) -> SimulatorResponse:
        """Call the API directly: a path, or what there is below Ada's conversation."""
        thread = self.simulator.get_desk_status(ADA).thread
        path = what if what.startswith("/") else f"/v2/apps/{APP}/conversations/{thread}/{what}"
        headers = {
            "authorization": f"Basic {base64.b64encode(b':'.join(each.encode() for each in KEY)).decode()}",
            "content-type": content_type,
            "host": "api.smooch.io",
        }
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer, deliveries = self.simulator.handle(SimulatorRequest(method, path, headers, raw), self.now)
        self.hear(deliveries)
        return answer

    def heard(self, direction: str = "out") -> list[str]:
        return [line.text for line in self.simulator.list_messages(self.now) if line.direction == direction]

    def acts(self) -> list[ControlAction]:
        return [each.act for each in self.events if isinstance(each, ControlReceived)]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.before_call()
        path = request.url.raw_path.decode()
        call = SimulatorRequest(request.method, path, dict(request.headers), request.content)
        answer, deliveries = self.simulator.handle(call, self.now)
        self.hear(deliveries)
        if answer.drop:
            raise httpx.RemoteProtocolError("dropped by the simulator")
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)


async def test_a_conversation_has_statuses_and_no_echo() -> None:
    app = Simulation()

    assert app.say() == ["Hello"]
    number = await app.send(choices=(Choice(label="Yes", payload="y"),))
    statuses = [each for each in app.events if isinstance(each, StatusChanged)]
    assert [(each.provider_id, each.status) for each in statuses] == [
        (number, DeliveryStatus.SENT),
        (number, DeliveryStatus.DELIVERED),
    ]
    app.say("Yes", button="y")
    last = app.events[-1]
    assert isinstance(last, TurnReceived)
    assert last.turn.payload == "y"
    assert app.acts() == []


async def test_an_image_and_a_file_are_sent() -> None:
    app = Simulation()
    app.say()
    for kind in ("image/png", "application/pdf"):
        await app.send(body="", media=(Attachment(url="https://files.example.com/a", content_type=kind),))

    assert [line.media for line in app.simulator.list_messages(app.now) if line.direction == "out"] == [
        ("https://files.example.com/a",)
    ] * 2


class FakeFetcher:
    """Fetcher of one file or error."""

    def __init__(self, body: bytes | None) -> None:
        self.body = body

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        if self.body is None:
            raise FetchError("nobody answered", sent=True)
        return HttpResponse(status=200, headers={}, body=self.body)

    async def aclose(self) -> None:
        """Do nothing."""


async def test_a_private_file_is_uploaded_for_the_conversation() -> None:
    app = Simulation()
    app.say()
    file = Attachment(url="http://files.internal/a.pdf", content_type="application/pdf", name="a.pdf")
    app.channel.set_dependencies(credentials=InMemorySessionStore(), fetch=FakeFetcher(b"%PDF"))
    await app.send(body="", media=(file,))

    [(url,)] = [line.media for line in app.simulator.list_messages(app.now) if line.direction == "out"]
    served = app.call("GET", url.partition("api.example.com")[2])
    assert (served.headers["content-type"], served.body) == ("application/pdf", b"%PDF")
    app.channel.set_dependencies(credentials=InMemorySessionStore(), fetch=FakeFetcher(None))
    with pytest.raises(Unavailable, match="downloading the file to send failed"):
        await app.send(body="", media=(file,))


async def test_after_a_hand_off_the_session_waits_for_an_agent() -> None:
    app = Simulation()
    app.say()
    await app.send(body="I'm passing you on.")
    await app.send(act="hand_off", body="wants a person")

    assert app.simulator.get_desk_status(ADA).words == "control: zd-agentWorkspace"
    assert app.acts() == [ControlAction.PASSED_ON]
    app.say("Anybody?")
    assert app.acts() == [ControlAction.PASSED_ON, ControlAction.HAND_OFF]
    assert app.act("reply", "Hello Ada") == [ControlAction.TAKE_OVER]
    with pytest.raises(Rejected, match="control"):
        await app.send(body="too late")
    assert app.act("give_back") == [ControlAction.GIVE_BACK]
    await app.send(body="Here I am")
    assert app.heard() == ["I'm passing you on.", "Here I am"]


async def test_a_reply_accepts_offered_control() -> None:
    app = Simulation()
    app.say()
    assert app.act("take") == [ControlAction.TAKE_OVER]
    assert app.act("offer") == [ControlAction.GIVE_BACK]
    assert app.say("Hello?") == ["Hello?"]
    await app.send()

    assert app.simulator.get_desk_status(ADA).words == "control: bot"
    assert app.acts()[-1] is ControlAction.GIVE_BACK


async def test_a_released_conversation_returns_to_the_bot() -> None:
    app = Simulation()
    app.say()
    app.act("reply", "Done.")
    assert app.act("release") == [ControlAction.CLOSE]
    with pytest.raises(Rejected, match="control"):
        await app.send()
    assert app.say("Me again") == ["Me again"]
    await app.send()
    assert app.heard() == ["Hi"]


async def test_a_send_to_a_deleted_conversation_is_rejected() -> None:
    app = Simulation()
    app.say()
    late = app.reply()
    assert app.act("delete") == [ControlAction.CLOSE]
    with pytest.raises(Rejected, match="conversation_not_found"):
        await app.channel.send(late, app.http)


@pytest.mark.parametrize(("sends_retry_after", "expected"), [(True, 1.0), (False, None)])
async def test_requests_over_the_rate_limit_are_refused_and_not_processed(
    sends_retry_after: bool, expected: float | None
) -> None:
    app = Simulation(max_requests_per_second=3, sends_retry_after=sends_retry_after)
    app.say()
    await app.send()  # reads the conversation, and posts
    with pytest.raises(Throttled) as error:
        await app.send()

    assert (error.value.retry_after, error.value.one_number) == (expected, False)
    assert len(app.heard()) == 1
    app.now += 1
    await app.send()
    assert len(app.heard()) == 2


async def test_a_full_conversation_is_locked() -> None:
    app = Simulation(max_messages=2)
    app.say()
    await app.send()
    with pytest.raises(Rejected, match="full"):
        await app.send()


@pytest.mark.parametrize(
    "fault", [Fault.ERROR_AFTER, Fault.DROP_AFTER, Fault.SERVER_ERROR, Fault.DROP_BEFORE]
)
async def test_an_unknown_outcome_is_looked_up(fault: Fault) -> None:
    app = Simulation()
    app.say()
    app.simulator.set_faults(FaultSettings(next=(fault,)))
    made = app.reply()
    with pytest.raises(Unknown):
        await app.channel.send(made, app.http)
    found = await app.channel.find_sent(made, app.http, since=None, known=())  # type: ignore[arg-type]

    assert bool(found) is (fault in (Fault.ERROR_AFTER, Fault.DROP_AFTER)) is bool(app.heard())


def test_a_webhook_is_retried_up_to_five_times_except_for_some_statuses() -> None:
    app = Simulation()
    _, [delivery] = app.simulator.send_user_message(UserMessage("sunshine", ADA, "Hello"), app.now)

    def tries(status: int | None) -> int:
        queue = [delivery]
        for each in queue:
            queue += app.simulator.handle_delivery_result(each, WebhookResult(status), app.now)
        assert queue[-1].at - delivery.at <= 900
        return len(queue)

    assert [tries(each) for each in (200, 401, 400, 500, 503, None)] == [1, 1, 1, 5, 5, 5]


@pytest.mark.parametrize("move", ["reply", "dance"])
def test_impossible_actions_raise(move: str) -> None:
    app = Simulation()
    app.say()
    with pytest.raises(KeyError):
        app.act(move)


def test_merged_contacts_have_one_conversation() -> None:
    app = Simulation()
    for person in (ADA, "ada-at-work"):
        app.hear(app.simulator.send_user_message(UserMessage("sunshine", person, "Hi"), app.now)[1])
    former = app.simulator.get_desk_status("ada-at-work").thread
    [deliveries] = app.simulator.run_agent_action(ADA, "merge", "ada-at-work", app.now)
    surviving = app.simulator.get_desk_status("ada-at-work").thread
    assert surviving == app.simulator.get_desk_status(ADA).thread != former

    [event] = json.loads(deliveries.body)["events"]
    merged = event["payload"]["mergedConversations"]
    assert (event["type"], merged["surviving"]["id"]) == ("user:merge", surviving)
    assert merged["discarded"]["id"] == former
    assert sunshine.WebhookBody.from_dict(json.loads(deliveries.body)) is not None
    users, moved = app.hear([deliveries])
    assert isinstance(users, Ignored)
    assert isinstance(moved, ContactMoved)
    assert (moved.address.theirs, moved.absorbed) == (surviving, f"sunshine:{APP}:{former}")
    assert [line.text for line in app.simulator.list_messages(app.now, person="ada-at-work")] == ["Hi", "Hi"]
    with pytest.raises(KeyError):
        app.act("merge", "ada-at-work")


@pytest.mark.long
async def test_a_reply_is_rejected_after_control_was_passed() -> None:
    """The API accepts messages from anybody, so only the read before the send prevents it."""
    for seed in range(300):
        await race(seed)


async def race(seed: int) -> None:
    chance, app, calls = Random(seed), Simulation(), 0
    app.say()
    at = chance.randrange(2)

    def interfere() -> None:
        nonlocal calls
        if calls == at:
            app.act(chance.choice(["take", "reply"]), "Mine.")
        calls += 1

    app.before_call = interfere
    for _ in range(2):
        try:
            await app.send()
        except Rejected:
            continue
    assert len(app.heard()) == at  # the one whose look was over


TEXT = {"type": "text", "text": "Hi"}
ACTION = {"type": "reply", "text": "Yes", "payload": "y"}


@pytest.mark.parametrize(
    "message",
    [
        {"content": TEXT},
        {"author": {"type": "zzz"}, "content": TEXT},
        {"author": {"type": "user"}, "content": TEXT},
        {"author": {"type": "business"}},
        {"author": {"type": "business"}, "content": {"type": "zzz"}},
        {"author": {"type": "business"}, "content": {"type": "text"}},
        {"author": {"type": "business"}, "content": {"type": "text", "text": "x" * 4097}},
        {"author": {"type": "business"}, "content": {**TEXT, "actions": [{"type": "reply", "text": "a"}]}},
        {"author": {"type": "business"}, "content": {**TEXT, "actions": [{"type": "link", "text": "a"}]}},
        {"author": {"type": "business"}, "content": {**TEXT, "actions": [{"type": "zzz", "text": "a"}]}},
        {
            "author": {"type": "business"},
            "content": {**TEXT, "actions": [ACTION, {"type": "link", "text": "a", "uri": "https://x"}]},
        },
        {"author": {"type": "business"}, "content": {"type": "image", "mediaUrl": "nourl"}},
        {
            "author": {"type": "business"},
            "content": {"type": "image", "mediaUrl": "http://127.0.0.1:9/a.png"},
        },
        {
            "author": {"type": "business"},
            "content": {"type": "file", "mediaUrl": "https://x.example/a", "altText": "x" * 129},
        },
        {"author": {"type": "business"}, "content": TEXT, "metadata": {"a": {"nested": 1}}},
        {"author": {"type": "business"}, "content": TEXT, "metadata": {"a": "x" * 5000}},
        {"author": {"type": "business"}, "content": {"type": "location", "coordinates": {"lat": 1}}},
    ],
)
def test_messages_that_the_api_refuses_are_refused(message: dict[str, object]) -> None:
    app = Simulation()
    app.say()

    assert app.call("POST", "messages", message).status == 400


@pytest.mark.parametrize(
    "content",
    [
        {"type": "text", "markdownText": "**Hi**"},
        {"type": "text", "actions": [ACTION]},
        {"type": "image", "mediaUrl": "https://x.example/a.png", "text": "Look", "actions": [ACTION]},
        {"type": "location", "coordinates": {"lat": 1.5, "long": 2}},
        {"type": "carousel", "items": [{"title": "A", "actions": [ACTION]}]},
        {"type": "form", "fields": [{"type": "text", "name": "n", "label": "Name"}]},
    ],
)
def test_documented_message_types_are_accepted(content: dict[str, object]) -> None:
    app = Simulation()
    app.say()
    message = {"author": {"type": "business", "subtypes": ["AI"]}, "content": content}

    assert app.call("POST", "messages", message).status == 201


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
@pytest.mark.parametrize("what", ["messages", "activity", "passControl"])
def test_malformed_bodies_are_the_providers_400(what: str, body: bytes) -> None:
    app = Simulation()
    app.say()

    assert app.call("POST", what, body).status == 400


def test_activities_and_passed_control_need_their_fields() -> None:
    app = Simulation()
    app.say()

    assert app.call("POST", "activity", {"type": "typing:start"}).status == 400
    assert app.call("POST", "activity", {"author": {"type": "business"}, "type": "zzz"}).status == 400
    assert app.call("POST", "passControl", {}).status == 400


def test_messages_are_listed_in_pages() -> None:
    app = Simulation()
    for number in range(130):
        app.say(f"message {number}")
    newest = json.loads(app.call("GET", "messages").body)
    first = newest["messages"][0]["id"]
    older = json.loads(app.call("GET", f"messages?page[before]={first}").body)

    assert [each["content"]["text"] for each in newest["messages"]] == [
        f"message {n}" for n in range(30, 130)
    ]
    assert newest["meta"]["hasMore"] is True
    assert len(older["messages"]) == 30
    assert older["meta"]["hasMore"] is False
    assert app.call("GET", "messages?page[before]=zzz").status == 400


async def test_a_message_can_fail_after_it_was_accepted() -> None:
    app = Simulation()
    app.say()
    app.simulator.set_faults(FaultSettings(late_failures=1.0, late_codes=("user_unreachable",)))
    number = await app.send()
    statuses = [each for each in app.events if isinstance(each, StatusChanged)]

    assert [(each.provider_id, each.status) for each in statuses] == [(number, DeliveryStatus.FAILED)]
    assert statuses[0].error_code == "user_unreachable"


def test_an_uploaded_file_is_served() -> None:
    app = Simulation()
    app.say()
    thread = app.simulator.get_desk_status(ADA).thread
    request = httpx.Request("POST", "http://x", files={"source": ("a.png", b"png", "image/png")})
    path = f"/v2/apps/{APP}/attachments?access=public&for=message&conversationId={thread}"
    answer = app.call("POST", path, request.read(), request.headers["content-type"])
    url = json.loads(answer.body)["attachment"]["mediaUrl"]

    assert app.call("GET", url.partition("api.smooch.io")[2]).body == b"png"
    assert app.call("GET", "/files/none").status == 404


@pytest.mark.parametrize(
    ("operation", "what"), [(Operation.LOOK_UP, "messages"), (Operation.CONTROL, "passControl")]
)
def test_look_ups_and_hand_overs_can_fail_too(operation: Operation, what: str) -> None:
    app = Simulation()
    app.say()
    app.simulator.set_faults(FaultSettings(next=(Fault.UNAVAILABLE,), operations=(operation,)))
    method, body = (
        ("GET", b"") if operation is Operation.LOOK_UP else ("POST", {"switchboardIntegration": "next"})
    )

    assert app.call(method, what, body).status == 503
    assert app.call(method, what, body).status == 200
