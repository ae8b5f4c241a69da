"""The page of all channels is made from their data; what differs fails here, with the right text."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import channels
from channels._kit.inbound import Verification
from core.ports import Capabilities, RateLimit
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")

_ROWS = [
    ("text_length", "Text in one message, characters", "split at paragraphs, lines, sentences, words"),
    ("markdown", "Formatting", "plain text"),
    ("buttons", "Reply buttons", "a list, or numbers"),
    ("button_title_length", "Label of a button", "a list, or numbers"),
    ("list_rows", "Rows of a list", "numbers"),
    ("list_title_length", "Label of a row", "cut, and in full below it"),
    ("list_description_length", "Text below a row", "cut"),
    ("choices_text_length", "Text with buttons or a list", "what is longer comes before, by itself"),
    ("payload_length", "What a tap sends back", "numbers"),
    ("links", "Link buttons", "the address is written out"),
    ("media", "Media in one message", "further messages"),
    ("caption_length", "Text below a picture or film", "a message of its own"),
    ("templates", "Templates", "not sent"),
    ("quotes", "Quoted replies", "an ordinary reply"),
    ("reactions", "Reactions", "not sent"),
    ("typing", "Read mark and typing", "nothing is shown"),
    ("statuses", "Delivery statuses", "only that it was taken"),
    ("look_up", "Can be asked what it took", "statuses that tell our key back, else sent at least once"),
    ("echoes_key", "Statuses tell our key back", "a look-up, else sent at least once"),
    ("idempotent_send", "A key against sending twice", "a look-up, else sent at least once"),
    ("max_webhook_bytes", "Bytes of a webhook", "413"),
    ("max_webhook_fields", "Fields of a webhook", "413"),
    ("one_message", "All that answers a turn is one message", "a message each"),
    ("reads_log", "Clients read replies in our log", "each is sent by a call of the API"),
    ("closes", "Can be closed when a flow has ended", "stays open"),
    ("desk", "A desk of people to hand over to", "people answer in the provider's own inbox, or not at all"),
    ("pace", "Sends a second from one number", "no limit is kept"),
]


def capabilities(name: str) -> Capabilities:
    found = importlib.import_module(f"channels.{name}.capabilities").CAPABILITIES
    assert isinstance(found, Capabilities)
    return found


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "–"
    if isinstance(value, int | str):
        return "–" if value in (0, "none") else f"{value}"
    assert isinstance(value, RateLimit)
    return f"{value.number:g}" if value.number else "–"


def capability_table() -> str:
    names = channels.available()
    lines = [f"| | {' | '.join(names)} | where it cannot |", "|---" * (len(names) + 2) + "|"]
    for field, meaning, instead in _ROWS:
        cells = [_shown(getattr(capabilities(name), field)) for name in names]
        lines.append(f"| {meaning} | {' | '.join(cells)} | {instead} |")
    return "\n".join(lines)


def verification_table() -> str:
    lines = [
        "| channel | header | algorithm | what is signed | encoding | replay | rotation | handshake |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in channels.available():
        row = importlib.import_module(f"channels.{name}.capabilities").VERIFICATION
        assert isinstance(row, Verification)
        cells = [f"`{row.header}`", row.algorithm, " and ".join(row.signed), row.encoding]
        lines.append(f"| {name} | {' | '.join([*cells, row.replay, row.rotation, row.handshake])} |")
    return "\n".join(lines)


def between(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_page_shows_what_every_channel_can() -> None:
    assert between("capabilities") == capability_table()


def test_the_page_shows_how_every_channel_is_verified() -> None:
    assert between("verification") == verification_table()


def test_every_capability_has_a_row() -> None:
    assert {field for field, _, _ in _ROWS} == set(Capabilities.model_fields)


@pytest.mark.parametrize("name", channels.available())
def test_a_channels_folder_stays_small(name: str) -> None:
    """About 900 lines without simulator and set-up; more for a desk with two kinds of webhooks."""
    folder = Path(channels.__path__[0]) / name
    files = [path for path in folder.glob("*.py") if path.name != "setup.py"]

    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 1320
