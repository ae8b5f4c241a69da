"""Reading of an answer in pieces: half characters, cut-off JSON, reasoning."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.llm.parsing import ReasoningFilter, ReplyStreamer
from flows.llm.parsing.decision import parse_partial_object


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<th", "ink>", "a", " ", "[THINK]", "[/THINK]", "<"]))
)
def test_reasoning_is_stripped_alike_in_pieces_and_at_once(pieces: list[str]) -> None:
    piecewise, whole = ReasoningFilter(), ReasoningFilter()
    told = "".join([piecewise.feed(piece) for piece in pieces]) + piecewise.flush()
    assert told == whole.feed("".join(pieces)) + whole.flush()


class UnfilteredStreamer(ReplyStreamer):
    """Streamer that does not hold back a possible tool call."""

    def write(self, piece: str) -> None:
        self._write(piece)


@given(st.text(max_size=60), st.lists(st.integers(1, 8), max_size=40), st.booleans())
def test_however_json_arguments_are_cut_the_text_is_streamed_without_half_characters(
    text: str, cuts: list[int], escaped: bool
) -> None:
    arguments = json.dumps({"other": 1, "brief_response": text}, ensure_ascii=escaped)
    streamed: list[str] = []
    streamer = UnfilteredStreamer(streamed.append)
    end = 0
    for cut in [*cuts, len(arguments)]:
        end += cut
        streamer.write_value((parse_partial_object(arguments[:end]) or {}).get("brief_response"))
        assert text.startswith("".join(streamed))
    assert "".join(streamed) == text


@pytest.mark.parametrize(
    ("received", "reply"),
    [
        ('{"a": "x\\', "x"),
        ('{"a": "x\\\\', "x\\"),
        ('{"a": "x\\u00', "x"),
        ('{"a": "x\\ud83d', "x"),
        ('{"a": "x\\ud83d\\ude0', "x"),
        ('{"a": "x\\ud83d\\ude00', "x😀"),
        ('{"a": "x\ud83d', "x"),
        ('{"a": "x\ud83d\ude00", "b', "x😀"),
        ('{"a": "x"}\n```', "x"),
        ('{"a": tr', None),
        ('{"a', None),
    ],
)
def test_an_object_that_is_still_received_has_no_half_characters(received: str, reply: str | None) -> None:
    assert (parse_partial_object(received) or {}).get("a") == reply


@pytest.mark.parametrize("text", ["", "[1", '"text', "no JSON", r'{"a": "\ud83d alone"}'])
def test_what_is_not_an_object_is_not_read(text: str) -> None:
    assert parse_partial_object(text) is None
