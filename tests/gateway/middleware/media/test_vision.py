"""Pictures for language models with vision: the channel's credentials and the size limit."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from starlette.responses import RedirectResponse, Response

from channels._kit.simulator import UserMessage
from channels.twilio.simulator.server import TwilioSimulator
from core.model import Attachment
from gateway.http.clients import provider_client
from gateway.http.ssrf_guard import SafeFetch
from gateway.local.http_server import serve
from gateway.middleware.media.transcription import MediaDownloader
from gateway.middleware.media.vision import PictureLoader
from tests.flows.conversation import document, edge, node
from tests.flows.crm_server import Crm
from tests.flows.openai_server import OpenAIServer, build_call
from tests.gateway.environments.stack import ACCOUNT, TOKEN
from tests.gateway.environments.surroundings import RecordingSimulatorServer, find_free_url, start_gateway

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(100)
PDF = b"%PDF-1.7\n" + bytes(100)


@pytest.fixture
async def host() -> AsyncIterator[Crm]:
    async with Crm().running() as running:
        yield running


async def load_picture(host: Crm, answer: Response, *, largest: int = 1_000) -> bytes | None:
    host.answers = [answer]
    fetch = SafeFetch([host.host])
    try:
        loader = PictureLoader(MediaDownloader({}, fetch), largest)
        picture = await loader.load(Attachment(url=f"{host.url}/1", content_type="image/jpeg"), "web")
    finally:
        await fetch.aclose()
    return picture.body if picture else None


async def test_a_picture_is_loaded(host: Crm) -> None:
    assert await load_picture(host, Response(JPEG)) == JPEG


@pytest.mark.parametrize(
    ("body", "status"), [(PDF, 200), (JPEG + bytes(1_000), 200), (b"", 404)], ids=["type", "size", "gone"]
)
async def test_what_a_model_must_not_or_cannot_see_is_missing(host: Crm, body: bytes, status: int) -> None:
    assert await load_picture(host, Response(body, status)) is None


async def test_a_picture_at_a_private_address_is_missing(host: Crm) -> None:
    assert await load_picture(host, RedirectResponse("http://127.0.0.1:1/secret")) is None


@pytest.mark.long
async def test_a_picture_of_a_contact_reaches_the_model(tmp_path: Path) -> None:
    flow = document(
        node("start", "Show me.", edges=[edge("cat", "seen", "The user shows a cat")]),
        node("seen", "A cat!", is_final=True),
    )
    file = tmp_path / "flow.json"
    file.write_text(json.dumps(flow), encoding="utf-8")
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        model = await stack.enter_async_context(OpenAIServer().running())
        url = find_free_url()
        simulator = TwilioSimulator(
            account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=f"{url}/webhooks/twilio", seed=7
        )
        twilio = RecordingSimulatorServer(simulator, http)
        simulator.url = await stack.enter_async_context(serve(twilio))
        environ = {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_URL": simulator.url,
            "TURNGATE_LLM": "openai/small",
            "TURNGATE_VISION": "yes",
            "OPENAI_API_KEY": "k",
            "OPENAI_BASE_URL": model.url,
        }
        await start_gateway(stack, url, str(file), environ)
        contact = "whatsapp:+15550176"
        picture = f"data:image/jpeg;base64,{b64encode(JPEG).decode()}"
        model.answers = [build_call("cat")]

        twilio.send_user_message(
            UserMessage("whatsapp", "+15550176", media=(picture,), media_type="image/jpeg")
        )

        await twilio.wait_for_entries("A cat!", contact, 0)
    shown = model.requests[0]["messages"][-1]["content"]
    assert shown[1]["image_url"]["url"] == picture
