"""Messages of the bot that were copied into a text without a mark, and the choices below them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from flows.nlu.quoted_text.tapbacks import QUOTES
from flows.nlu.quoted_text.transcript import Corpus, Words, join_words
from flows.text import tokenize

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[👍👌✅✔👎❌]")  # `tokenize` reads these signs as words
_CHUNK = re.compile(r".{1,1500}(?:\s|$)", re.DOTALL)
_EDGE = " \t\r\n.,;:!?¿¡…*_~()[]" + QUOTES
_MIN_COPIED_WORDS = 4
_MIN_COPIED_QUESTION_WORDS = 3
_MIN_COPIED_CHOICES = 2
_MAX_COPIES, _MAX_COPIED_MESSAGES = 10, 6
MAX_COMPARED_LENGTH = 8_000
"""Maximum number of characters of a text that are compared with messages."""

_CACHE_SIZE = 500


class _Span(NamedTuple):
    word: str
    start: int
    end: int


def may_contain_copy(text: str, newest_first: Iterable[str]) -> bool:
    """Return whether a text may contain a copied message; `newest_first` are the bot's."""
    words = tokenize(text)
    if len(words) < _MIN_COPIED_QUESTION_WORDS:
        return False
    folded = f" {' '.join(words)} "
    copyable = islice(newest_first, _MAX_COPIED_MESSAGES)
    return any(each in folded for message in copyable for each in _copyable_texts(message))


def remove_copies(text: str, corpus: Corpus) -> str:
    """Remove messages of the bot that were copied without a mark, with the choices below them."""
    for _ in range(_MAX_COPIES):
        rest = _remove_copy(text, corpus)
        if rest == text:
            break
        text = rest
    return _remove_choices(text, corpus)


def _remove_choices(text: str, corpus: Corpus) -> str:
    """Remove the complete numbered list of the choices: nobody selects all of them."""
    rows = join_words((str(number), *label) for number, label in enumerate(corpus.offered, 1))
    if len(corpus.offered) < _MIN_COPIED_CHOICES or (spans := _find_spans(text, rows)) is None:
        return text
    return join_rest(text[: spans[0].start], text[spans[-1].end :])


def _remove_copy(text: str, corpus: Corpus) -> str:
    words = _words_of(text)
    if len(words) < _MIN_COPIED_QUESTION_WORDS or words in corpus.offered:
        return text
    folded = f" {' '.join(words)} "
    copyable = islice(reversed(corpus.transcript.bot), _MAX_COPIED_MESSAGES)
    for copied, is_whole in (each for message in copyable for each in _copyable_parts(message)):
        if f" {' '.join(copied)} " not in folded:
            continue
        spans = _spans_of(text)
        read = tuple(span.word for span in spans)
        start = _find(read, copied)
        if start < 0:
            continue
        end = _end_of_choices(read, start + len(copied), corpus.offered)
        rest = join_rest(text[: spans[start].start], text[spans[end - 1].end :])
        if rest or is_whole:
            return rest
    return text


def _spans_of(text: str) -> list[_Span]:
    return [_Span(word, *match.span()) for match in _WORD.finditer(text) for word in tokenize(match[0])]


def _find_spans(text: str, words: Words) -> list[_Span] | None:
    """Return where these words stand in a text, in one piece."""
    if f" {' '.join(words)} " not in f" {' '.join(_words_of(text))} ":
        return None
    spans = _spans_of(text)
    start = _find(tuple(span.word for span in spans), words)
    return spans[start : start + len(words)] if start >= 0 else None


def _words_of(text: str) -> Words:
    """Return the words of a text that may be longer than what `tokenize` reads."""
    return join_words([tokenize(chunk) for chunk in _CHUNK.findall(text[:MAX_COMPARED_LENGTH])])


@lru_cache(maxsize=_CACHE_SIZE)
def _copyable_parts(message: str) -> tuple[tuple[Words, bool], ...]:
    """Return the words of a whole message, and of the question that ends it, if they are enough.

    A question elsewhere in it may be an example of what to write (“ask me “where is my order?””).
    """
    is_question = message.rstrip().endswith("?")
    last_sentence = re.split(r"[.!?:\n]", message.rstrip(" ?\n"))[-1] if is_question else ""
    words, question, parts = tokenize(message), tokenize(last_sentence), list[tuple[Words, bool]]()
    if len(words) >= _MIN_COPIED_WORDS or (is_question and len(words) >= _MIN_COPIED_QUESTION_WORDS):
        parts.append((words, True))
    if question != words and len(question) >= _MIN_COPIED_QUESTION_WORDS:
        parts.append((question, False))
    return tuple(parts)


@lru_cache(maxsize=_CACHE_SIZE)
def _copyable_texts(message: str) -> tuple[str, ...]:
    """Return the same as texts to search for."""
    return tuple(f" {' '.join(words)} " for words, _ in _copyable_parts(message))


def _find(words: Words, part: Words) -> int:
    for start in range(len(words) - len(part) + 1):
        if words[start : start + len(part)] == part:
            return start
    return -1


def _end_of_choices(words: Words, at: int, offered: Sequence[Words]) -> int:
    """Return where the list of choices ends that was copied with the message; one label is an answer."""
    end, rows = at, list[Words]()
    for number, label in enumerate(offered, 1):
        row = next((r for r in ((str(number), *label), label) if words[end : end + len(r)] == r), ())
        if not row:
            break
        rows.append(row)
        end += len(row)
    is_answer = bool(rows) and end == len(words) and rows == [offered[0]]
    return at if is_answer else end


def join_rest(before: str, after: str) -> str:
    """Join what is left around a removed part, without the signs that belonged to it."""
    parts = (before.rstrip(_EDGE + ">#-–—"), after.lstrip(_EDGE + "-–—"))
    return "\n".join(part.strip() for part in parts if part.strip())
