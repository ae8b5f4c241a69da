"""docs/channels.md matches the channels' data; a failure shows the expected table."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import channels
from channels._kit.inbound import Verification
from core.ports import Capabilities, RateLimit, ServiceWindow
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")

_ROWS = [
    ("text_length", "Text in one message, characters", "split at paragraphs, lines, sentences, words"),
    ("markdown", "Formatting", "plain text"),
    ("buttons", "Reply buttons", "a list, or a numbered list"),
    ("button_title_length", "Label of a button", "a list, or a numbered list"),
    ("list_rows", "Rows of a list", "a numbered list"),
    ("list_title_length", "Label of a row", "truncated, and in full in the text below it"),
    ("list_description_length", "Text below a row", "truncated"),
    (
        "choices_text_length",
        "Text with buttons or a list",
        "longer text is sent before, as a message of its own",
    ),
    ("payload_length", "Payload of a button", "a numbered list"),
    ("links", "Link buttons", "the URL is written in the text"),
    ("media", "Media in one message", "further messages"),
    ("caption_length", "Caption of an image or video", "a message of its own"),
    ("templates", "Templates", "not sent"),
    ("quotes", "Quoted replies", "an ordinary reply"),
    ("location_requests", "Button to share a location", "the text alone"),
    ("voice_notes", "Voice notes in answer to voice notes", "text"),
    ("reactions", "Reactions", "not sent"),
    ("typing", "Read receipts and typing indicator", "not sent"),
    ("statuses", "Delivery statuses", "only the acceptance is known"),
    ("look_up", "Look-up of sent messages", "statuses that return our key, else at least once"),
    ("echoes_key", "Statuses return our key", "a look-up, else at least once"),
    ("idempotent_send", "Idempotency key on sends", "a look-up, else at least once"),
    ("max_webhook_bytes", "Webhook body, bytes", "413"),
    ("max_webhook_fields", "Webhook fields", "413"),
    ("one_message", "All replies to a turn in one message", "one message each"),
    ("reads_log", "Clients read replies from our log", "one API call each"),
    ("closes", "Close the conversation when a flow has ended", "stays open"),
    ("desk", "Agent desk for hand-offs", "agents use the provider's own inbox, if there is one"),
    ("participants", "Others than the contact in a conversation", "only the contact can write"),
    ("phone_numbers", "Contacts by phone number", "quiet hours in the configured time zone"),
    ("opt_out_words", "Words that opt out", "see [opt-out](configuration.md#opt-out)"),
    ("reserved_words", "Messages that the provider answers itself", "every message reaches the bot"),
    ("service_window", "Service window for free text", "free text at any time"),
    ("pace", "Sends per second from one number", "no limit"),
]


def load_capabilities(name: str) -> Capabilities:
    found = importlib.import_module(f"channels.{name}.capabilities").CAPABILITIES
    assert isinstance(found, Capabilities)
    return found


def _render_value(value: object) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "–"
    if isinstance(value, bool):
        return "yes" if value else "–"
    if isinstance(value, int | str):
        return "–" if value in (0, "none") else f"{value}"
    if isinstance(value, tuple):
        return ", ".join(value) or "–"
    if value is None:
        return "–"
    if isinstance(value, ServiceWindow):
        return f"{value.seconds // 3600} h" + (f", {value.prefix} addresses" if value.prefix else "")
    assert isinstance(value, RateLimit)
    return f"{value.number:g}" if value.number else "–"


def render_capabilities() -> str:
    names = channels.available()
    lines = [f"| | {' | '.join(names)} | fallback |", "|---" * (len(names) + 2) + "|"]
    for field, meaning, instead in _ROWS:
        cells = [_render_value(getattr(load_capabilities(name), field)) for name in names]
        lines.append(f"| {meaning} | {' | '.join(cells)} | {instead} |")
    return "\n".join(lines)


def render_verification() -> str:
    lines = [
        "| channel | header | algorithm | signed parts | encoding | replay | rotation | handshake |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in channels.available():
        row = importlib.import_module(f"channels.{name}.capabilities").VERIFICATION
        assert isinstance(row, Verification)
        cells = [f"`{row.header}`", row.algorithm, " and ".join(row.signed), row.encoding]
        lines.append(f"| {name} | {' | '.join([*cells, row.replay, row.rotation, row.handshake])} |")
    return "\n".join(lines)


def read_block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_capability_table_matches_the_code() -> None:
    assert read_block("capabilities") == render_capabilities()


def test_the_verification_table_matches_the_code() -> None:
    assert read_block("verification") == render_verification()


def test_every_capability_has_a_row() -> None:
    assert {field for field, _, _ in _ROWS} == set(Capabilities.model_fields)


@pytest.mark.parametrize("name", channels.available())
def test_a_channel_package_stays_small(name: str) -> None:
    """About 900 lines without simulator, set-up and its check, more for a desk with two kinds of webhooks."""
    folder = Path(channels.__path__[0]) / name
    files = [path for path in folder.glob("*.py") if path.name not in ("setup.py", "account_check.py")]

    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 1900
