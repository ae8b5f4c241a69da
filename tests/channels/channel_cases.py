"""What every channel owes, whoever the provider is: subclass `ChannelCases` and say how it speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import httpx
import pytest
import respx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.channel import Channel, Webhook
from core.errors import DeliveryError, Refused, Rejected, Unavailable, Unknown
from core.event import Event, TurnReceived
from core.message import Choice, Message, Reply
from core.turn import Address, Attachment, Turn

messages = st.builds(
    Message,
    text=st.text(max_size=4000),
    choices=st.lists(
        st.builds(
            Choice,
            label=st.text(min_size=1, max_size=60),
            payload=st.text(max_size=20) | st.just("long" * 60),
            description=st.just("") | st.text(max_size=100),
            url=st.sampled_from(["", "", "", "https://example.com/page", "javascript:alert(1)"]),
        ),
        max_size=12,
    ).map(tuple),
    media=st.lists(
        st.builds(
            Attachment,
            url=st.integers(0, 99).map("https://files.example.com/{}".format),
            content_type=st.sampled_from(["image/png", "application/pdf"]),
        ),
        max_size=12,
    ).map(tuple),
)


class ChannelCases:
    """The contract. `send_url` is the one that `send` calls."""

    send_url: ClassVar[str]
    accepted: ClassVar[httpx.Response]

    def channel(self) -> Channel[httpx.AsyncClient]:
        raise NotImplementedError

    def genuine(self) -> Webhook:
        """A signed webhook of a user's message with text."""
        raise NotImplementedError

    def signature_header(self) -> str:
        """The header that carries the signature."""
        raise NotImplementedError

    def address(self) -> Address:
        turn = self._turn(self.channel().parse(self.genuine()))
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

    def test_a_genuine_webhook_is_let_in(self) -> None:
        self.channel().verify(self.genuine())

    def test_an_unsigned_webhook_is_refused(self) -> None:
        hook = self.genuine()
        headers = {name: value for name, value in hook.headers.items() if name != self.signature_header()}

        with pytest.raises(Refused) as refused:
            self.channel().verify(replace(hook, headers=headers))
        assert refused.value.status == 401

    @pytest.mark.parametrize("signature", ["", "x", "é", "\ud800", "A" * 5000, "A" * 28])
    def test_a_forged_signature_is_refused(self, signature: str) -> None:
        hook = self.genuine()

        with pytest.raises(Refused) as refused:
            self.channel().verify(replace(hook, headers={**hook.headers, self.signature_header(): signature}))
        assert refused.value.status == 401

    def test_a_body_that_was_changed_on_the_way_is_refused(self) -> None:
        hook = self.genuine()

        with pytest.raises(Refused) as refused:
            self.channel().verify(replace(hook, body=hook.body.replace(b"0", b"1", 1)))
        assert refused.value.status == 401

    def test_a_body_over_the_bound_is_refused_before_it_is_verified(self) -> None:
        most = self.channel().capabilities.max_webhook_bytes

        with pytest.raises(Refused) as refused:
            self.channel().verify(replace(self.genuine(), body=b"a" * (most + 1)))
        assert refused.value.status == 413

    def test_a_redelivery_is_the_same_turn(self) -> None:
        first, again = (self._turn(self.channel().parse(self.genuine())) for _ in range(2))

        assert first == again
        assert first.id

    def test_a_turn_survives_storage(self) -> None:
        turn = self._turn(self.channel().parse(self.genuine()))

        assert Turn.model_validate_json(turn.model_dump_json()) == turn

    def test_what_was_accepted_is_answered_with_success(self) -> None:
        hook = self.genuine()
        answer = self.channel().answer(hook, self.channel().parse(hook))

        assert 200 <= answer.status < 300

    @settings(suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow], max_examples=60)
    @given(message=messages)
    def test_every_part_of_a_message_fits_the_channel(self, message: Message) -> None:
        channel = self.channel()
        limits = channel.capabilities

        for part in channel.render(message, self.address()):
            assert part.body or part.media
            assert len(part.body) <= limits.text_length
            assert len(part.media) <= limits.media
            assert len(part.choices) <= max(limits.buttons, limits.list_rows, limits.links)
            for choice in part.choices:
                assert 0 < len(choice.label) <= max(limits.button_title_length, limits.list_title_length)
                assert len(choice.description) <= limits.list_description_length
            if part.choices:
                assert 0 < len(part.body) <= limits.choices_text_length
            part.model_dump_json().encode()

    async def test_a_message_that_was_taken_has_the_id_of_the_provider(self, api: respx.MockRouter) -> None:
        api.post(self.send_url).mock(return_value=self.accepted)

        async with httpx.AsyncClient() as http:
            assert (await self.channel().send(self.reply(), http)).provider_id

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (400, Rejected),
            (401, Rejected),
            (403, Rejected),
            (404, Rejected),
            (429, Unavailable),
            (500, Unknown),
            (502, Unknown),
            (503, Unknown),
        ],
    )
    async def test_a_refusal_is_sorted_by_what_can_be_done_next(
        self, api: respx.MockRouter, status: int, expected: type[DeliveryError]
    ) -> None:
        api.post(self.send_url).mock(return_value=httpx.Response(status, text="<html>no</html>"))

        async with httpx.AsyncClient() as http:
            with pytest.raises(expected):
                await self.channel().send(self.reply(), http)

    async def test_a_limit_says_when_to_come_back(self, api: respx.MockRouter) -> None:
        api.post(self.send_url).mock(return_value=httpx.Response(429, headers={"Retry-After": "7"}))

        async with httpx.AsyncClient() as http:
            with pytest.raises(Unavailable) as error:
                await self.channel().send(self.reply(), http)
        assert error.value.retry_after == 7

    @pytest.mark.parametrize(
        ("failure", "expected"),
        [
            (httpx.ConnectError("refused"), Unavailable),
            (httpx.ConnectTimeout("slow"), Unavailable),
            (httpx.PoolTimeout("busy"), Unavailable),
            (httpx.ReadTimeout("silence"), Unknown),
            (httpx.WriteTimeout("slow"), Unknown),
            (httpx.ReadError("reset"), Unknown),
            (httpx.RemoteProtocolError("closed"), Unknown),
            (TimeoutError(), Unknown),
            (OSError("anything else"), Unknown),
        ],
    )
    async def test_what_may_have_arrived_is_told_from_what_surely_did_not(
        self, api: respx.MockRouter, failure: Exception, expected: type[DeliveryError]
    ) -> None:
        api.post(self.send_url).mock(side_effect=failure)

        async with httpx.AsyncClient() as http:
            with pytest.raises(expected):
                await self.channel().send(self.reply(), http)
        assert isinstance(self.channel().classify(failure), expected)

    async def test_a_cancelled_send_stays_cancelled(self, api: respx.MockRouter) -> None:
        def cancelled(request: httpx.Request) -> httpx.Response:
            raise asyncio.CancelledError

        api.post(self.send_url).mock(side_effect=cancelled)

        async with httpx.AsyncClient() as http:
            with pytest.raises(asyncio.CancelledError):
                await self.channel().send(self.reply(), http)
