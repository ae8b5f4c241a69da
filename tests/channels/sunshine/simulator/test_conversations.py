"""Sunshine simulator against the channel: switchboard, limits and races for control."""

from __future__ import annotations

import json
from random import Random

import pytest
import sunshine_conversations_client as sunshine

from channels._kit.simulator import UserMessage
from core.errors import Rejected, Unavailable
from core.model import (
    Attachment,
    Choice,
    ContactMoved,
    ControlAction,
    DeliveryStatus,
    Ignored,
    StatusChanged,
    TurnReceived,
)
from core.ports import FetchError, HttpRequest, HttpResponse
from core.sessions import InMemorySessionStore
from tests.channels.sunshine.builders import APP
from tests.channels.sunshine.simulator.simulated import ADA, Simulation


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
    assert app.list_actions() == []


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
    assert app.list_actions() == [ControlAction.PASSED_ON]
    app.say("Anybody?")
    assert app.list_actions() == [ControlAction.PASSED_ON, ControlAction.HAND_OFF]
    assert app.act("reply", "Hello Ada") == [ControlAction.TAKE_OVER]
    with pytest.raises(Rejected, match="control"):
        await app.send(body="too late")
    assert app.act("give_back") == [ControlAction.GIVE_BACK]
    await app.send(body="Here I am")
    assert app.list_texts() == ["I'm passing you on.", "Here I am"]


async def test_a_reply_accepts_offered_control() -> None:
    app = Simulation()
    app.say()
    assert app.act("take") == [ControlAction.TAKE_OVER]
    assert app.act("offer") == [ControlAction.GIVE_BACK]
    assert app.say("Hello?") == ["Hello?"]
    await app.send()

    assert app.simulator.get_desk_status(ADA).words == "control: bot"
    assert app.list_actions()[-1] is ControlAction.GIVE_BACK


async def test_a_released_conversation_returns_to_the_bot() -> None:
    app = Simulation()
    app.say()
    app.act("reply", "Done.")
    assert app.act("release") == [ControlAction.CLOSE]
    with pytest.raises(Rejected, match="control"):
        await app.send()
    assert app.say("Me again") == ["Me again"]
    await app.send()
    assert app.list_texts() == ["Hi"]


async def test_a_send_to_a_deleted_conversation_is_rejected() -> None:
    app = Simulation()
    app.say()
    late = app.reply()
    assert app.act("delete") == [ControlAction.CLOSE]
    with pytest.raises(Rejected, match="conversation_not_found"):
        await app.channel.send(late, app.http)


@pytest.mark.parametrize("move", ["reply", "dance"])
def test_impossible_actions_raise(move: str) -> None:
    app = Simulation()
    app.say()
    with pytest.raises(KeyError):
        app.act(move)


def test_merged_contacts_have_one_conversation() -> None:
    app = Simulation()
    for person in (ADA, "ada-at-work"):
        app.parse_deliveries(
            app.simulator.send_user_message(UserMessage("sunshine", person, "Hi"), app.now)[1]
        )
    former = app.simulator.get_desk_status("ada-at-work").thread
    [deliveries] = app.simulator.run_agent_action(ADA, "merge", "ada-at-work", app.now)
    surviving = app.simulator.get_desk_status("ada-at-work").thread
    assert surviving == app.simulator.get_desk_status(ADA).thread != former

    [event] = json.loads(deliveries.body)["events"]
    merged = event["payload"]["mergedConversations"]
    assert (event["type"], merged["surviving"]["id"]) == ("user:merge", surviving)
    assert merged["discarded"]["id"] == former
    assert sunshine.WebhookBody.from_dict(json.loads(deliveries.body)) is not None
    users, moved = app.parse_deliveries([deliveries])
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
    assert len(app.list_texts()) == at  # the one whose look was over
