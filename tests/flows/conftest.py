"""Fixtures shared by the tests of flows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.flows.crm_server import Crm
from tests.flows.openai_server import OpenAIServer


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    """A server of the OpenAI protocol on loopback."""
    async with OpenAIServer().running() as running:
        yield running


@pytest.fixture
async def crm() -> AsyncIterator[Crm]:
    """A CRM on loopback."""
    async with Crm().running() as running:
        yield running
