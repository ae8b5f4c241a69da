"""Fixtures shared by the tests of flows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from tests.flows.openai_server import OpenAIServer

settings.register_profile("no deadline", deadline=None)  # wall time depends on the machine's load
settings.load_profile("no deadline")


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    """A server of the OpenAI protocol on loopback."""
    async with OpenAIServer().running() as running:
        yield running
