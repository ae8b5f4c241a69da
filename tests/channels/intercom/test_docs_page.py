"""docs/channels/intercom.md matches the code."""

from __future__ import annotations

from channels.intercom import SETTINGS
from channels.intercom.capabilities import CAPABILITIES
from channels.intercom.setup import REQUIRED_TOPICS
from tests.channels.docs_tables import render_settings
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "channels" / "intercom.md").read_text(encoding="utf-8")


def test_the_settings_table_matches_the_code() -> None:
    assert f"<!-- settings -->\n{render_settings(SETTINGS)}\n<!-- /settings -->" in PAGE


def test_the_stated_limits_match_the_code() -> None:
    can = CAPABILITIES
    assert f"Text of up to {can.text_length} characters, longer text is split" in PAGE
    assert f"up to {can.buttons} quick replies with labels\nof {can.button_title_length} characters" in PAGE
    assert f"up to {can.media} pictures in a comment" in PAGE


def test_all_required_topics_are_listed() -> None:
    assert [topic for topic in REQUIRED_TOPICS if f"`{topic}`" not in PAGE] == []
