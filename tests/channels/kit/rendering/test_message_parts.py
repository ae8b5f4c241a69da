"""Splitting of a message by capabilities: one test for each row of the capability table."""

from __future__ import annotations

from typing import Any

import pytest

from channels._kit.rendering import attach_captions, attach_choices
from core.model import Attachment, Choice, MessagePart
from core.ports import Capabilities

NOTHING = Capabilities(max_webhook_bytes=1, max_webhook_fields=1, text_length=100)
BUTTONS: dict[str, Any] = {
    "buttons": 3,
    "button_title_length": 10,
    "choices_text_length": 50,
    "payload_length": 20,
}
ROWS: dict[str, Any] = {"list_rows": 5, "list_title_length": 12, "list_description_length": 30}
PICTURE = Attachment(url="https://files.example.com/a.png", content_type="image/png")


def render(
    labels: tuple[str, ...], text: str = "Which?", url: str = "", **abilities: Any
) -> list[MessagePart]:
    can = NOTHING.model_copy(update=abilities)
    choices = [Choice(label=label, payload=f"p{n}", url=url) for n, label in enumerate(labels)]
    return attach_choices(text, choices, can)


@pytest.mark.parametrize(
    ("row", "labels", "abilities", "tapped"),
    [
        ("no buttons", ("Yes", "No"), {}, 0),
        ("buttons", ("Yes", "No"), BUTTONS, 2),
        ("buttons: too many", ("A", "B", "C", "D"), BUTTONS, 0),
        ("button_title_length", ("A long label", "No"), BUTTONS, 0),
        ("list_rows", ("A", "B", "C", "D"), {**BUTTONS, **ROWS}, 4),
        ("list_rows: too many", tuple("ABCDEF"), {**BUTTONS, **ROWS}, 0),
        ("list_title_length", ("A label longer than a row", "No"), {**BUTTONS, **ROWS}, 2),
        ("payload_length", ("A",), {**BUTTONS, "payload_length": 1}, 0),
    ],
)
def test_choices_are_shown_as_well_as_the_channel_can(
    row: str, labels: tuple[str, ...], abilities: dict[str, Any], tapped: int
) -> None:
    [part] = render(labels, **abilities)

    assert len(part.choices) == tapped
    assert part.body == "Which?" if tapped else part.body.startswith("Which?\n\n1. ")


def test_a_truncated_label_is_repeated_in_the_description() -> None:
    [part] = render(("A label longer than a row", "No"), **BUTTONS, **ROWS)

    assert [(each.label, each.description) for each in part.choices] == [
        ("A label…", "A label longer than a row"),
        ("No", ""),
    ]


def test_links_are_buttons_if_the_channel_has_link_buttons() -> None:
    url = "https://example.com"

    assert len(render(("Page",), url=url, **BUTTONS, links=1)[0].choices) == 1
    assert render(("Page",), url=url, **BUTTONS)[0].body == f"Which?\n\n1. Page ({url})"


def test_only_the_end_of_a_long_text_has_the_buttons() -> None:
    parts = render(("Yes",), "One sentence of many. " * 10, **BUTTONS)

    assert [len(part.choices) for part in parts] == [0] * (len(parts) - 1) + [1]
    assert len(parts[-1].body) <= 50


@pytest.mark.parametrize(("length", "together"), [(10, True), (3, False), (0, False)])
def test_a_text_within_the_caption_length_is_the_images_caption(length: int, together: bool) -> None:
    parts = attach_captions(["Look"], [PICTURE], NOTHING.model_copy(update={"caption_length": length}))

    assert (len(parts) == 1) is together
    assert sorted(part.body for part in parts if part.body) == ["Look"]
