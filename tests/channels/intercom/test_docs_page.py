"""The page about Intercom says what the code does."""

from __future__ import annotations

from channels.intercom import SETTINGS
from channels.intercom.capabilities import CAPABILITIES
from channels.intercom.setup import REQUIRED_TOPICS
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "channels" / "intercom.md").read_text(encoding="utf-8")


def settings_table() -> str:
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "required" if setting.required else ""
        rows.append(f"| `{setting.name}` | {default} | {setting.description} |")
    return "\n".join(rows)


def test_every_setting_stands_in_the_table() -> None:
    assert f"<!-- settings -->\n{settings_table()}\n<!-- /settings -->" in PAGE


def test_the_limits_are_those_of_the_code() -> None:
    can = CAPABILITIES
    assert f"Text of up to {can.text_length} characters, longer text is split" in PAGE
    assert f"up to {can.buttons} quick replies with labels\nof {can.button_title_length} characters" in PAGE
    assert f"up to {can.media} pictures in a comment" in PAGE


def test_the_topics_to_subscribe_to_are_those_that_are_read() -> None:
    assert [topic for topic in REQUIRED_TOPICS if f"`{topic}`" not in PAGE] == []
