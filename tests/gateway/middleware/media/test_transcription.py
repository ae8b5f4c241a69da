"""Files of contacts: voice notes become the turn's text; a failed download never fails the turn."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from redis.asyncio import Redis
from starlette.responses import JSONResponse

from channels._kit.simulator import UserMessage
from channels.twilio.simulator.server import TwilioSimulator
from channels.whatsapp.simulator.server import WhatsAppSimulator
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from gateway.redis.records.sessions.log.session_log import read_log_end
from gateway.redis.records.sessions.session_index import SessionIndex
from tests.channels.whatsapp.builders import ENVIRON as WHATSAPP
from tests.channels.whatsapp.builders import SECRET, TOKEN
from tests.flows.openai_server import OpenAIServer
from tests.gateway.environments.stack import ACCOUNT
from tests.gateway.environments.stack import TOKEN as TWILIO_TOKEN
from tests.gateway.environments.surroundings import RecordingSimulatorServer, find_free_url, start_gateway
from tests.gateway.middleware.media.samples import JPEG, OPUS


def build_data_url(body: bytes, kind: str) -> str:
    return f"data:{kind};base64,{b64encode(body).decode()}"


NOTE = build_data_url(OPUS, "audio/ogg")


class Environment:
    def __init__(
        self,
        model: OpenAIServer,
        twilio: RecordingSimulatorServer,
        whatsapp: RecordingSimulatorServer,
        redis_url: str,
    ) -> None:
        self.redis_url = redis_url
        self.model = model
        self.twilio = twilio
        self.whatsapp = whatsapp


@asynccontextmanager
async def running_environment() -> AsyncIterator[Environment]:
    """Gateway processes with transcription, both simulators and a transcription server."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        model = await stack.enter_async_context(OpenAIServer().running())
        url = find_free_url()
        simulator = TwilioSimulator(
            account_sid=ACCOUNT, auth_token=TWILIO_TOKEN, webhook_url=f"{url}/webhooks/twilio", seed=7
        )
        meta = WhatsAppSimulator(
            app_secret=SECRET, access_token=TOKEN, webhook_url=f"{url}/webhooks/whatsapp", seed=7
        )
        twilio, whatsapp = RecordingSimulatorServer(simulator, http), RecordingSimulatorServer(meta, http)
        simulator.url = await stack.enter_async_context(serve(twilio))
        environ = {
            **WHATSAPP,
            "WHATSAPP_API_URL": await stack.enter_async_context(serve(whatsapp)),
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
            "TWILIO_API_URL": simulator.url,
            "TURNGATE_TRANSCRIBE": "openai/whisper-1",
            "OPENAI_API_KEY": "k",
            "OPENAI_BASE_URL": model.url,
        }
        redis_url = await start_gateway(stack, url, "kyc", environ)
        yield Environment(model, twilio, whatsapp, redis_url)


@pytest.mark.long
async def test_a_voice_note_is_answered_like_its_text() -> None:
    async with running_environment() as environment:
        for server in (environment.whatsapp, environment.twilio):
            contact, ours = "+15550176", "+15550176"
            if server is environment.twilio:
                ours = f"whatsapp:{contact}"
            server.send_user_message(UserMessage("whatsapp", contact, "hello"))
            await server.wait_for_entries("last four digits", ours, 0)
            environment.model.transcripts = [JSONResponse({"text": "four three two one, 4321"})]
            server.send_user_message(
                UserMessage("whatsapp", contact, media=(NOTE,), media_type="audio/ogg; codecs=opus")
            )
            await server.wait_for_entries("date of birth", ours, 1)

        assert [each[:2] for each in environment.model.recordings] == [("voice.ogg", "audio/ogg")] * 2
        assert {body for _, _, body in environment.model.recordings} == {OPUS}


async def list_failures(url: str, message_id: str) -> list[object]:
    """Return why notes were not transcribed, as `turngate why` reads it from the session's log."""
    async with Redis.from_url(url) as redis:
        session = await SessionIndex(redis).find_by_message(message_id)
        assert session
        entries = await read_log_end(redis, session, 1_000)
    return [entry.data["unheard"] for entry in entries if "unheard" in entry.data]


@pytest.mark.long
async def test_a_failed_transcription_is_reported_and_the_conversation_continues() -> None:
    contact = "+15550177"
    async with running_environment() as environment:
        server = environment.whatsapp
        server.send_user_message(UserMessage("whatsapp", contact, "hello"))
        await server.wait_for_entries("last four digits", contact, 0)
        seen = len(server.list_entries(contact))
        wamid, _ = server.send_user_message(
            UserMessage("whatsapp", contact, media=(NOTE,), media_type="audio/ogg")
        )  # the model refuses it
        await server.wait_for_entries("open files", contact, seen)
        seen = len(server.list_entries(contact))
        server.send_user_message(
            UserMessage(
                "whatsapp", contact, media=(build_data_url(JPEG, "audio/ogg"),), media_type="audio/ogg"
            )
        )
        await server.wait_for_entries("no files", contact, seen)
        seen = len(server.list_entries(contact))
        server.send_user_message(UserMessage("whatsapp", contact, "4321"))
        await server.wait_for_entries("date of birth", contact, seen)

        assert len(environment.model.recordings) == 1
        assert await list_failures(environment.redis_url, wamid) == ["no_transcript", "wrong_type"]
