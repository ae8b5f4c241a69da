"""Breaks up control tokens of chat templates in text that others wrote.

A local server reads a marker such as `<|im_start|>` as the beginning of a message wherever it stands, so that
the text of a user could forge one of the system's. With a space in it, it is text.
"""

from __future__ import annotations

import re

# every model has tokens of its own; nearly all are a name in angle brackets, or in capitals in square ones
_OPENING = re.compile(
    r"[<＜](?=[^\s<>＜＞]{1,80}[>＞])(?![^\s<>|｜]*(?:@|://)[^\s<>|｜]*>)"  # not an address
    r"|\[(?=/?[a-z]?[A-Z][A-Z0-9_]+\])"  # Mistral, Llama 2, GLM, InternLM
    r"|\](?=~!?b[\]\[])|\[(?=e~\[)"  # MiniMax
    r"|[◁](?=/?[a-z]{2,20}▷)"  # Kimi
)


def may_have_control_token(text: str) -> bool:
    """Return whether a text has one of the brackets of control tokens, which are rare."""
    return "<" in text or "[" in text or "]" in text or "＜" in text or "◁" in text


def break_control_tokens(text: str) -> str:
    """Return a text in which no control token is left."""
    if not may_have_control_token(text):
        return text
    return _OPENING.sub(lambda found: f"{found[0]} ", text)
