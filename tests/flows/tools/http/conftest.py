"""Fixtures that close conversations at the end of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.flows.tools.http.order_lookup import Made


@pytest.fixture
async def sessions() -> AsyncIterator[Made]:
    made: Made = []
    yield made
    for session in made:
        await session.machine.aclose()
