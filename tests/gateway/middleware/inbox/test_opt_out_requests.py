"""Opt-outs are recognized by the contact's own words: not in what they quote, share, or sign with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from core.model import (
    Address,
    Attachment,
    ConsentRequest,
    ContactCard,
    Event,
    Location,
    Order,
    Reaction,
    Turn,
    TurnReceived,
)
from core.ports import AcceptResult
from gateway.middleware.inbox.opt_out_requests import OptOutRequests
from tests.gateway.environments.inbound import load_capabilities

CHANNELS = ["twilio", "whatsapp", "intercom", "zendesk", "sunshine", "web"]
PICTURE = Attachment(url="https://media.example.com/1.png", content_type="image/png")


class _RecordingInbox:
    """Inbox that keeps the events which it gets."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        self.events += events
        return [AcceptResult.NEW for _ in events]


async def find_request(redis: Redis, text: str, channel: str = "whatsapp", **more: Any) -> Any:
    """Return what a message asks for."""
    inbox = _RecordingInbox()
    address = Address(channel=channel, account="A", ours="A", theirs="T")
    turn = Turn(id="M1", session="s", address=address, text=text, **more)
    requests = OptOutRequests(redis, inbox, load_capabilities(CHANNELS))
    await requests.accept([TurnReceived(turn=turn)])
    [event] = inbox.events
    assert isinstance(event, TurnReceived)
    return event.request


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("unsubscribe\n\nSent from my iPhone", ""),
        ("Unsubscribe\n--\nAda Lovelace\nAnalytical Engines Ltd", ""),
        (
            "Please unsubscribe.\n\nOn Mon, 2 Nov 2026 at 10:00, Shop <shop@example.com> wrote:\n> Our offer",
            "",
        ),
        ("unsubscribe\n\n-----Original Message-----\nFrom: Shop\nOur offers", ""),
        ("> Our offers for you this week\nunsubscribe", ""),
        ("Bitte abmelden\n\nVon meinem iPhone gesendet", ""),
        ("Re: Our spring offers\n\nunsubscribe", "Re: Our spring offers"),
        ("unsubscribe", "unsubscribe"),
    ],
)
@pytest.mark.parametrize("channel", ["intercom", "zendesk", "sunshine"])
async def test_a_mail_program_adds_no_words(redis: Redis, text: str, subject: str, channel: str) -> None:
    assert await find_request(redis, text, channel, subject=subject) is ConsentRequest.OPT_OUT


async def test_a_signature_or_a_logo_below_the_word_makes_no_difference(redis: Redis) -> None:
    assert await find_request(redis, "STOP\n\nSent from my iPhone") is ConsentRequest.OPT_OUT
    assert (
        await find_request(redis, "unsubscribe", "zendesk", attachments=(PICTURE,)) is ConsentRequest.OPT_OUT
    )


@pytest.mark.parametrize(
    "text",
    [
        "unsubscribe\nme from the newsletter, but keep the account",
        "> unsubscribe\nno, thanks",
        "My order is late.\n\nTo unsubscribe, reply with:\nunsubscribe",
        "On Mon, 2 Nov 2026 at 10:00, Shop wrote:\n> unsubscribe",
        "start\n\nunsubscribe",
    ],
)
async def test_other_words_beside_it_make_it_an_ordinary_message(redis: Redis, text: str) -> None:
    assert await find_request(redis, text, "zendesk") is None


@pytest.mark.parametrize(
    "content",
    [
        {"contacts": (ContactCard(name="Stop"),)},
        {"location": Location(latitude=1, longitude=2, label="Stop")},
        {"form": {"answer": "stop"}},
        {"order": Order(catalog_id="1")},
        {"reaction": Reaction(emoji="🛑")},
    ],
)
async def test_what_is_shared_is_not_what_the_contact_says(redis: Redis, content: dict[str, Any]) -> None:
    assert await find_request(redis, "Stop", **content) is None


async def test_a_choice_is_selected_above_a_signature_too(redis: Redis) -> None:
    await redis.hset("tg:{s}", "state", json.dumps({"offered": [{"label": "Stop", "payload": "halt"}]}))

    assert await find_request(redis, "Stop\n\nSent from my iPhone") is None
    assert await find_request(redis, "STOP") is None
    assert await find_request(redis, "Stopp") is ConsentRequest.OPT_OUT


@pytest.mark.parametrize(
    ("payload", "label", "request_"),
    [
        ("STOP_PROMO", "No, thanks", ConsentRequest.MARKETING_OPT_OUT),
        ("promo-17", "Stop promotions", ConsentRequest.MARKETING_OPT_OUT),
        ("list-17", "Unsubscribe", ConsentRequest.OPT_OUT),
        ("machine-off", "Stop", None),
        ("menu", "Yes", None),
    ],
)
async def test_a_button_of_a_template_opts_out_by_payload_or_label(
    redis: Redis, payload: str, label: str, request_: ConsentRequest | None
) -> None:
    assert await find_request(redis, label, payload=payload) is request_
