"""docs/channels/whatsapp.md matches the code."""

from __future__ import annotations

import re

from channels._kit.outbound import ErrorKind
from channels.whatsapp import SETTINGS
from channels.whatsapp.capabilities import CAPABILITIES, ERROR_KINDS
from tests.channels.docs_tables import render_settings
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "channels" / "whatsapp.md").read_text(encoding="utf-8")


def test_the_settings_table_matches_the_code() -> None:
    assert f"<!-- settings -->\n{render_settings(SETTINGS)}\n<!-- /settings -->" in PAGE


def test_the_stated_limits_match_the_code() -> None:
    can = CAPABILITIES
    assert f"{can.text_length} characters, longer text is split" in PAGE
    assert f"up to {can.buttons} with labels of {can.button_title_length} characters" in PAGE
    assert f"up to {can.list_rows} are a list, where a label over {can.list_title_length}" in PAGE
    assert f"below its row ({can.list_description_length})" in PAGE
    assert f"Text with choices | {can.choices_text_length} characters" in PAGE
    assert f"up to {can.caption_length} characters goes as the caption" in PAGE
    assert f"{can.max_webhook_bytes // 1024**2} MB of body" in PAGE


def test_every_error_code_is_listed_under_its_kind() -> None:
    table = PAGE.split("| class | codes |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| ([a-z, ]+) \| ([\d, ]+) \|", table, re.MULTILINE)

    assert len(rows) == 5
    for kinds, codes in rows:
        assert {ERROR_KINDS[code] for code in codes.split(", ")} == {
            ErrorKind(kind) for kind in kinds.split(", ")
        }
