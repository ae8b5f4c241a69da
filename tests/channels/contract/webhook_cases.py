"""Contract tests of webhooks: verified, parsed, hostile ones refused."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import WebhookRefused
from core.model import ControlReceived, Event, Turn, TurnReceived
from core.ports import Webhook
from tests.channels.contract.channel_samples import ChannelSamples
from tests.channels.contract.fuzz import LONG_ID, draw_hostile, replace_each_field
from tests.effort import example_count, sample

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


class WebhookCases(ChannelSamples):
    """Contract tests of verifying and parsing."""

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

    def test_an_accepted_webhook_gets_a_success_response(self) -> None:
        hook = self.build_genuine_webhook()
        answer = self.channel().answer(hook, self.channel().parse(hook))

        assert 200 <= answer.status < 300
