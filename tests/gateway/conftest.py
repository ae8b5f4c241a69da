"""Fixtures shared by the tests of the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.flows.crm_server import Crm
from tests.gateway.environments.stack import Stack, running_stack


@pytest.fixture
async def stack() -> AsyncIterator[Stack]:
    """A server, a simulated provider, and the processes that a test starts."""
    async with running_stack() as running:
        yield running


@pytest.fixture
async def crm() -> AsyncIterator[Crm]:
    """A CRM on loopback."""
    async with Crm().running() as running:
        yield running
