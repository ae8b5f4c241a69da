"""Contract tests of every channel: subclass `ChannelCases` and provide the provider's samples."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import ClassVar

import httpx
import pytest
import respx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels._kit.inbound import Verification
from core.errors import DeliveryError, Rejected, Unavailable, Unknown, WebhookRefused
from core.model import Address, Attachment, Choice, ControlReceived, Event, Message, Reply, Turn, TurnReceived
from core.ports import Capabilities, Channel, Webhook
from tests.channels.contract.fuzz import LONG_ID, draw_hostile, replace_each_field
from tests.effort import example_count, sample

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

WRONG_VALUES: list[object] = [LONG_ID, None, -1, [], {}, [{}], True, "\x00", "a\r\nb"]


_HOSTILE = (
    b"\x00",
    b"\xff\xfe",
    b"\\ud83d",
    b"%ED%A0%BD",
    b"NaN",
    b"1e999",
    b"-1",
    b"null",
    b"[" * 2000,
    b'{"a":' * 2000,
    b"9" * 5000,
    b"A" * 5000,
    b"&" * 2000,
    b"%00",
    b"0",
    b"4102444800",
)


@st.composite
def draw_mutated(draw: st.DrawFn, body: bytes) -> bytes:
    """Draw a real body with a few cuts, duplications and hostile insertions, or in another encoding."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body)))
        end = draw(st.integers(at, min(at + 60, len(body))))
        put = draw(st.sampled_from(_HOSTILE) | st.binary(max_size=8) | st.just(body[at:end] * 2))
        body = body[:at] + put + body[end:]
    return body if draw(st.integers(0, 9)) else body.decode("latin-1").encode("utf-16")


def describe_value(value: object) -> str:
    """Return a short name for a value."""
    return repr(value)[:8]


def _assert_sound(events: Sequence[Event]) -> None:
    """Assert that events can be stored and that IDs are complete or missing, never truncated."""
    for event in events:
        assert type(event).model_validate_json(event.model_dump_json().encode()) == event
        if isinstance(event, TurnReceived | ControlReceived):
            told = event.turn if isinstance(event, TurnReceived) else event
            names = (told.id, told.session, *told.address.model_dump().values())
            assert all(names)
            assert not any(LONG_ID[:40] in name for name in names)
            assert not any(not name.isprintable() for name in names)


SLOW_EXAMPLES = [HealthCheck.differing_executors, HealthCheck.too_slow]


class ChannelCases:
    """Contract tests. `send_url` is the URL that `send` calls."""

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

    def test_a_genuine_webhook_is_accepted(self) -> None:
        self.channel().verify(self.build_genuine_webhook())

    def test_an_unsigned_webhook_is_refused(self) -> None:
        hook = self.build_genuine_webhook()
        headers = {name: value for name, value in hook.headers.items() if name != self.signature_header()}

        with pytest.raises(WebhookRefused) as refused:
            self.channel().verify(replace(hook, headers=headers))
        assert refused.value.status == 401

    @pytest.mark.parametrize("signature", ["", "x", "é", "\ud800", "A" * 5000, "A" * 28])
    def test_a_forged_signature_is_refused(self, signature: str) -> None:
        hook = self.build_genuine_webhook()

        with pytest.raises(WebhookRefused) as refused:
            self.channel().verify(replace(hook, headers={**hook.headers, self.signature_header(): signature}))
        assert refused.value.status == 401

    def test_a_modified_body_is_refused(self) -> None:
        hook = self.build_genuine_webhook()

        with pytest.raises(WebhookRefused) as refused:
            self.channel().verify(replace(hook, body=hook.body.replace(b"0", b"1", 1)))
        assert refused.value.status == 401

    def test_exactly_the_documented_parts_are_signed(self) -> None:
        hook, signed = self.build_genuine_webhook(), self.verification().signed
        changes = {
            "url": replace(hook, url=f"{hook.url}?more=1"),
            "body": replace(hook, body=hook.body + b"&a=b"),
        }

        assert {part for part, changed in changes.items() if self._is_refused(changed)} == set(signed)

    def _is_refused(self, hook: Webhook) -> bool:
        try:
            self.channel().verify(hook)
        except WebhookRefused:
            return True
        return False

    def test_every_character_of_a_signature_is_checked(self) -> None:
        hook, header = self.build_genuine_webhook(), self.signature_header()
        genuine = hook.headers[header]
        bare = genuine.rstrip("=")
        wrong = [
            f"{bare[:at]}{'A' if bare[at] != 'A' else 'B'}{genuine[at + 1 :]}" for at in range(len(bare) - 1)
        ]

        for forged in (*wrong, genuine[:-1], f"{genuine}=", f" {genuine}", genuine.swapcase()):
            assert self._is_refused(replace(hook, headers={**hook.headers, header: forged}))

    def test_the_signature_is_read_from_its_header_only(self) -> None:
        hook, header = self.build_genuine_webhook(), self.signature_header()
        elsewhere = {f"{header}-x": hook.headers[header], "authorization": hook.headers[header]}

        assert self._is_refused(replace(hook, headers=elsewhere))

    @settings(
        suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
        max_examples=example_count(100),
    )
    @given(data=st.data())
    def test_no_request_makes_the_verifier_raise_another_error(self, data: st.DataObject) -> None:
        """Only `WebhookRefused` is raised, and only the genuine request is accepted."""
        hook = self.build_genuine_webhook()
        forged = Webhook(
            data.draw(st.sampled_from(["POST", "GET", "HEAD", "PUT", ""])),
            hook.url + data.draw(st.text(max_size=20)),
            {**hook.headers, self.signature_header(): data.draw(st.text(max_size=60))},
            data.draw(draw_mutated(hook.body)),
        )

        assert self._is_refused(forged)

    @settings(
        suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
        max_examples=example_count(200),
    )
    @given(data=st.data())
    def test_no_body_makes_the_parser_raise_another_error(self, data: st.DataObject) -> None:
        """A mutated body yields storable events or `WebhookRefused`."""
        hook = self.build_genuine_webhook()
        try:
            events = self.channel().parse(replace(hook, body=data.draw(draw_mutated(hook.body))))
        except WebhookRefused:
            return
        for event in events:
            assert type(event).model_validate_json(event.model_dump_json().encode()) == event
            if isinstance(event, TurnReceived):
                assert event.turn.id
                assert event.turn.session
                assert event.turn.address.theirs

    @settings(suppress_health_check=list(HealthCheck), max_examples=example_count(150))
    @given(data=st.data())
    def test_no_value_in_any_field_raises_or_makes_a_wrong_turn(self, data: st.DataObject) -> None:
        """Events or `WebhookRefused`; events can be stored, and IDs are complete or missing."""
        hook = data.draw(draw_hostile(data.draw(st.sampled_from(self.build_samples()))))
        channel = self.channel()
        with suppress(WebhookRefused):
            channel.verify(hook)
        try:
            events = channel.parse(hook)
        except WebhookRefused:
            return
        _assert_sound(events)

    @pytest.mark.parametrize("value", WRONG_VALUES, ids=describe_value)
    def test_a_wrong_value_is_detected_in_any_field(self, value: object) -> None:
        for shape in self.build_samples():
            for hook in sample(replace_each_field(shape, value), WRONG_VALUES.index(value)):
                try:
                    events = self.channel().parse(hook)
                except WebhookRefused:
                    continue
                _assert_sound(events)

    def test_an_oversized_body_is_refused_before_verification(self) -> None:
        most = self.channel().capabilities.max_webhook_bytes

        with pytest.raises(WebhookRefused) as refused:
            self.channel().verify(replace(self.build_genuine_webhook(), body=b"a" * (most + 1)))
        assert refused.value.status == 413

    def test_a_redelivery_is_the_same_turn(self) -> None:
        first, again = (self._turn(self.channel().parse(self.build_genuine_webhook())) for _ in range(2))

        assert first == again
        assert first.id

    def test_a_turn_survives_storage(self) -> None:
        turn = self._turn(self.channel().parse(self.build_genuine_webhook()))

        assert Turn.model_validate_json(turn.model_dump_json()) == turn

    def limits(self) -> Capabilities:
        """Return what can be shown at the address of the genuine webhook."""
        return self.channel().capabilities

    def test_an_accepted_webhook_gets_a_success_response(self) -> None:
        hook = self.build_genuine_webhook()
        answer = self.channel().answer(hook, self.channel().parse(hook))

        assert 200 <= answer.status < 300

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
