"""Buttons and lists on WhatsApp through the Content API, and numbered lists as the fallback."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from channels._kit.simulator import SimulatorRequest, UserMessage
from channels.twilio.content import content_api_url
from channels.twilio.simulator.server import TwilioSimulator
from core.model import Address, Attachment, Choice, Message, MessagePart, Reply
from core.sessions import InMemorySessionStore
from tests.channels.twilio.builders import ACCOUNT, TOKEN, build_channel, parse_turn

ADA = "whatsapp:+15550111"
ADDRESS = Address(channel="twilio", account=ACCOUNT, ours="whatsapp:+15550101", theirs=ADA)
SMS = ADDRESS.model_copy(update={"ours": "+15550100", "theirs": "+15550111"})
API = "https://twilio.example"


class NoFetch:
    async def fetch(self, request: Any) -> Any:
        raise NotImplementedError

    async def aclose(self) -> None: ...


class Api:
    """The simulator behind a transport, with the requests that it got."""

    def __init__(self) -> None:
        self.simulator = TwilioSimulator(
            account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=f"{API}/webhooks/twilio", seed=1
        )
        self.simulator.send_user_message(UserMessage(surface="whatsapp", person="+15550111", text="hi"), 1.0)
        self.requests: list[httpx.Request] = []
        self.refuses_contents = False
        self.now = 2.0
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.refuses_contents and request.url.path.startswith("/v1/Content"):
            return httpx.Response(403)
        response, _ = self.simulator.handle(
            SimulatorRequest(
                request.method, str(request.url.raw_path.decode()), dict(request.headers), request.content
            ),
            self.now,
        )
        return httpx.Response(response.status, headers=response.headers, content=response.body)

    @property
    def sent_forms(self) -> list[dict[str, str]]:
        return [
            {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
            for request in self.requests
            if request.url.path.endswith("Messages.json")
        ]

    @property
    def created_contents(self) -> list[dict[str, Any]]:
        return [json.loads(each.content) for each in self.requests if each.url.path == "/v1/Content"]

    def read_last_message(self) -> Any:
        return self.simulator.list_messages(9.0)[-1]


def build_choices(*labels: str, **more: str) -> tuple[Choice, ...]:
    return tuple(Choice(label=label, payload=f"p{number}", **more) for number, label in enumerate(labels))


def render(text: str, **more: Any) -> list[MessagePart]:
    return build_channel().render(Message(text=text, **more), ADDRESS)


def build_reply(part: MessagePart, key: str = "t.1") -> Reply:
    return Reply(key=key, address=ADDRESS, **dict(part))


async def send(api: Api, channel: Any, text: str = "Which?", **more: Any) -> None:
    for part in channel.render(Message(text=text, **more), ADDRESS):
        await channel.send(build_reply(part), api.http)


async def test_three_choices_are_buttons_and_a_tap_returns_the_payload() -> None:
    api, channel = Api(), build_channel(TWILIO_API_URL=API)
    await send(api, channel, "Shall I *cancel*?\n\nSay it.", choices=build_choices("Yes", "No"))

    assert api.created_contents[0]["types"] == {
        "twilio/quick-reply": {
            "body": "{{1}}\n\n{{2}}",
            "actions": [
                {"type": "QUICK_REPLY", "title": "Yes", "id": "p0"},
                {"type": "QUICK_REPLY", "title": "No", "id": "p1"},
            ],
        }
    }
    [form] = api.sent_forms
    assert json.loads(form["ContentVariables"]) == {"1": "Shall I _cancel_?", "2": "Say it."}
    assert "Body" not in form
    assert (api.read_last_message().text, api.read_last_message().choices) == (
        "Shall I _cancel_?\n\nSay it.",
        (("p0", "Yes"), ("p1", "No")),
    )
    _, [webhook] = api.simulator.send_user_message(
        UserMessage(surface="whatsapp", person="+15550111", button="p0", text="Yes"), 3.0
    )
    assert parse_turn(_fields(webhook)).payload == "p0"


def _fields(webhook: Any) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in parse_qs(webhook.body.decode(), keep_blank_values=True).items()
        for value in values
    ]


async def test_more_choices_are_a_list_in_the_sessions_language() -> None:
    api, channel = Api(), build_channel(TWILIO_API_URL=API)
    await send(api, channel, choices=build_choices(*"ABCDE"), list_button="Auswählen")

    [picker] = api.created_contents[0]["types"].values()
    assert (picker["button"], len(picker["items"])) == ("Auswählen", 5)
    _, [webhook] = api.simulator.send_user_message(
        UserMessage(surface="whatsapp", person="+15550111", button="p4", text="E"), 3.0
    )
    fields = _fields(webhook)
    assert ("ListId", "p4") in fields
    assert (parse_turn(fields).payload, parse_turn(fields).text) == ("p4", "E")


@pytest.mark.parametrize("count", [2, 5])
async def test_a_value_above_buttons_or_a_list_is_shown_as_it_is(count: int) -> None:
    api, channel = Api(), build_channel(TWILIO_API_URL=API)
    await send(api, channel, r"Code \*12\* or A\*12\*B, **now**?", choices=build_choices(*"ABCDE"[:count]))

    assert json.loads(api.sent_forms[0]["ContentVariables"]) == {"1": "Code \u2060*12* or A*12*B, *now*?"}


async def test_a_shape_is_made_once_for_all_workers() -> None:
    api, store = Api(), InMemorySessionStore()
    for name in ("Ada", "Bob"):
        channel = build_channel(TWILIO_API_URL=API)
        channel.set_dependencies(credentials=store, fetch=NoFetch())
        await send(api, channel, f"Hello {name}", choices=build_choices("Yes"))
        await send(api, channel, f"Hello again {name}", choices=build_choices("Yes"))
    assert len(api.created_contents) == 1
    assert len({form["ContentSid"] for form in api.sent_forms}) == 1


async def test_a_deleted_content_is_made_again() -> None:
    api, channel, store = Api(), build_channel(TWILIO_API_URL=API), InMemorySessionStore()
    channel.set_dependencies(credentials=store, fetch=NoFetch())
    await send(api, channel, choices=build_choices("Yes"))
    first = api.sent_forms[0]["ContentSid"]
    response = await api.http.delete(f"{API}/v1/Content/{first}", auth=(ACCOUNT, TOKEN))
    assert response.status_code == 204
    await send(api, channel, choices=build_choices("Yes"))
    assert [form["ContentSid"] for form in api.sent_forms][:2] == [first, first]
    assert api.sent_forms[2]["ContentSid"] != first
    assert api.read_last_message().choices == (("p0", "Yes"),)


async def test_without_the_content_api_choices_are_numbered() -> None:
    api, channel = Api(), build_channel(TWILIO_API_URL=API)
    api.refuses_contents = True
    await send(api, channel, choices=build_choices("Yes", "No"))
    await send(api, channel, choices=build_choices("Yes", "No"))
    assert [form["Body"] for form in api.sent_forms] == ["Which?\n\n1. Yes\n2. No"] * 2
    assert sum(request.url.path == "/v1/Content" for request in api.requests) == 1


@pytest.mark.parametrize("label", ["{{1}}", "a }} b"])
async def test_braces_in_a_label_are_numbered_and_in_a_text_are_words(label: str) -> None:
    api, channel = Api(), build_channel(TWILIO_API_URL=API)
    await send(api, channel, choices=build_choices(label))
    assert api.sent_forms[0]["Body"] == f"Which?\n\n1. {label}"
    await send(api, channel, label, choices=build_choices("Yes"))
    assert json.loads(api.sent_forms[1]["ContentVariables"]) == {"1": label}


def test_files_come_before_the_buttons_and_sms_has_numbers() -> None:
    media = (Attachment(url="https://x.example/a.png"),)
    first, second = render("Which?", choices=build_choices("Yes"), media=media)
    assert ([each.url for each in first.media], second.choices) == ([media[0].url], build_choices("Yes"))
    [part] = build_channel().render(Message(text="Which?", choices=build_choices("Yes")), SMS)
    assert (part.body, part.choices) == ("Which?\n\n1. Yes", ())


@pytest.mark.parametrize(
    ("api", "content"),
    [
        ("https://api.twilio.com", "https://content.twilio.com"),
        ("https://api.dublin.ie1.twilio.com", "https://content.dublin.ie1.twilio.com"),
        ("http://127.0.0.1:9000/twilio", "http://127.0.0.1:9000/twilio"),
    ],
)
def test_the_content_api_is_beside_the_rest_api(api: str, content: str) -> None:
    assert content_api_url(api) == content
