"""Signatures of Meta's webhooks, the handshake, and methods."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import Forbidden, InvalidSignature, MalformedWebhook
from core.ports import Webhook
from tests.channels.whatsapp.builders import (
    SECRET,
    TOKEN,
    build_batch,
    build_channel,
    build_handshake,
    build_webhook,
    compute_signature,
)


def test_the_documented_signature_is_accepted() -> None:
    body = rb'{"object":"whatsapp_business_account","entry":[],"t":"caf\u00e9 \/ \ud83d\ude00"}'
    given = "sha256=1fbc37f5a53fa4ab94e2ff0fd4f05473748719a501bcf8c76ba2cf3f18d08752"
    hook = Webhook("POST", "/webhooks/whatsapp", {"x-hub-signature-256": given}, body)

    build_channel().verify(hook)
    assert compute_signature(body) == given


@pytest.mark.parametrize("secret", [SECRET, "the-next"])
def test_every_secret_of_a_rotation_is_accepted(secret: str) -> None:
    build_channel(WHATSAPP_APP_SECRET=f"{SECRET},the-next").verify(build_webhook(build_batch(), secret))


def test_no_weaker_signature_is_accepted() -> None:
    hook = build_webhook(build_batch())
    weak = {"x-hub-signature": hook.headers["x-hub-signature-256"]}

    with pytest.raises(InvalidSignature):
        build_channel().verify(replace(hook, headers=weak))
    with pytest.raises(InvalidSignature):
        build_channel().verify(build_webhook(build_batch(), TOKEN))


def test_the_handshake_is_answered_with_its_challenge() -> None:
    channel, hook = build_channel(), build_handshake()
    channel.verify(hook)
    answer = channel.answer(hook, channel.parse(hook))

    assert (answer.status, answer.content_type, answer.body) == (200, "text/plain", b"1158201444")


@pytest.mark.parametrize(
    "hook",
    [
        build_handshake("wrong"),
        build_handshake(""),
        build_handshake("\u00e9"),
        build_handshake(mode="unsubscribe"),
        replace(build_handshake(), url="/webhooks/whatsapp"),
    ],
)
def test_a_handshake_with_another_token_is_forbidden(hook: Webhook) -> None:
    with pytest.raises(Forbidden) as refused:
        build_channel().verify(hook)
    assert refused.value.status == 403


def test_other_methods_are_refused() -> None:
    with pytest.raises(MalformedWebhook):
        build_channel().verify(replace(build_webhook(build_batch()), method="HEAD"))
