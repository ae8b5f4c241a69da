"""Samples of a provider that the contract tests use."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import ClassVar

import httpx
import pytest
import respx

from channels._kit.inbound import Verification
from core.model import Address, Event, Reply, Turn, TurnReceived
from core.ports import Capabilities, Channel, Webhook


class ChannelSamples:
    """Samples of a provider; `send_url` is the URL that `send` calls."""

    send_method: ClassVar[str] = "POST"

    send_url: ClassVar[str]
    accepted: ClassVar[httpx.Response]

    def channel(self) -> Channel[httpx.AsyncClient]:
        raise NotImplementedError

    def build_genuine_webhook(self) -> Webhook:
        """Return a signed webhook of a contact's text message."""
        raise NotImplementedError

    def build_samples(self) -> Sequence[Webhook]:
        """Return a sample of every kind of webhook of the provider."""
        return [self.build_genuine_webhook()]

    def verification(self) -> Verification:
        """Return the channel's row of the verification table."""
        found = importlib.import_module(f"channels.{self.channel().name}").VERIFICATION
        assert isinstance(found, Verification)
        return found

    def signature_header(self) -> str:
        """Return the name of the signature header."""
        return self.verification().header

    def address(self) -> Address:
        turn = self._turn(self.channel().parse(self.build_genuine_webhook()))
        return turn.address

    def reply(self) -> Reply:
        return Reply(key="turn.1", address=self.address(), body="Hello")

    @staticmethod
    def _turn(events: list[Event]) -> Turn:
        [event] = events
        assert isinstance(event, TurnReceived)
        return event.turn

    @pytest.fixture
    def api(self) -> Iterator[respx.MockRouter]:
        with respx.mock(assert_all_called=False) as router:
            yield router

    def limits(self) -> Capabilities:
        """Return what can be shown at the address of the genuine webhook."""
        return self.channel().capabilities
