"""Model at a server on loopback, and a dialog with it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from flows.engine import DialogMachine
from flows.llm.openai.model import OpenAIModel
from tests.flows.conversation import machine
from tests.flows.llm.openai.digits_dialog import MADE
from tests.flows.openai_server import OpenAIServer


@pytest.fixture
async def model(server: OpenAIServer, request: pytest.FixtureRequest) -> AsyncIterator[OpenAIModel]:
    model = OpenAIModel(
        "small",
        api_key="sk-test",
        base_url=server.url,
        timeout=5,
        patience=10,
        aiohttp=getattr(request, "param", False),
    )
    yield model
    await model.aclose()


@pytest.fixture
def dialog(model: OpenAIModel) -> DialogMachine:
    return machine(MADE, model)
