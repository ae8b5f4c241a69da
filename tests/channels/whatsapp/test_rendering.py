"""Rendering of messages for WhatsApp: buttons, a list, a link, or a numbered list."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from channels.whatsapp.rendering import build_request
from core.model import Address, Attachment, Choice, Message, MessagePart, Reply
from core.model.message import Template
from tests.channels.contract.sending_cases import messages
from tests.channels.whatsapp.builders import ACCOUNT, OURS, PHONE, USER_ID, build_channel
from tests.effort import example_count

ADA = Address(channel="whatsapp", account=ACCOUNT, ours=OURS, theirs=PHONE)
MEDIA_URL = "https://graph.facebook.com/v26.0"
FILES = "https://files.example.com"


def build_choices(*labels: str) -> tuple[Choice, ...]:
    return tuple(Choice(label=label, payload=f"p{number}") for number, label in enumerate(labels))


def render(text: str = "Which?", **more: Any) -> list[MessagePart]:
    return build_channel().render(Message(text=text, **more), ADA)


def build_body(part: MessagePart, theirs: str = PHONE) -> dict[str, Any]:
    address = ADA.model_copy(update={"theirs": theirs})
    return build_request(Reply(key="turn.1", address=address, **dict(part)), MEDIA_URL)


def build_interactive(*labels: str, **more: Any) -> dict[str, Any]:
    [part] = render(choices=build_choices(*labels), **more)
    found: dict[str, Any] = build_body(part)["interactive"]
    return found


def test_three_short_choices_are_buttons() -> None:
    shown = build_interactive("Yes", "No", "Later")

    assert shown["type"] == "button"
    assert [each["reply"] for each in shown["action"]["buttons"]] == [
        {"id": "p0", "title": "Yes"},
        {"id": "p1", "title": "No"},
        {"id": "p2", "title": "Later"},
    ]


def test_more_choices_are_a_list() -> None:
    shown = build_interactive("A", "B", "C", "D")

    assert shown["type"] == "list"
    assert [row["title"] for row in shown["action"]["sections"][0]["rows"]] == ["A", "B", "C", "D"]


def test_a_long_label_is_repeated_in_the_row_description() -> None:
    label = "I should like to open a second account"
    [first, second] = build_interactive(label, "No")["action"]["sections"][0]["rows"]

    assert first == {"id": "p0", "title": "I should like to open…", "description": label}
    assert second == {"id": "p1", "title": "No"}


@pytest.mark.parametrize(
    "labels",
    [
        tuple(str(number) for number in range(11)),
        ("A very long label that begins the same 1", "A very long label that begins the same 2"),
        ("Same", "Same"),
        (" ", "B"),
    ],
)
def test_indistinguishable_choices_are_numbered(labels: tuple[str, ...]) -> None:
    [part] = render(choices=build_choices(*labels))

    assert part.choices == ()
    assert part.body.startswith("Which?\n\n1. ")


def test_choices_with_long_payloads_are_numbered() -> None:
    [part] = render(choices=(Choice(label="A", payload="x" * 201),))

    assert (part.choices, part.body) == ((), "Which?\n\n1. A")


def test_choices_without_a_text_are_numbered() -> None:
    assert [part.body for part in render("", choices=build_choices("A"))] == ["1. A"]


def test_a_choice_with_a_url_is_a_link_button() -> None:
    [part] = render(choices=(Choice(label="Our page", payload="", url="https://example.com/a"),))

    assert build_body(part)["interactive"]["action"]["parameters"] == {
        "display_text": "Our page",
        "url": "https://example.com/a",
    }


def test_several_links_are_written_out() -> None:
    both = tuple(Choice(label=each, payload=each, url=f"https://example.com/{each}") for each in "ab")

    assert [part.body for part in render(choices=both)] == [
        "Which?\n\n1. a (https://example.com/a)\n2. b (https://example.com/b)"
    ]


def test_the_end_of_a_long_question_has_the_buttons() -> None:
    found = render("A sentence stands here. " * 100, choices=build_choices("A"))

    assert len(found) > 1
    assert [bool(part.choices) for part in found] == [False] * (len(found) - 1) + [True]
    assert len(found[-1].body) <= 1024


def test_markdown_is_rendered_in_whatsapp_syntax() -> None:
    [part] = render("**Hello** _Ada_, `x` see [our page](https://example.com)")

    assert build_body(part)["text"] == {
        "body": "*Hello* _Ada_, `x` see our page (https://example.com)",
        "preview_url": True,
    }


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("image/png", "image"),
        ("video/mp4", "video"),
        ("audio/ogg; codecs=opus", "audio"),
        ("application/pdf", "document"),
        ("image/gif", "document"),
    ],
)
def test_a_file_is_sent_by_its_type(content_type: str, kind: str) -> None:
    [part] = render("", media=(Attachment(url=f"{FILES}/a", content_type=content_type),))
    made = build_body(part)

    assert made["type"] == kind
    assert made[kind] == {"link": f"{FILES}/a"}


def test_an_uploaded_file_is_sent_by_its_id() -> None:
    [part] = render("", media=(Attachment(url=f"{MEDIA_URL}/7001", content_type="image/png"),))

    assert build_body(part)["image"] == {"id": "7001"}


def test_a_short_text_is_the_caption_of_an_image() -> None:
    [part] = render("Look", media=(Attachment(url=f"{FILES}/a", content_type="image/png"),))

    assert build_body(part)["image"] == {"link": f"{FILES}/a", "caption": "Look"}


def test_a_template_replaces_everything_else() -> None:
    [part] = render(template=Template(name="order_update", language="en_US", parameters=("Ada",)))

    assert build_body(part)["template"] == {
        "name": "order_update",
        "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ada"}]}],
    }


def test_a_reaction_and_a_quote_refer_to_their_message() -> None:
    [part] = render("Yes", quotes="wamid.A")

    assert build_body(part)["context"] == {"message_id": "wamid.A"}
    assert build_body(MessagePart(body="", quotes="wamid.A", reaction="👍"))["reaction"] == {
        "message_id": "wamid.A",
        "emoji": "👍",
    }


def test_a_user_id_is_sent_as_recipient_and_not_as_number() -> None:
    part = MessagePart(body="Hi")

    assert (build_body(part)["to"], build_body(part)["biz_opaque_callback_data"]) == (
        PHONE,
        f"{OURS}:{PHONE}:turn.1",
    )
    hidden = build_body(part, USER_ID)
    assert (hidden["recipient"], "to" in hidden) == (USER_ID, False)


@settings(max_examples=example_count(60))
@given(message=messages)
def test_every_medium_is_sent_once_and_every_choice_is_shown(message: Message) -> None:
    found = build_channel().render(message, ADA)

    assert [each.url for part in found for each in part.media] == [each.url for each in message.media]
    shown = [choice.payload for part in found for choice in part.choices]
    assert shown in ([], [choice.payload for choice in message.choices])
