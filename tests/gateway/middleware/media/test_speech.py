"""Voice notes are answered with voice notes, or with text if anything fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response

from channels._kit.simulator import FetchedFile, UserMessage
from channels.twilio import TwilioChannel
from channels.twilio.simulator.resources.message_validation import check_file
from channels.twilio.simulator.server import TwilioSimulator
from channels.whatsapp import WhatsAppChannel
from channels.whatsapp.rendering import build_request
from channels.whatsapp.simulator.message_validation import validate_message
from channels.whatsapp.simulator.server import WhatsAppSimulator
from core.model import Address, Attachment, Message, Reply, Turn
from core.ports import TurnOutcome
from flows.llm import create_speech_synthesizer
from gateway.http.clients import USER_AGENT, provider_client
from gateway.local.http_server import serve
from gateway.local.simulator_server import SimulatorServer
from gateway.middleware.media.speech import SpeechMiddleware
from gateway.redis.records.public_files import PublicFiles
from gateway.server.public_files import PublicFileRoute
from tests.channels.twilio import builders as twilio
from tests.channels.twilio.builders import ACCOUNT
from tests.channels.twilio.builders import TOKEN as AUTH_TOKEN
from tests.channels.whatsapp import builders as whatsapp
from tests.channels.whatsapp.builders import OURS, PHONE, SECRET, TOKEN
from tests.flows.openai_server import OpenAIServer

OPUS = b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead\x01\x01" + bytes(200)
ADDRESS = Address(channel="whatsapp", account="a", ours=OURS, theirs=PHONE)
WHATSAPP, HERS = "whatsapp:+15550101", "whatsapp:+12025550170"
TWILIO_ADDRESS = Address(channel="twilio", account=ACCOUNT, ours=WHATSAPP, theirs=HERS)
NOTE = Attachment(url="https://x.example/1", content_type="audio/ogg; codecs=opus")


class _FixedDialog:
    """A dialog with one answer."""

    def __init__(self, *messages: Message) -> None:
        self._messages = messages

    async def answer(self, turn: Turn, state: Any, *, listener: Any = None) -> TurnOutcome:
        return TurnOutcome(state={}, messages=self._messages)

    async def handle_timeout(self, state: Any, address: Address, timer: Any) -> TurnOutcome:
        return TurnOutcome(state={}, messages=self._messages)


@dataclass
class Environment:
    model: OpenAIServer
    channel: WhatsAppChannel
    http: httpx.AsyncClient

    async def answer(self, *messages: Message, turn: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the requests that send the answer to a voice note."""
        synthesizer = create_speech_synthesizer("openai/tts:nova", api_key="k", base_url=self.model.url)
        assert synthesizer is not None
        dialog = SpeechMiddleware(_FixedDialog(*messages), {"whatsapp": self.channel}, self.http, synthesizer)
        heard = {"attachments": (NOTE,)} if turn is None else turn
        outcome = await dialog.answer(Turn(id="wamid.1", session="s", address=ADDRESS, **heard), None)
        await synthesizer.aclose()
        parts = [part for message in outcome.messages for part in self.channel.render(message, ADDRESS)]
        replies = [Reply(key=f"t.{n}", address=ADDRESS, **dict(part)) for n, part in enumerate(parts)]
        requests = [build_request(reply, self.channel.media_url) for reply in replies]
        for request in requests:
            validate_message(request, lambda _: True)
        return requests


@pytest.fixture
async def environment() -> AsyncIterator[Environment]:
    async with running_environment() as found:
        yield found


@asynccontextmanager
async def running_environment() -> AsyncIterator[Environment]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        model = await stack.enter_async_context(OpenAIServer().running())
        meta = WhatsAppSimulator(
            app_secret=SECRET, access_token=TOKEN, webhook_url="http://127.0.0.1:9/x", seed=7
        )
        meta.phone_number_id = OURS
        url = await stack.enter_async_context(serve(SimulatorServer(meta, http)))
        yield Environment(model, whatsapp.build_channel(WHATSAPP_API_URL=url), http)


@pytest.mark.long
async def test_words_are_spoken_in_place_of_the_text(environment: Environment) -> None:
    environment.model.speeches = [Response(OPUS)]
    [sent] = await environment.answer(Message(text="When were you **born**?"))
    assert sent["audio"]["voice"] is True
    assert sent["audio"]["id"]
    [asked] = environment.model.spoken
    assert asked == {
        "model": "tts",
        "voice": "nova",
        "input": "When were you born?",
        "response_format": "opus",
    }


@pytest.mark.long
@pytest.mark.parametrize("text", ["Your code is A12.", "Pay at https://x.example"])
async def test_what_has_to_be_read_follows_as_text(environment: Environment, text: str) -> None:
    environment.model.speeches = [Response(OPUS)]
    spoken, written = await environment.answer(Message(text=text))
    assert (spoken["type"], written["text"]["body"]) == ("audio", text)


@pytest.mark.long
@pytest.mark.parametrize(
    "speech", [JSONResponse({"error": {}}, 400), Response(b"ID3 mp3"), JSONResponse({"audio": ""})]
)
async def test_a_failure_of_the_model_sends_the_text(environment: Environment, speech: Response) -> None:
    environment.model.speeches = [speech]
    [sent] = await environment.answer(Message(text="Hello"))
    assert sent["text"]["body"] == "Hello"


async def test_a_failed_upload_sends_the_text(environment: Environment) -> None:
    environment.model.speeches = [Response(OPUS)]
    environment.channel = whatsapp.build_channel(WHATSAPP_API_URL="http://127.0.0.1:9")
    [sent] = await environment.answer(Message(text="Hello"))
    assert sent["text"]["body"] == "Hello"


@pytest.mark.parametrize(
    ("turn", "text"),
    [
        ({"text": "hi"}, "Hello"),
        ({"text": "hi", "attachments": (NOTE,)}, "Hello"),
        ({"attachments": (NOTE,)}, "x" * 1_001),
        ({"attachments": (NOTE,)}, ""),
    ],
)
async def test_nothing_else_is_spoken(environment: Environment, turn: dict[str, Any], text: str) -> None:
    await environment.answer(Message(text=text), turn=turn)
    assert environment.model.spoken == []


@dataclass
class TwilioEnvironment:
    model: OpenAIServer
    channel: TwilioChannel
    http: httpx.AsyncClient
    public: str
    redis: Redis

    async def answer(self, *messages: Message, ours: str = WHATSAPP, theirs: str = HERS) -> list[Reply]:
        """Return the replies to a voice note."""
        synthesizer = create_speech_synthesizer("openai/tts:nova", api_key="k", base_url=self.model.url)
        assert synthesizer is not None
        self.channel.set_publisher(PublicFiles(self.redis, self.public, seconds=60))
        address = TWILIO_ADDRESS.model_copy(update={"ours": ours, "theirs": theirs})
        dialog = SpeechMiddleware(_FixedDialog(*messages), {"twilio": self.channel}, self.http, synthesizer)
        turn = Turn(id="SM1", session="s", address=address, attachments=(NOTE,))
        answers = [await dialog.answer(turn, None) for _ in range(2)][:1]
        await synthesizer.aclose()
        parts = [part for each in answers[0].messages for part in self.channel.render(each, address)]
        return [Reply(key=f"t.{n}", address=address, **dict(part)) for n, part in enumerate(parts)]


@pytest.fixture
async def twilio_environment(redis: Redis) -> AsyncIterator[TwilioEnvironment]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        model = await stack.enter_async_context(OpenAIServer().running())
        model.speeches = [Response(OPUS)] * 3
        serving = PublicFileRoute(PublicFiles(redis, "", seconds=60))
        public = await stack.enter_async_context(serve(Starlette(routes=serving.routes())))
        hook = f"{public}/webhooks/twilio"
        provider = TwilioSimulator(account_sid=ACCOUNT, auth_token=AUTH_TOKEN, webhook_url=hook, seed=7)
        provider.send_user_message(UserMessage("whatsapp", TWILIO_ADDRESS.theirs, "Hi"), time())
        url = await stack.enter_async_context(serve(SimulatorServer(provider, http)))
        yield TwilioEnvironment(model, twilio.build_channel(public, TWILIO_API_URL=url), http, public, redis)


async def test_twilio_fetches_the_recording_from_a_signed_url(twilio_environment: TwilioEnvironment) -> None:
    since = datetime.now(UTC)
    spoken, with_code, written = await twilio_environment.answer(
        Message(text="Hello"), Message(text="Code A12")
    )
    assert (spoken.body, with_code.body, written.body) == ("Hello", "", "Code A12")
    [medium] = spoken.media
    fetched = await twilio_environment.http.get(medium.url)
    assert medium.url.startswith(f"{twilio_environment.public}/files/")
    assert (fetched.content, fetched.headers["content-type"]) == (OPUS, "audio/ogg")
    assert check_file(FetchedFile("audio/ogg", len(fetched.content)), on_whatsapp=True) == 0

    sent = await twilio_environment.channel.send(spoken, twilio_environment.http)
    [entry] = await _list_messages(twilio_environment)
    assert (entry["sid"], entry["body"], entry["num_media"]) == (sent.provider_id, "", "1")
    found = await twilio_environment.channel.find_sent(spoken, twilio_environment.http, since=since, known=())
    assert found == sent


async def _list_messages(world: TwilioEnvironment) -> list[dict[str, Any]]:
    url = f"http://{world.channel.api_host}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    listed = await world.http.get(url, auth=(ACCOUNT, AUTH_TOKEN))
    return [each for each in listed.json()["messages"] if each["direction"] != "inbound"]


async def test_by_sms_and_without_a_public_url_the_answer_is_text(
    twilio_environment: TwilioEnvironment, caplog: pytest.LogCaptureFixture
) -> None:
    [sent] = await twilio_environment.answer(Message(text="Hello"), ours="+15550100", theirs="+12025550170")
    assert (sent.body, sent.media, twilio_environment.model.spoken, caplog.messages) == ("Hello", (), [], [])

    twilio_environment.public = ""
    [sent] = await twilio_environment.answer(Message(text="Hello"))
    assert (sent.body, sent.media) == ("Hello", ())
    [reported] = caplog.messages  # once for two answers
    assert "PUBLIC_URL is not set" in reported


async def test_providers_see_our_name(environment: Environment) -> None:
    assert environment.http.headers["user-agent"] == USER_AGENT
    assert USER_AGENT.startswith("Turngate/")
