"""docs/channels/sunshine.md matches the code."""

from __future__ import annotations

from channels.sunshine import SETTINGS
from channels.sunshine.capabilities import CAPABILITIES
from tests.channels.docs_tables import render_settings
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "channels" / "sunshine.md").read_text(encoding="utf-8")


def test_the_settings_table_matches_the_code() -> None:
    assert f"<!-- settings -->\n{render_settings(SETTINGS)}\n<!-- /settings -->" in PAGE


def test_the_stated_limits_match_the_code() -> None:
    can = CAPABILITIES
    assert f"up to {can.text_length} characters, longer text is split" in PAGE
    assert f"up to {can.buttons} quick replies or {can.links} links" in PAGE
    assert f"labels of {can.button_title_length} characters" in PAGE
