"""The page about Zendesk Support says what the code does."""

from __future__ import annotations

from channels.zendesk import SETTINGS
from channels.zendesk.capabilities import ANSWERED_TAG, BOT_OFF_TAG, CAPABILITIES, HANDED_OFF_TAG
from channels.zendesk.event_parser import SUBSCRIPTIONS
from channels.zendesk.trigger_template import TRIGGER_EVENTS
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "channels" / "zendesk.md").read_text(encoding="utf-8")


def settings_table() -> str:
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "required" if setting.required else ""
        rows.append(f"| `{setting.name}` | {default} | {setting.description} |")
    return "\n".join(rows)


def test_every_setting_stands_in_the_table() -> None:
    assert f"<!-- settings -->\n{settings_table()}\n<!-- /settings -->" in PAGE


def test_the_limits_and_tags_are_those_of_the_code() -> None:
    assert f"Text of up to {CAPABILITIES.text_length} characters" in PAGE
    assert f"up to {CAPABILITIES.media} files" in PAGE
    assert all(f"`{tag}`" in PAGE for tag in (ANSWERED_TAG, HANDED_OFF_TAG, BOT_OFF_TAG))


def test_every_event_to_subscribe_to_is_named() -> None:
    assert all(f"`{kind.rpartition('.')[2]}`" in PAGE for kind in SUBSCRIPTIONS)


def test_every_trigger_is_named() -> None:
    assert all(f"| `{name}` |" in PAGE for name in TRIGGER_EVENTS)
