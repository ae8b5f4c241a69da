"""Calls of channels: whatever they raise, and when, is classified by the channel."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from core.errors import Unknown
from core.model import Reply, SentMessage
from core.processing.provider_calls import ProviderCalls
from tests.fakes import ADDRESS, FakeChannel


class PlainChannel(FakeChannel):
    """A channel whose `send` is a plain function that returns an awaitable."""

    def send(self, reply: Reply, http: object) -> Coroutine[Any, Any, SentMessage]:
        """Fail before there is anything to await."""
        raise ValueError


async def test_an_error_before_the_awaitable_is_classified_too() -> None:
    calls: ProviderCalls[object] = ProviderCalls({"fake": PlainChannel()}, object())

    with pytest.raises(Unknown, match="ValueError"):
        await calls.send(Reply(key="M1.1", address=ADDRESS, body="hello"))
