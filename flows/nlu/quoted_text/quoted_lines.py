"""Removes what mail programs add to a message: quoted lines, the messages below it, signatures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from flows.locales.mail_phrases import ATTRIBUTIONS, HEADER_LINE, HEADERS, SEPARATORS, SIGNATURES
from flows.nlu.quoted_text.transcript import Corpus
from flows.text import tokenize

_QUOTED_LINE = re.compile(r"[ \t]*>")
_SENT_LINE = re.compile(
    r"\s*\*?(?:Sent|Gesendet|Enviado|Enviada|Envoyé|Inviato|Verzonden)(?: \w{1,3})? ?:", re.IGNORECASE
)
_LETTER = re.compile(r"[^\W\d_]")
_MIN_QUOTED_LINE_WORDS = 3
_MAX_LINE_LENGTH = 400


def remove_quoted_lines(text: str, corpus: Corpus) -> str:
    """Remove lines that begin with `>`, and what a mail program quotes without a mark."""
    if ">" in text:
        text = _remove_marked_lines(text, corpus)
    if "\n" not in text:
        return "" if is_separator(text) else text
    lines = text.split("\n")
    for at, line in enumerate(lines):
        is_boundary = is_separator(line) or _is_header(lines, at)
        length = _introduction_length(lines, at) or int(is_boundary)
        if length and (above := "\n".join(lines[:at]).strip()):
            return above
        if length:
            return remove_quoted_lines("\n".join(lines[at + length :]), corpus)
    return text


def _remove_marked_lines(text: str, corpus: Corpus) -> str:
    lines, kept, at = text.split("\n"), list[str](), 0
    while at < len(lines):
        length = _introduction_length(lines, at)
        start = at + length
        while length and start < len(lines) and not lines[start].strip():
            start += 1
        end = start
        while end < len(lines) and _QUOTED_LINE.match(lines[end]):
            end += 1
        block = [line.lstrip("> \t") for line in lines[start:end]]
        if not block:
            end = at + 1
        if not block or not (length or _is_quoted_block(block, corpus)):
            kept += lines[at:end]
        at = end
    return "\n".join(kept)


def _is_quoted_block(block: Sequence[str], corpus: Corpus) -> bool:
    """Return whether lines with `>` are a quotation: any of words, but not “> 50”, which is an answer."""
    text = "\n".join(block)
    return len(_LETTER.findall(text)) > 1 and (
        len(tokenize(text)) >= _MIN_QUOTED_LINE_WORDS or corpus.knows(text)
    )


def _introduction_length(lines: Sequence[str], at: int) -> int:
    """Return how many lines introduce a quoted message here: 0, 1, or 2 when a mail program wrapped it."""
    for length in (1, 2):
        wrapped = [line.strip() for line in lines[at : at + length]]
        if wrapped[-1].endswith(":") and _attribution().fullmatch(" ".join(wrapped)[:_MAX_LINE_LENGTH]):
            return length
    return 0


def is_separator(line: str) -> bool:
    """Return whether a mail program quotes below this line."""
    return len(line) < _MAX_LINE_LENGTH and _separator().fullmatch(line.strip()) is not None


def _is_header(lines: Sequence[str], at: int) -> bool:
    """Return whether the header of a quoted e-mail begins here.

    Two lines of common words, such as “From: Berlin” and “To: Paris”, need a third or an e-mail address.
    """
    if ":" not in lines[at]:
        return False
    pair = " ".join(line.strip() for line in lines[at : at + 2])[:_MAX_LINE_LENGTH]
    if _header_pattern().fullmatch(pair) is None:
        return False
    third = lines[at + 2].strip() if at + 2 < len(lines) else ""
    return (
        "@" in lines[at]
        or _SENT_LINE.match(lines[at + 1]) is not None
        or _header_line().match(third[:_MAX_LINE_LENGTH]) is not None
    )


@cache
def _header_pattern() -> re.Pattern[str]:
    return re.compile("|".join(HEADERS), re.IGNORECASE)


@cache
def _header_line() -> re.Pattern[str]:
    return re.compile(HEADER_LINE, re.IGNORECASE)


@cache
def _attribution() -> re.Pattern[str]:
    return re.compile("|".join(ATTRIBUTIONS), re.IGNORECASE)


@cache
def _separator() -> re.Pattern[str]:
    return re.compile("|".join(SEPARATORS), re.IGNORECASE)


@cache
def _signature() -> re.Pattern[str]:
    return re.compile("|".join(SIGNATURES), re.IGNORECASE)


def cut_signature(text: str) -> str:
    """Remove the line of a mail program at the end, and what stands below two dashes."""
    lines = text.rstrip().split("\n")
    for at in range(1, len(lines)):
        is_last = at == len(lines) - 1
        if lines[at].strip() == "--" or (is_last and _signature().fullmatch(lines[at].strip())):
            return "\n".join(lines[:at]).strip() or text
    return text
