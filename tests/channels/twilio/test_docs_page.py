"""The page about Twilio says what the code does."""

from __future__ import annotations

import re

from channels._kit.outbound import ErrorKind
from channels.twilio import SETTINGS
from channels.twilio.capabilities import CAPABILITIES, ERROR_KINDS
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "channels" / "twilio.md").read_text(encoding="utf-8")


def test_every_setting_stands_in_the_table() -> None:
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "required" if setting.required else ""
        rows.append(f"| `{setting.name}` | {default} | {setting.description} |")

    found = re.search(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", PAGE, re.DOTALL)
    assert found is not None
    assert found[1] == "\n".join(rows)


def test_the_limits_are_those_of_the_code() -> None:
    assert f"{CAPABILITIES.text_length} characters, longer text is split" in PAGE
    assert f"{CAPABILITIES.media} in the first message" in PAGE
    assert f"up to {CAPABILITIES.caption_length} characters" in PAGE
    kilobytes = CAPABILITIES.max_webhook_bytes // 1024
    assert f"{kilobytes} kB of body, {CAPABILITIES.max_webhook_fields} fields" in PAGE


def test_every_code_stands_in_its_class() -> None:
    rows = re.findall(r"^\| ([a-z_, ]+) \| ([^|]+) \|", PAGE, re.MULTILINE)
    told = {
        kinds: re.findall(r"\b\d{5}\b", codes)
        for kinds, codes in rows
        if set(kinds.split(", ")) <= set(ErrorKind)
    }

    assert len(told) == 5
    for kinds, codes in told.items():
        assert {ERROR_KINDS[code] for code in codes} == set(kinds.split(", "))
