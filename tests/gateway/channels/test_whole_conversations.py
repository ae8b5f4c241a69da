"""Conversations with every kind of message, on each simulated provider and through all processes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from channels._kit.simulator import ProviderSimulator, UserMessage
from channels.intercom.simulator.server import IntercomSimulator
from channels.sunshine.simulator.conversations import BOT_INTEGRATION
from channels.sunshine.simulator.server import SunshineSimulator
from channels.twilio.simulator.server import TwilioSimulator
from channels.twilio.simulator.webhooks import build_user_id
from channels.whatsapp.simulator.records import IdentityMode
from channels.whatsapp.simulator.server import WhatsAppSimulator
from channels.zendesk.simulator.server import ZendeskSimulator
from channels.zendesk.simulator.tickets import BOT_ID
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from tests.channels.intercom import builders as intercom
from tests.channels.sunshine import builders as sunshine
from tests.channels.whatsapp import builders as meta
from tests.flows.conversation import document, edge, input_schema, node
from tests.gateway.environments.stack import ACCOUNT, TOKEN
from tests.gateway.environments.surroundings import RecordingSimulatorServer, find_free_url, start_gateway

PLACE, FORM = (47.5, 19.0), {"size": "3"}
PICTURE, VOICE = "data:image/jpeg;base64,/9j/4AAQ", "data:audio/ogg;base64,T2dnUwAC"
PICTURE_URL, VOICE_URL = "https://files.example.com/1.jpg", "https://files.example.com/1.ogg"
QUESTION = "Shall I send somebody?"
_FORM_SCHEMA = {"type": "object", "format": "form", "properties": {"size": {"type": "integer"}}}
_HAS_FILE = "message.attachments is not empty"
FLOW = document(
    node(
        "place",
        "Where are you?",
        edges=[
            edge("shared", "form", input_schema=input_schema(place={"type": "object", "format": "location"})),
            edge("written", "form", keywords=["harbour"]),
        ],
    ),
    node(
        "form",
        "Please fill in the form.",
        edges=[
            edge("filled", "picture", input_schema=input_schema(survey=_FORM_SCHEMA)),
            edge("told", "picture", keywords=["three"]),
        ],
    ),
    node("picture", "Please send a picture.", edges=[edge("seen", "voice", _HAS_FILE)]),
    node("voice", "Please say it in a voice note.", edges=[edge("heard", "confirm", _HAS_FILE)]),
    node(
        "confirm",
        QUESTION,
        edges=[edge("yes", "sent", keywords=["yes"]), edge("no", "not_sent", keywords=["no"])],
        on_reaction={"👍": "yes"},
    ),
    node(
        "sent",
        "SENT to {{ place.latitude }} with {{ survey.size + 1 if survey else 'no form' }}",
        edges=[edge("more", "status", keywords=["status"])],
    ),
    node("not_sent", "NOT SENT", edges=[edge("again", "confirm", keywords=["again"])]),
    node("status", "ON THE WAY", edges=[edge("more", "status", keywords=["status"])]),
)


@dataclass(frozen=True)
class Provider:
    """Simulation of a provider, and the messages that its contacts can send."""

    surface: str
    contact: str
    simulator: ProviderSimulator
    environ: Mapping[str, str]
    api_url_setting: str
    has_place: bool = True
    has_form: bool = True
    has_reaction: bool = True
    has_participants: bool = False
    stores_files: bool = False


def _simulate_whatsapp(hook: str) -> Provider:
    made = WhatsAppSimulator(app_secret=meta.SECRET, access_token=meta.TOKEN, webhook_url=hook, seed=7)
    return Provider("whatsapp", f"+{meta.PHONE}", made, meta.ENVIRON, "WHATSAPP_API_URL", stores_files=True)


def _simulate_twilio(surface: str, contact: str, hook: str) -> Provider:
    made = TwilioSimulator(account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=hook, seed=7)
    made.shows_user_ids = True
    environ = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}
    is_rich = surface == "whatsapp"
    return Provider(
        surface,
        contact,
        made,
        environ,
        "TWILIO_API_URL",
        has_place=is_rich,
        has_form=is_rich,
        stores_files=True,
    )


def _simulate_sunshine(hook: str) -> Provider:
    environ = sunshine.ENVIRON
    made = SunshineSimulator(
        app=sunshine.APP,
        key=(environ["SUNSHINE_KEY_ID"], environ["SUNSHINE_KEY_SECRET"]),
        secret=sunshine.SECRET,
        webhook_url=hook,
        seed=7,
    )
    environ = {**environ, "SUNSHINE_INTEGRATION_ID": BOT_INTEGRATION["integrationId"]}
    return Provider(
        "sunshine",
        "+15550191",
        made,
        environ,
        "SUNSHINE_API_URL",
        has_reaction=False,
        has_participants=True,
    )


def _simulate_intercom(hook: str) -> Provider:
    made = IntercomSimulator(
        client_secret=intercom.SECRET, access_token=intercom.TOKEN, webhook_url=hook, seed=7
    )
    return Provider(
        "intercom",
        "+15550190",
        made,
        intercom.ENVIRON,
        "INTERCOM_API_URL",
        has_place=False,
        has_form=False,
        has_participants=True,
    )


def _simulate_zendesk(hook: str) -> Provider:
    made = ZendeskSimulator(secret="c2VjcmV0", api_token="api-token", webhook_url=hook, seed=7)
    environ = {
        "ZENDESK_EMAIL": "bot@example.com",
        "ZENDESK_API_TOKEN": "api-token",
        "ZENDESK_WEBHOOK_SECRET": "c2VjcmV0",
        "ZENDESK_BOT_USER_ID": str(BOT_ID),
    }
    return Provider(
        "zendesk",
        "ada@example.com",
        made,
        environ,
        "ZENDESK_API_URL",
        has_place=False,
        has_form=False,
        has_reaction=False,
        has_participants=True,
    )


PROVIDERS = {
    "whatsapp": _simulate_whatsapp,
    "twilio_whatsapp": lambda hook: _simulate_twilio("whatsapp", "whatsapp:+15550171", hook),
    "twilio_sms": lambda hook: _simulate_twilio("sms", "+15550171", hook),
    "sunshine": _simulate_sunshine,
    "intercom": _simulate_intercom,
    "zendesk": _simulate_zendesk,
}


class Conversation:
    """Contact who writes to the gateway; each message waits for its effects."""

    def __init__(self, provider: Provider, server: RecordingSimulatorServer) -> None:
        self.provider = provider
        self.contact = provider.contact
        self._server = server
        self._message = UserMessage(provider.surface, provider.contact)

    def texts(self) -> list[str]:
        return [entry.text for entry in self._server.list_entries(self.contact) if entry.text]

    async def send(self, expected: str, **content: Any) -> None:
        """Send a message of the contact and wait for an answer with these words."""
        seen = len(self._server.list_entries(self.contact))
        self._server.send_user_message(replace(self._message, **content))
        await self._server.wait_for_entries(expected, self.contact, seen)

    async def send_as_participant(self, text: str) -> None:
        self._server.send_user_message(replace(self._message, text=text, participant="eve"))
        await self._server.wait_until_idle()

    def hide_number(self) -> None:
        """Hide the contact's number from now on, where the provider has user IDs beside numbers."""
        match self.provider.simulator:
            case WhatsAppSimulator() as simulator:
                simulator.identity = IdentityMode.HIDDEN
            case TwilioSimulator() as simulator if self.provider.surface == "whatsapp":
                simulator.hides_numbers = True
                self.contact = build_user_id(self.contact)


@asynccontextmanager
async def running_conversation(channel: str, folder: Path) -> AsyncIterator[Conversation]:
    file = folder / "flow.json"
    file.write_text(json.dumps(FLOW), encoding="utf-8")
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        url = find_free_url()
        provider = PROVIDERS[channel](f"{url}/webhooks/{channel.partition('_')[0]}")
        server = RecordingSimulatorServer(provider.simulator, http)
        api_url = await stack.enter_async_context(serve(server))
        if isinstance(provider.simulator, TwilioSimulator):
            provider.simulator.url = api_url
        await start_gateway(stack, url, str(file), {**provider.environ, provider.api_url_setting: api_url})
        yield Conversation(provider, server)


@pytest.mark.long
@pytest.mark.parametrize("channel", PROVIDERS)
async def test_a_conversation_of_places_forms_files_and_reactions(channel: str, tmp_path: Path) -> None:
    async with running_conversation(channel, tmp_path) as contact:
        provider = contact.provider
        picture, voice = (PICTURE, VOICE) if provider.stores_files else (PICTURE_URL, VOICE_URL)

        await contact.send("Where are you?", text="hi")
        place: dict[str, Any] = {"place": PLACE} if provider.has_place else {"text": "at the harbour"}
        await contact.send("fill in the form", **place)
        form: dict[str, Any] = {"form": FORM} if provider.has_form else {"text": "three of them"}
        await contact.send("send a picture", **form)
        await contact.send("a voice note", media=(picture,))
        await contact.send(QUESTION, media=(voice,), media_type="audio/ogg")
        if provider.has_participants:
            await contact.send_as_participant("no")
        confirmation: dict[str, Any] = {"reaction": "👍"} if provider.has_reaction else {"text": "yes"}
        await contact.send("SENT", **confirmation)
        sent = contact.texts()
        contact.hide_number()
        await contact.send("ON THE WAY", text="status")

        texts = contact.texts()
    latitude, amount = "47.5" if provider.has_place else "", "4" if provider.has_form else "no form"
    assert sent[5:] == [f"SENT to {latitude} with {amount}"]
    is_readdressed = contact.contact != provider.contact
    assert texts == ["ON THE WAY"] if is_readdressed else [*sent, "ON THE WAY"]
