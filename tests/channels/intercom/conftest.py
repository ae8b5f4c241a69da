"""Intercom's API as the client sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import respx

from tests.channels.intercom.builders import BASE, BOT, PERSON, US, build_conversation, build_part


@pytest.fixture
def api() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        router.post(f"{BASE}/reply").respond(
            200, json=build_conversation(build_part("x", PERSON, 3), build_part("x", US, 9), admin=BOT)
        )
        router.post(f"{BASE}/parts").respond(200, json=build_conversation())
        router.get(BASE).respond(json=build_conversation())
        yield router
