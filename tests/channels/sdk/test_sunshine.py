"""Zendesk's own library for Sunshine Conversations against the simulator."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import sunshine_conversations_client as sunshine

from channels._kit.simulator import UserMessage
from channels.sunshine.simulator.server import SunshineSimulator
from tests.channels.sdk.hosted import HostedSimulator, host

APP, ADA = "5ebee0975ac5304b664a0001", "ada"


class App:
    """The simulated app with one conversation, and a client."""

    def __init__(self, hosted: HostedSimulator, client: sunshine.ApiClient, thread: str) -> None:
        self.hosted = hosted
        self.thread = thread
        self.messages = sunshine.MessagesApi(client)
        self.conversations = sunshine.ConversationsApi(client)
        self.activities = sunshine.ActivitiesApi(client)
        self.switchboard = sunshine.SwitchboardActionsApi(client)

    async def post(self, content: dict[str, Any], **fields: Any) -> Any:
        message = sunshine.MessagePost.from_dict(
            {"author": {"type": "business"}, "content": content, **fields}
        )
        assert message is not None
        return await self.hosted.call(lambda: self.messages.post_message(APP, self.thread, message))


@pytest.fixture
async def app() -> AsyncIterator[App]:
    simulator = SunshineSimulator(
        app=APP, key=("app_1", "key"), secret="webhook", webhook_url="https://bots.example.com/x", seed=7
    )
    async with host(simulator) as hosted:
        await hosted.say(UserMessage("sunshine", ADA, "Hello"))
        settings = sunshine.Configuration(host=hosted.url, username="app_1", password="key")
        with sunshine.ApiClient(settings) as client:
            yield App(hosted, client, simulator.get_desk_status(ADA).thread)


@pytest.mark.parametrize(
    "content",
    [
        {"type": "text", "text": "Hi"},
        {"type": "text", "text": "Sure?", "actions": [{"type": "reply", "text": "Yes", "payload": "y"}]},
        {
            "type": "text",
            "text": "Look",
            "actions": [{"type": "link", "text": "Open", "uri": "https://x.example"}],
        },
        {"type": "image", "mediaUrl": "https://shop.example/a.png", "text": "Blue"},
        {"type": "file", "mediaUrl": "https://shop.example/a.pdf", "altText": "a.pdf"},
    ],
)
async def test_messages_are_accepted_and_listed(app: App, content: dict[str, Any]) -> None:
    posted = await app.post(content, metadata={"key": "turn.1"})
    listed = await app.hosted.call(lambda: app.messages.list_messages(APP, app.thread))

    assert posted.messages[0].id == listed.messages[-1].id
    assert listed.messages[-1].metadata == {"key": "turn.1"}


async def test_conversation_activity_and_control(app: App) -> None:
    found = await app.hosted.call(lambda: app.conversations.get_conversation(APP, app.thread))
    assert found.conversation.id == app.thread

    activity = sunshine.ActivityPost.from_dict({"author": {"type": "business"}, "type": "typing:start"})
    await app.hosted.call(lambda: app.activities.post_activity(APP, app.thread, activity))
    target = sunshine.PassControlBody(switchboardIntegration="next")
    await app.hosted.call(lambda: app.switchboard.pass_control(APP, app.thread, target))
    nothing = sunshine.AcceptControlBody()
    with pytest.raises(sunshine.ApiException) as error:
        await app.hosted.call(lambda: app.switchboard.accept_control(APP, app.thread, nothing))
    assert error.value.status == 403


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (lambda app: app.conversations.get_conversation(APP, "0" * 24), 404),
        (
            lambda app: app.messages.post_message(
                APP,
                app.thread,
                sunshine.MessagePost.from_dict(
                    {
                        "author": {"type": "business"},
                        "content": {"type": "text", "text": "x"},
                        "metadata": {"long": "x" * 5000},
                    }
                ),
            ),
            400,
        ),
    ],
)
async def test_errors_have_their_status(app: App, call: Callable[[App], Any], status: int) -> None:
    with pytest.raises(sunshine.ApiException) as error:
        await app.hosted.call(lambda: call(app))

    assert error.value.status == status


async def test_every_webhook_has_the_secret_and_parses(app: App) -> None:
    await app.post({"type": "text", "text": "Hi"})
    for request in app.hosted.webhooks:
        assert request.headers["x-api-key"] == "webhook"
        assert sunshine.WebhookBody.from_dict(json.loads(await request.aread())) is not None
    assert len(app.hosted.webhooks) == 4
