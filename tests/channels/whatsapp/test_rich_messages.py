"""Rich messages in one request: a file above buttons, a document with its text, a location request."""

from __future__ import annotations

from typing import Any

import pytest

from channels.whatsapp.rendering import get_media_type
from channels.whatsapp.simulator.message_validation import validate_message
from core.model import Attachment, Choice, Message
from tests.channels.whatsapp.test_rendering import FILES, build_body, build_choices, render


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "image"), ("a.mp4", "video"), ("price list.pdf", "document")]
)
@pytest.mark.parametrize(
    "options", [build_choices("Yes", "No"), (Choice(label="Open", payload="", url=FILES),)]
)
def test_a_file_is_placed_above_the_buttons(name: str, kind: str, options: tuple[Choice, ...]) -> None:
    [part] = render(choices=options, media=(Attachment(url=f"{FILES}/{name.replace(' ', '%20')}"),))
    request = build_body(part)
    header = request["interactive"]["header"]

    assert (header["type"], header[kind]["link"]) == (kind, part.media[0].url)
    assert header[kind].get("filename") == (name if kind == "document" else None)
    validate_message(request, lambda _: True)


def test_a_list_and_sound_have_no_header() -> None:
    picture, sound = Attachment(url=f"{FILES}/a.png"), Attachment(url=f"{FILES}/a.mp3")
    for media, options in (((picture,), build_choices(*"ABCD")), ((sound,), build_choices("A"))):
        first, second = render(choices=options, media=media)
        assert first.media == media or first.media[0].url == media[0].url
        assert "header" not in build_body(second)["interactive"]


def test_of_several_files_the_last_is_placed_above_the_buttons() -> None:
    media = tuple(Attachment(url=f"{FILES}/{name}.png") for name in "ab")
    first, second = render(choices=build_choices("A"), media=media)
    assert build_body(first)["image"] == {"link": f"{FILES}/a.png"}
    assert build_body(second)["interactive"]["header"] == {
        "type": "image",
        "image": {"link": f"{FILES}/b.png"},
    }


@pytest.mark.parametrize(
    ("url", "name", "shown"),
    [("offers/May%202026.pdf", "", "May 2026.pdf"), ("a?id=1", "", None), ("x", "Offer.pdf", "Offer.pdf")],
)
def test_a_document_has_its_name_and_text_in_one_message(url: str, name: str, shown: str | None) -> None:
    medium = Attachment(url=f"{FILES}/{url}", content_type="application/pdf", name=name)
    [part] = render("Our *offer*", media=(medium,))
    document = build_body(part)["document"]
    assert (document["caption"], document.get("filename")) == ("Our _offer_", shown)


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("image/jpg", "image"),
        ("IMAGE/JPEG; q=1", "image"),
        ("audio/mp3", "audio"),
        ("audio/x-m4a", "audio"),
        ("audio/ogg; codecs=opus", "audio"),
        ('audio/ogg; codecs="OPUS"', "audio"),
        ("video/3gp", "video"),
    ],
)
def test_a_type_in_another_spelling_is_the_same(content_type: str, kind: str) -> None:
    assert get_media_type(content_type) == kind


@pytest.mark.parametrize(
    "content_type",
    [
        "audio/wav",
        "audio/webm",
        "audio/flac",
        "audio/3gpp",
        "audio/ogg; codecs=vorbis",
        "audio/ogg;codecs=speex",
    ],
)
def test_sound_that_meta_does_not_take_is_a_document(content_type: str) -> None:
    [part] = render("", media=(Attachment(url=f"{FILES}/a.wav", content_type=content_type),))
    assert build_body(part)["document"] == {"link": f"{FILES}/a.wav", "filename": "a.wav"}


def test_choices_with_descriptions_are_a_list() -> None:
    options = (Choice(label="Basic", payload="b", description="5 a month"), Choice(label="Pro", payload="p"))
    [part] = render(choices=options, list_button="Auswählen")
    shown: dict[str, Any] = build_body(part)["interactive"]
    assert shown["action"] == {
        "button": "Auswählen",
        "sections": [
            {"rows": [{"id": "b", "title": "Basic", "description": "5 a month"}, {"id": "p", "title": "Pro"}]}
        ],
    }


def test_a_location_is_requested() -> None:
    [part] = render("Where are you?", requests_location=True)
    request = build_body(part)
    assert request["interactive"] == {
        "type": "location_request_message",
        "body": {"text": "Where are you?"},
        "action": {"name": "send_location"},
    }
    validate_message(request, lambda _: True)


def test_a_reaction_comes_before_the_answer() -> None:
    first, second = render("Yes", quotes="wamid.A", reaction="👍")
    assert build_body(first)["reaction"] == {"message_id": "wamid.A", "emoji": "👍"}
    assert build_body(second)["context"] == {"message_id": "wamid.A"}


@pytest.mark.parametrize(
    ("url", "content_type"),
    [
        ("a.PNG", "image/png"),
        ("a.jpg?size=2#x", "image/jpeg"),
        ("a", "application/octet-stream"),
        ("[bad", "application/octet-stream"),
    ],
)
def test_the_type_of_a_file_is_inferred_from_its_url(url: str, content_type: str) -> None:
    [medium] = Message(text="", media=(Attachment(url=f"{FILES}/{url}"),)).media
    assert medium.content_type == content_type
