"""docs/channels/twilio.md matches the code."""

from __future__ import annotations

import re

from channels._kit.outbound import ErrorKind
from channels.twilio import SETTINGS
from channels.twilio.capabilities import CAPABILITIES, ERROR_KINDS
from tests.channels.docs_tables import render_settings
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "channels" / "twilio.md").read_text(encoding="utf-8")


def test_the_settings_table_matches_the_code() -> None:
    assert f"<!-- settings -->\n{render_settings(SETTINGS)}\n<!-- /settings -->" in PAGE


def test_the_stated_limits_match_the_code() -> None:
    assert f"{CAPABILITIES.text_length} characters, longer text is split" in PAGE
    assert f"{CAPABILITIES.media} in the first message" in PAGE
    assert f"up to {CAPABILITIES.caption_length} characters" in PAGE
    kilobytes = CAPABILITIES.max_webhook_bytes // 1024
    assert f"{kilobytes} kB of body, {CAPABILITIES.max_webhook_fields} fields" in PAGE


def test_every_error_code_is_listed_under_its_kind() -> None:
    rows = re.findall(r"^\| ([a-z_, ]+) \| ([^|]+) \|", PAGE, re.MULTILINE)
    codes_by_kind = {
        kinds: re.findall(r"\b\d{5}\b", codes)
        for kinds, codes in rows
        if set(kinds.split(", ")) <= set(ErrorKind)
    }

    assert len(codes_by_kind) == 5
    for kinds, codes in codes_by_kind.items():
        assert {ERROR_KINDS[code] for code in codes} == set(kinds.split(", "))
