"""Signatures of Meta's webhooks, the handshake, and methods."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import Forbidden, InvalidSignature, MalformedWebhook
from core.ports import Webhook
from tests.channels.whatsapp.builders import (
    SECRET,
    TOKEN,
    batch,
    handshake,
    post,
    signature,
    whatsapp,
)


def test_the_documented_signature_is_accepted() -> None:
    body = rb'{"object":"whatsapp_business_account","entry":[],"t":"caf\u00e9 \/ \ud83d\ude00"}'
    given = "sha256=1fbc37f5a53fa4ab94e2ff0fd4f05473748719a501bcf8c76ba2cf3f18d08752"
    hook = Webhook("POST", "/webhooks/whatsapp", {"x-hub-signature-256": given}, body)

    whatsapp().verify(hook)
    assert signature(body) == given


@pytest.mark.parametrize("secret", [SECRET, "the-next"])
def test_every_secret_of_a_rotation_is_accepted(secret: str) -> None:
    whatsapp(WHATSAPP_APP_SECRET=f"{SECRET},the-next").verify(post(batch(), secret))


def test_no_weaker_signature_is_accepted() -> None:
    hook = post(batch())
    weak = {"x-hub-signature": hook.headers["x-hub-signature-256"]}

    with pytest.raises(InvalidSignature):
        whatsapp().verify(replace(hook, headers=weak))
    with pytest.raises(InvalidSignature):
        whatsapp().verify(post(batch(), TOKEN))


def test_the_handshake_is_answered_with_its_challenge() -> None:
    channel, hook = whatsapp(), handshake()
    channel.verify(hook)
    answer = channel.answer(hook, channel.parse(hook))

    assert (answer.status, answer.content_type, answer.body) == (200, "text/plain", b"1158201444")


@pytest.mark.parametrize(
    "hook",
    [
        handshake("wrong"),
        handshake(""),
        handshake("\u00e9"),
        handshake(mode="unsubscribe"),
        replace(handshake(), url="/webhooks/whatsapp"),
    ],
)
def test_a_handshake_with_another_token_is_forbidden(hook: Webhook) -> None:
    with pytest.raises(Forbidden) as refused:
        whatsapp().verify(hook)
    assert refused.value.status == 403


def test_other_methods_are_refused() -> None:
    with pytest.raises(MalformedWebhook):
        whatsapp().verify(replace(post(batch()), method="HEAD"))
