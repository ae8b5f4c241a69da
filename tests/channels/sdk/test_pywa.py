"""pywa, the most used Python library for the Cloud API, against the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import httpx
import pytest
from pywa import WhatsApp
from pywa.errors import WhatsAppError
from pywa.handlers import MessageHandler, MessageStatusHandler
from pywa.types import Button, Message, MessageStatus, Section, SectionList, SectionRow, URLButton
from pywa.types.templates import BodyText, HeaderDocument, HeaderText, QuickReplyButton, TemplateLanguage
from pywa.types.templates import URLButton as TemplateUrlButton

from channels._kit.simulator import UserMessage
from channels.whatsapp.simulator.server import WhatsAppSimulator
from tests.channels.sdk.hosted import HostedSimulator, host

SECRET, TOKEN, ADA, NUMBER = "app-secret", "token", "+15550180", "800000000000001"
WEBHOOK = "https://bots.example.com/webhooks/whatsapp"


class _LoopbackTransport(httpx.HTTPTransport):
    """Sends the calls of the Graph API to the simulator."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = httpx.URL(url)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host=self._url.host, port=self._url.port)
        return super().handle_request(request)


@pytest.fixture
async def whatsapp() -> AsyncIterator[tuple[HostedSimulator, WhatsApp]]:
    simulator = WhatsAppSimulator(app_secret=SECRET, access_token=TOKEN, webhook_url=WEBHOOK, seed=1)
    async with host(simulator) as hosted:
        with httpx.Client(transport=_LoopbackTransport(hosted.url)) as session:
            client = WhatsApp(
                NUMBER, TOKEN, session=session, app_secret=SECRET, server=None, verify_token="v"
            )
            yield hosted, client


ROWS = [SectionRow(title="One", callback_data="1"), SectionRow(title="Two", callback_data="2")]
SENDS: dict[str, Callable[[WhatsApp], Any]] = {
    "text": lambda wa: wa.send_message(to=ADA, text="Hello"),
    "buttons": lambda wa: wa.send_message(
        to=ADA, text="Sure?", header="Order", footer="Shop", buttons=[Button(title="Yes", callback_data="y")]
    ),
    "list": lambda wa: wa.send_message(
        to=ADA, text="Which?", buttons=SectionList("Choose", sections=[Section(title="All", rows=ROWS)])
    ),
    "link": lambda wa: wa.send_message(
        to=ADA, text="Look", buttons=URLButton(title="Open", url="https://shop.example/")
    ),
    "image": lambda wa: wa.send_image(to=ADA, image="https://shop.example/a.png", caption="Blue"),
    "document": lambda wa: wa.send_document(to=ADA, document="https://shop.example/a.pdf", filename="a.pdf"),
    "location": lambda wa: wa.send_location(to=ADA, latitude=1.5, longitude=2.5, name="Shop"),
    "location request": lambda wa: wa.request_location(to=ADA, text="Where are you?"),
    "template": lambda wa: wa.send_template(
        to=ADA,
        name="order_update",
        language=TemplateLanguage.ENGLISH_US,
        params=[BodyText.params("Ada", "12")],
    ),
    "template with names": lambda wa: wa.send_template(
        to=ADA,
        name="appointment",
        language=TemplateLanguage.ENGLISH_US,
        params=[HeaderText.params(customer="Ada"), BodyText.params(customer="Ada", day="Monday")],
    ),
    "template with a file and buttons": lambda wa: wa.send_template(
        to=ADA,
        name="invoice",
        language=TemplateLanguage.ENGLISH_US,
        params=[
            HeaderDocument.params(document="https://shop.example/a.pdf"),
            BodyText.params("12"),
            TemplateUrlButton.params(url_variable="12", index=0),
            QuickReplyButton.params(callback_data="question", index=1),
        ],
    ),
}


@pytest.mark.parametrize("kind", SENDS)
async def test_every_kind_of_message_is_accepted_and_its_statuses_are_parsed(
    whatsapp: tuple[HostedSimulator, WhatsApp], kind: str
) -> None:
    hosted, client = whatsapp
    statuses: list[MessageStatus] = []
    client.add_handlers(MessageStatusHandler(lambda _, status: statuses.append(status)))
    await hosted.say(UserMessage("whatsapp", ADA, "Hello"))
    sent = await hosted.call(lambda: SENDS[kind](client))

    assert sent.id.startswith("wamid.")
    await _feed(client, hosted)
    assert {status.id for status in statuses} == {sent.id}
    assert [str(status.status.value) for status in statuses] == ["sent", "delivered", "read"]


async def test_messages_are_parsed_and_their_signatures_valid(
    whatsapp: tuple[HostedSimulator, WhatsApp],
) -> None:
    hosted, client = whatsapp
    messages: list[Message] = []
    client.add_handlers(MessageHandler(lambda _, message: messages.append(message)))
    for message in (
        UserMessage("whatsapp", ADA, "Hello"),
        UserMessage("whatsapp", ADA, "", place=(1.5, 2.5)),
        UserMessage("whatsapp", ADA, "Look", media=("data:image/png;base64,eA==",), media_type="image/png"),
    ):
        await hosted.say(message)
    await _feed(client, hosted)

    assert [message.type.value for message in messages] == ["text", "location", "image"]
    assert messages[0].text == "Hello"
    image = messages[2].image
    assert image is not None
    url = await hosted.call(lambda: client.get_media_url(image.id))
    assert await hosted.call(lambda: client.get_media_bytes(url.url)) == b"x"


async def test_media_are_uploaded_read_and_deleted(whatsapp: tuple[HostedSimulator, WhatsApp]) -> None:
    hosted, client = whatsapp
    await hosted.say(UserMessage("whatsapp", ADA, "Hello"))
    media = await hosted.call(
        lambda: client.upload_media(media=b"png", mime_type="image/png", filename="a.png")
    )
    about = await hosted.call(lambda: client.get_media_url(media.id))

    assert (about.mime_type, about.file_size) == ("image/png", 3)
    assert (await hosted.call(lambda: client.send_image(to=ADA, image=media.id))).id
    assert await hosted.call(lambda: client.delete_media(media.id))


async def test_a_message_is_marked_as_read_with_a_typing_indicator(
    whatsapp: tuple[HostedSimulator, WhatsApp],
) -> None:
    hosted, client = whatsapp
    wamid = await hosted.say(UserMessage("whatsapp", ADA, "Hello"))

    assert await hosted.call(lambda: client.mark_message_as_read(wamid))
    assert await hosted.call(lambda: client.indicate_typing(wamid))


@pytest.mark.parametrize(
    ("send", "code"),
    [
        (lambda wa: wa.send_message(to=ADA, text="x" * 4097), 100),
        (lambda wa: wa.send_image(to=ADA, image="999999999999999"), 131009),
        (
            lambda wa: wa.send_template(to=ADA, name="none", language=TemplateLanguage.GERMAN, params=[]),
            132001,
        ),
        (
            lambda wa: wa.send_message(to=ADA, text="x", buttons=[Button(title="x" * 21, callback_data="y")]),
            131009,
        ),
    ],
)
async def test_errors_have_metas_codes(
    whatsapp: tuple[HostedSimulator, WhatsApp], send: Callable[[WhatsApp], Any], code: int
) -> None:
    hosted, client = whatsapp
    with pytest.raises(WhatsAppError) as error:
        await hosted.call(lambda: send(client))

    assert error.value.code == code
    assert error.value.details


async def test_the_templates_of_the_account_are_listed(whatsapp: tuple[HostedSimulator, WhatsApp]) -> None:
    hosted, client = whatsapp
    templates = {
        (each.name, each.language.value): each
        for each in await hosted.call(lambda: client.get_templates(waba_id="900000000000001"))
    }

    assert templates["order_update", "de"].status.value == "APPROVED"
    assert templates["spring_sale", "en_US"].status.value == "PAUSED"
    kinds = [component.type.value for component in templates["invoice", "en_US"].components]
    assert kinds == ["HEADER", "BODY", "BUTTONS"]


async def _feed(client: WhatsApp, hosted: HostedSimulator) -> None:
    """Let the library verify and parse every webhook."""
    for request in hosted.webhooks:
        body = await request.aread()
        assert client.webhook_update_validator(body, request.headers["x-hub-signature-256"]) is None
        await hosted.call(partial(client.webhook_update_handler, body))
