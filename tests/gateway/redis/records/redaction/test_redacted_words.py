"""Words of a redacted message: what of a state and of records shows them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic_core import to_json

from gateway.redis.records.redaction.redacted_words import MARK, RedactedWords, redact_state

SECRET = "it is Zebrafish-4711 really"


def test_short_words_leave_only_as_a_whole_line() -> None:
    words = RedactedWords(["yes"])

    assert words.clean("Yes") == MARK
    assert words.clean("Yesterday, or yes please") == "Yesterday, or yes please"
    assert words.clean("no\n yes ") == f"no\n{MARK}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1990-04-23", True),
        ("4111111111111111", True),
        (1990, True),
        ("Ada Byron", True),
        ({"name": "Byron"}, True),
        ("Ada Lovelace", False),
        ("shoes", False),
        (42, False),
        (True, False),
        (None, False),
        ("", False),
    ],
)
def test_slots_that_were_read_from_the_words_are_known_by_them(value: object, expected: bool) -> None:
    words = RedactedWords(["I am Ada Byron, born 23 April 1990, card 4111 1111 1111 1111"])

    assert words.are_source_of(value) is expected


def test_a_summary_leaves_with_words_that_the_history_does_not_have_any_more() -> None:
    state = {"summary": "They gave a code.", "history": [{"role": "user", "content": "hi"}], "node": "n"}
    cleaned, _ = redact_state(state, RedactedWords([SECRET]), has_files=False)

    assert cleaned == {"history": state["history"], "node": "n"}
    heard, _ = redact_state(state, RedactedWords([]), has_files=True)
    assert heard == {"node": "n"}


@pytest.mark.parametrize(
    "said", ["menu", "main menu", "whatsapp", "close", "user", "image", "order", "15550102360"]
)
def test_words_that_are_also_names_leave_texts_and_no_structure(said: str) -> None:
    """Otherwise the dialog would be at no node, and a waiting reply could not be sent."""
    words = RedactedWords([said])
    reply: dict[str, Any] = {
        "key": "r-order-0", "act": "close", "body": f"You said {said}", "language": "main menu",
        "address": {"channel": "whatsapp", "account": "main menu", "ours": "1", "theirs": "15550102360"},
        "template": {"name": "order_update", "language": "en", "parameters": [said]},
        "media": [{"content_type": "image/jpeg"}],
    }  # fmt: skip
    state = {
        "node": "main menu", "filled": ["order"], "done": ["close"], "visits": {"main menu": 1},
        "interrupts": [{"node": "menu", "asked": "order"}], "kept": [{"text": "and a cat", "node": "menu"}],
        "history": [{"role": "user", "content": said}], "results": {"role": said},
    }  # fmt: skip
    cleaned, _ = redact_state(state, words, has_files=False)
    letter = {"turns": [{"id": "user", "kind": "image", "text": said}], "reply": reply}
    record = json.loads(words.clean_record(to_json(letter)))

    assert cleaned == {
        **state,
        "history": [{"role": "user", "content": MARK}],
        "results": {"role": MARK},
    }
    assert record["turns"] == [{"id": "user", "kind": "image", "text": MARK}]
    assert record["reply"] == {
        **reply,
        "body": f"You said {MARK}",
        "template": {**reply["template"], "parameters": [MARK]},
    }


def test_a_kept_wish_leaves_with_the_message_that_it_was_a_part_of() -> None:
    words = RedactedWords(["Book a table, and cancel order Zebrafish!"])
    again = "You also asked: “cancel order Zebrafish”. Shall I do that now?"
    state = {
        "kept": [
            {"text": "cancel order Zebrafish", "node": "menu"},
            {"text": "opening hours?", "node": "menu"},
        ],
        "history": [
            {"role": "user", "content": "a table"},
            {"role": "user", "content": "cancel order Zebrafish"},
            {"role": "assistant", "content": again},
        ],
    }
    cleaned, wider = redact_state(state, words, has_files=False)

    assert "Zebrafish" not in json.dumps(cleaned)
    assert cleaned["kept"] == state["kept"][1:]
    assert wider.clean(again) == f"You also asked: “{MARK}”. Shall I do that now?"
    assert wider.clean("You also asked: “the prices”.") == "You also asked: “the prices”."
