"""The page about Zendesk messaging says what the code does."""

from __future__ import annotations

from channels.sunshine import SETTINGS
from channels.sunshine.capabilities import CAPABILITIES
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "channels" / "sunshine.md").read_text(encoding="utf-8")


def test_every_setting_stands_in_the_table() -> None:
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "required" if setting.required else ""
        rows.append(f"| `{setting.name}` | {default} | {setting.description} |")

    table = "\n".join(rows)
    assert f"<!-- settings -->\n{table}\n<!-- /settings -->" in PAGE


def test_the_limits_are_those_of_the_code() -> None:
    can = CAPABILITIES
    assert f"up to {can.text_length} characters, longer text is split" in PAGE
    assert f"up to {can.buttons} quick replies or {can.links} links" in PAGE
    assert f"labels of {can.button_title_length} characters" in PAGE
