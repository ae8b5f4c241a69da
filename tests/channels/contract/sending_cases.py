"""Contract tests of sending: limits of the channel, errors and their retry times."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
import respx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import DeliveryError, Rejected, Unavailable, Unknown
from core.model import Attachment, Choice, Message
from tests.channels.contract.channel_samples import ChannelSamples
from tests.effort import example_count

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


class SendingCases(ChannelSamples):
    """Contract tests of rendering and sending."""

    @settings(
        suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
        max_examples=example_count(60),
    )
    @given(message=messages)
    def test_every_part_fits_the_channels_limits(self, message: Message) -> None:
        channel = self.channel()
        limits = self.limits()

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

    async def test_an_accepted_message_has_the_providers_id(self, api: respx.MockRouter) -> None:
        api.route(method=self.send_method, url=self.send_url).mock(return_value=self.accepted)

        async with httpx.AsyncClient() as http:
            assert (await self.channel().send(self.reply(), http)).provider_id

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (400, Rejected),
            (401, Rejected),
            (403, Rejected),
            (404, Unavailable),
            (405, Unavailable),
            (408, Unknown),
            (413, Rejected),
            (425, Unknown),
            (429, Unavailable),
            (500, Unknown),
            (502, Unknown),
            (503, Unknown),
        ],
    )
    async def test_an_error_response_is_classified(
        self, api: respx.MockRouter, status: int, expected: type[DeliveryError]
    ) -> None:
        api.route(method=self.send_method, url=self.send_url).mock(
            return_value=httpx.Response(status, text="<html>no</html>")
        )

        async with httpx.AsyncClient() as http:
            with pytest.raises(expected):
                await self.channel().send(self.reply(), http)

    @pytest.mark.parametrize(("body", "is_accepted"), [({"a": 1}, True), ([], False), ("", False)])
    async def test_an_acceptance_without_an_id_is_distinguished_from_a_foreign_page(
        self, api: respx.MockRouter, body: object, *, is_accepted: bool
    ) -> None:
        api.route(method=self.send_method, url=self.send_url).respond(200, json=body)

        async with httpx.AsyncClient() as http:
            with pytest.raises(Unknown) as error:
                await self.channel().send(self.reply(), http)
        assert error.value.is_accepted is is_accepted

    @pytest.mark.parametrize("body", [{"error": {"code": 9, "message": "no"}}, {"errors": [{"code": "no"}]}])
    async def test_a_success_that_states_an_error_is_none(
        self, api: respx.MockRouter, body: dict[str, object]
    ) -> None:
        api.route(method=self.send_method, url=self.send_url).respond(200, json=body)

        async with httpx.AsyncClient() as http:
            with pytest.raises(Rejected):
                await self.channel().send(self.reply(), http)

    @pytest.mark.parametrize("remark", [{"error": {"code": 1}}, {"errors": [{"code": "190"}]}])
    async def test_an_accepted_message_with_a_remark_has_been_sent(
        self, api: respx.MockRouter, remark: dict[str, object]
    ) -> None:
        body = {**self.accepted.json(), **remark}
        api.route(method=self.send_method, url=self.send_url).respond(200, json=body)

        async with httpx.AsyncClient() as http:
            assert (await self.channel().send(self.reply(), http)).provider_id

    @pytest.mark.parametrize("status", [400, 403, 404])
    async def test_an_error_of_the_api_is_bounded_whatever_its_shape(
        self, api: respx.MockRouter, status: int
    ) -> None:
        long = {"code": "9" * 5_000, "message": "m" * 5_000, "title": ["x"], "details": 1.5}
        body = {**long, "error": long, "errors": [long]}
        api.route(method=self.send_method, url=self.send_url).respond(status, json=body)

        async with httpx.AsyncClient() as http:
            with pytest.raises(Rejected) as error:
                await self.channel().send(self.reply(), http)
        assert len(error.value.code) <= 60
        assert len(error.value.reason) <= 500

    async def test_a_rate_limit_has_a_retry_time(self, api: respx.MockRouter) -> None:
        api.route(method=self.send_method, url=self.send_url).mock(
            return_value=httpx.Response(429, headers={"Retry-After": "7"})
        )

        async with httpx.AsyncClient() as http:
            with pytest.raises(Unavailable) as error:
                await self.channel().send(self.reply(), http)
        assert error.value.retry_after == 7

    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize("as_date", [False, True])
    async def test_retry_after_is_read_in_full(
        self, api: respx.MockRouter, status: int, *, as_date: bool
    ) -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(hours=5), usegmt=True)
        api.route(method=self.send_method, url=self.send_url).mock(
            return_value=httpx.Response(status, headers={"Retry-After": date if as_date else "18000"})
        )

        async with httpx.AsyncClient() as http:
            with pytest.raises((Unavailable, Unknown)) as error:
                await self.channel().send(self.reply(), http)
        assert isinstance(error.value, Unavailable | Unknown)
        assert error.value.retry_after == pytest.approx(18_000, abs=60)

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
    async def test_possibly_delivered_sends_are_distinguished_from_undelivered_ones(
        self, api: respx.MockRouter, failure: Exception, expected: type[DeliveryError]
    ) -> None:
        api.route(method=self.send_method, url=self.send_url).mock(side_effect=failure)

        async with httpx.AsyncClient() as http:
            with pytest.raises(expected):
                await self.channel().send(self.reply(), http)
        assert isinstance(self.channel().classify(failure), expected)

    async def test_a_cancelled_send_stays_cancelled(self, api: respx.MockRouter) -> None:
        def raise_cancelled(request: httpx.Request) -> httpx.Response:
            raise asyncio.CancelledError

        api.route(method=self.send_method, url=self.send_url).mock(side_effect=raise_cancelled)

        async with httpx.AsyncClient() as http:
            with pytest.raises(asyncio.CancelledError):
                await self.channel().send(self.reply(), http)
