"""Reads whose response lacks what was asked for: nothing is sent twice, dropped or erased."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from core.errors import Unavailable
from core.model import Address, Reply
from core.ports import Channel
from tests.channels.intercom import builders as intercom
from tests.channels.sunshine import builders as sunshine
from tests.channels.twilio import builders as twilio
from tests.channels.zendesk import builders as zendesk

CHANNELS: dict[str, tuple[Channel[httpx.AsyncClient], Address]] = {
    "intercom": (
        intercom.build_channel(),
        Address(channel="intercom", account=intercom.APP, ours=intercom.APP, theirs=intercom.CONVERSATION),
    ),
    "sunshine": (
        sunshine.build_channel(),
        Address(channel="sunshine", account=sunshine.APP, ours=sunshine.APP, theirs=sunshine.CONVERSATION),
    ),
    "zendesk": (zendesk.build_channel(), zendesk.ADDRESS),
    "twilio": (
        twilio.build_channel(),
        Address(channel="twilio", account=twilio.ACCOUNT, ours="+15550100", theirs="+15550170"),
    ),
}
BODIES = (
    b"",
    b"<html>log in</html>",
    b'{"conversation": {"id": "1"',
    b"[]",
    b'{"ok": true}',
    b'{"conversation": null, "ticket": null, "messages": null, "comments": null}',
    b'{"conversation": [], "ticket": "x", "messages": {}, "comments": 1}',
    b'{"errors": [{"code": "x"}]}',
    b'{"error": {"code": 9}}',
)


class Api:
    """An API that answers every read with the same body; it records whether something was written."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.has_written = False
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.has_written = self.has_written or request.method != "GET"
        return httpx.Response(200, content=self._body)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", ["intercom", "sunshine", "zendesk"])
async def test_nothing_is_written_to_a_conversation_that_cannot_be_read(name: str, body: bytes) -> None:
    channel, address = CHANNELS[name]
    api = Api(body)

    with pytest.raises(Unavailable):
        await channel.send(Reply(key="turn.1", address=address, body="Hello"), api.http)

    assert not api.has_written


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", list(CHANNELS))
async def test_a_look_up_that_cannot_be_read_finds_no_absence(name: str, body: bytes) -> None:
    channel, address = CHANNELS[name]
    look_up: dict[str, Any] = {"since": datetime.now(UTC), "known": ()}

    with pytest.raises(Unavailable):
        await channel.find_sent(Reply(key="turn.1", address=address, body="Hello"), Api(body).http, **look_up)
