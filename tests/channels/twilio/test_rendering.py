"""Rendering of messages for SMS and WhatsApp."""

from __future__ import annotations

from hypothesis import given, settings

from core.model import Address, Attachment, Choice, Message
from tests.channels.contract.sending_cases import messages
from tests.channels.twilio.builders import ACCOUNT, build_channel
from tests.effort import example_count

SMS = Address(channel="twilio", account=ACCOUNT, ours="+12025550100", theirs="+12025550170")
WHATSAPP = Address(channel="twilio", account=ACCOUNT, ours="whatsapp:+1", theirs="whatsapp:+12025550171")
CHOICES = (Choice(label="Yes", payload="y"), Choice(label="No,\nthanks", payload="n"))


def render_bodies(message: Message, address: Address = SMS) -> list[str]:
    return [part.body for part in build_channel().render(message, address)]


def build_picture(number: int, content_type: str = "image/jpeg") -> Attachment:
    return Attachment(url=f"https://files.example.com/{number}", content_type=content_type)


def test_markdown_is_plain_in_sms_and_whatsapp_syntax_on_whatsapp() -> None:
    message = Message(text="**Hello** _Ada_, see [our page](https://example.com/a_b)")

    assert render_bodies(message) == ["Hello Ada, see our page (https://example.com/a_b)"]
    assert render_bodies(message, WHATSAPP) == ["*Hello* _Ada_, see our page (https://example.com/a_b)"]


def test_choices_are_a_numbered_list() -> None:
    assert render_bodies(Message(text="Sure?", choices=CHOICES)) == ["Sure?\n\n1. Yes\n2. No, thanks"]


def test_choices_without_a_text_are_shown() -> None:
    assert render_bodies(Message(text="", choices=CHOICES)) == ["1. Yes\n2. No, thanks"]


def test_an_empty_message_has_no_parts() -> None:
    assert render_bodies(Message(text=" \n")) == []


def test_long_text_is_split_below_the_limit_and_nothing_is_lost() -> None:
    text = " ".join(f"Sentence number {number} stands here." for number in range(200))
    parts = render_bodies(Message(text=text))

    assert len(parts) > 1
    assert all(len(part) <= 1600 and part.endswith(".") for part in parts)
    assert " ".join(parts) == text


def test_emoji_count_twice() -> None:
    parts = render_bodies(Message(text="😀" * 1000))

    assert [len(part) for part in parts] == [800, 200]


def test_the_first_sms_has_up_to_ten_media() -> None:
    message = Message(text="Look", media=tuple(build_picture(number) for number in range(12)))
    parts = build_channel().render(message, SMS)

    assert [(part.body, len(part.media)) for part in parts] == [("Look", 10), ("", 2)]


def test_whatsapp_has_one_medium_per_message_and_the_text_as_first_caption() -> None:
    parts = build_channel().render(Message(text="Look", media=(build_picture(1), build_picture(2))), WHATSAPP)

    assert [(part.body, len(part.media)) for part in parts] == [("Look", 1), ("", 1)]


def test_a_text_that_is_too_long_for_a_caption_is_a_separate_message() -> None:
    file = build_channel().render(Message(text="Read", media=(build_picture(1, "audio/ogg"),)), WHATSAPP)
    long = build_channel().render(Message(text="x" * 1100, media=(build_picture(1),)), WHATSAPP)

    assert [(part.body[:4], len(part.media)) for part in file] == [("", 1), ("Read", 0)]
    assert [(part.body[:4], len(part.media)) for part in long] == [("", 1), ("xxxx", 0)]


@settings(max_examples=example_count(60))
@given(message=messages)
def test_every_medium_is_sent_once_and_whatsapp_parts_hold_one(message: Message) -> None:
    for address, most in ((SMS, 10), (WHATSAPP, 1)):
        parts = build_channel().render(message, address)

        assert [each.url for part in parts for each in part.media] == [medium.url for medium in message.media]
        assert all(len(part.media) <= most for part in parts)
        assert all(len(part.body.encode("utf-16-le")) <= 3200 for part in parts)


def test_only_an_sms_part_has_a_segment_count() -> None:
    plain, emoji = Message(text="a" * 161), Message(text="Hello 😀")

    assert [part.segments for part in build_channel().render(plain, SMS)] == ["2 SMS (GSM-7, 161 septets)"]
    assert [part.segments for part in build_channel().render(emoji, SMS)] == ["1 SMS (UCS-2, 8 characters)"]
    assert [part.segments for part in build_channel().render(plain, WHATSAPP)] == [""]
    assert [
        p.segments for p in build_channel().render(Message(text="a", media=(build_picture(1),)), SMS)
    ] == [""]
