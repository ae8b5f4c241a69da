"""docs/channels/zendesk.md matches the code."""

from __future__ import annotations

from channels.zendesk import SETTINGS
from channels.zendesk.capabilities import ANSWERED_TAG, BOT_OFF_TAG, CAPABILITIES, HANDED_OFF_TAG
from channels.zendesk.event_parser import SUBSCRIPTIONS
from channels.zendesk.trigger_template import TRIGGER_EVENTS
from tests.channels.docs_tables import render_settings
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "channels" / "zendesk.md").read_text(encoding="utf-8")


def test_the_settings_table_matches_the_code() -> None:
    assert f"<!-- settings -->\n{render_settings(SETTINGS)}\n<!-- /settings -->" in PAGE


def test_the_stated_limits_and_tags_match_the_code() -> None:
    assert f"Text of up to {CAPABILITIES.text_length} characters" in PAGE
    assert f"up to {CAPABILITIES.media} files" in PAGE
    assert all(f"`{tag}`" in PAGE for tag in (ANSWERED_TAG, HANDED_OFF_TAG, BOT_OFF_TAG))


def test_all_subscribed_events_are_listed() -> None:
    assert all(f"`{kind.rpartition('.')[2]}`" in PAGE for kind in SUBSCRIPTIONS)


def test_all_triggers_are_listed() -> None:
    assert all(f"| `{name}` |" in PAGE for name in TRIGGER_EVENTS)
