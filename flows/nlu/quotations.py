"""Separates what a person says from what they quote: tapbacks, quoted lines, copied messages, signatures.

The bot's own words, sent back, must never be taken for the person's (guarantee L15). Words are compared as
`tokenize` reads them, so that quotation marks, emphasis, case and spaces do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from flows.locales.quotation_phrases import ATTRIBUTIONS, HEADERS, SEPARATORS, SIGNATURES
from flows.nlu.tapbacks import CUT_MARKS, QUOTES, Tapback, match_tapback
from flows.text import tokenize

_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_THIN_SPACE = re.compile("[\u00a0\u2009\u200a\u202f]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[👍👌✅✔👎❌]")  # `tokenize` reads these signs as words
_QUOTED_LINE = re.compile(r"[ \t]*>")
_QUOTED_SPAN = re.compile('[“„«»"]([^“”„«»"]{4,1000})[”“»«"]')
_CHUNK = re.compile(r".{1,1500}(?:\s|$)", re.DOTALL)
_EDGE = " \t\r\n.,;:!?¿¡…*_~()[]" + QUOTES
_LETTER = re.compile(r"[^\W\d_]")

_MIN_UNKNOWN_WORDS = 4
"""Words of a quotation that nobody in the conversation is known to have said, such as of an agent."""
_MIN_QUOTED_LINE_WORDS = 3
_MIN_QUOTED_SPAN_WORDS = 3
_MIN_CUT_SPAN_WORDS = 2
_MIN_COPIED_WORDS = 4
_MIN_COPIED_QUESTION_WORDS = 3
_LONG_MESSAGE_WORDS = 100
_MAX_LINES, _MAX_TAPBACK_LINES, _MAX_LINE_LENGTH = 100, 30, 400
_MAX_COPIES, _MAX_COPIED_MESSAGES, _MAX_SPANS = 10, 6, 20
_MAX_COMPARED_LENGTH = 8_000
_CACHE_SIZE = 500

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What was said in the conversation: the bot's messages and the user's, oldest first.

    `offered` are the labels of the quick replies of the last message, `newest` the number of messages
    that the bot said last.
    """

    bot: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    newest: int = 0


class Unquoted(NamedTuple):
    """A message without its quotations.

    `text` are the person's own words. `emoji` is that of a tapback, empty when it takes one back; None when
    there was no tapback. `quoted` is the quoted text, empty for a quoted picture. With `is_quotation` the
    message had words, and all of them were quoted.
    """

    text: str
    emoji: str | None = None
    quoted: str = ""
    is_quotation: bool = False


def remove_quotations(text: str, said: Said) -> Unquoted:
    """Return the person's own words in a message, and the tapback that it is or contains."""
    if not text.strip():
        return Unquoted(text)
    corpus = _Corpus(said)
    own, tapback = _remove_tapbacks(text, corpus)
    own = _cut_signature(_remove_quoted_lines(own, corpus))
    own = _remove_copies(_remove_quoted_spans(own, corpus), corpus)
    if own == text:
        return Unquoted(text)
    own = own.strip()
    if tapback is not None:
        return Unquoted(own, tapback.emoji, tapback.quoted)
    return Unquoted(own, is_quotation=not own)


def is_newest(quoted: str, said: Said) -> bool:
    """Return whether a quoted text is (the beginning of) what the bot said last."""
    return _Corpus(said).is_newest(quoted)


class _Corpus:
    """The words that were said, prepared on first use."""

    def __init__(self, said: Said) -> None:
        self.said = said
        self._bot: tuple[Words, ...] | None = None
        self._offered: tuple[Words, ...] | None = None

    @property
    def bot(self) -> tuple[Words, ...]:
        """The words of the bot's messages, oldest first."""
        if self._bot is None:
            self._bot = tuple(map(tokenize, self.said.bot))
        return self._bot

    @property
    def offered(self) -> tuple[Words, ...]:
        """The words of the labels that were offered last."""
        if self._offered is None:
            self._offered = tuple(map(tokenize, self.said.offered))
        return self._offered

    def knows(self, quoted: str) -> bool:
        """Return whether anybody has said this, also if the quotation is cut."""
        return _is_quotation_of(
            quoted, (*self._with_choices(self.bot), _join(self.bot), *map(tokenize, self.said.user))
        )

    def is_newest(self, quoted: str) -> bool:
        """Return whether this quotes what the bot said last."""
        newest = self.bot[len(self.bot) - self.said.newest :]
        return _is_quotation_of(quoted, (*self._with_choices(newest), _join(newest)))

    def _with_choices(self, messages: tuple[Words, ...]) -> tuple[Words, ...]:
        """Return the messages, the last one as a channel shows its choices: numbered, or by their labels."""
        if not messages or not self.offered:
            return messages
        numbered = _join((str(number), *label) for number, label in enumerate(self.offered, 1))
        return (*messages, messages[-1] + numbered, messages[-1] + _join(self.offered))


def _join(parts: Iterator[Words] | Sequence[Words]) -> Words:
    return tuple(word for part in parts for word in part)


def _is_quotation_of(quoted: str, messages: Sequence[Words]) -> bool:
    words, is_cut = tokenize(quoted), _is_cut(quoted)
    return bool(words) and any(_contains(message, words, is_cut=is_cut) for message in messages)


def _is_cut(quoted: str) -> bool:
    return quoted.rstrip(QUOTES + " ").endswith(CUT_MARKS)


def _contains(words: Words, part: Words, *, is_cut: bool) -> bool:
    """Return whether `part` is in `words`; the last word of a cut part may be the beginning of one.

    A stored message may be shorter than the quoted one, which then begins with it.
    """
    if len(part) > len(words) >= _LONG_MESSAGE_WORDS:
        return part[: len(words) - 1] == words[:-1]
    for start in range(len(words) - len(part) + 1):
        if words[start : start + len(part) - 1] == part[:-1]:
            last = words[start + len(part) - 1]
            if last == part[-1] or (is_cut and last.startswith(part[-1])):
                return True
    return False


def _remove_tapbacks(text: str, corpus: _Corpus) -> tuple[str, Tapback | None]:
    """Remove tapbacks, each on lines of its own; also return the last one."""
    plain = unicodedata.normalize("NFC", text[:_MAX_COMPARED_LENGTH])
    plain = _THIN_SPACE.sub(" ", _INVISIBLE.sub("", plain)).strip()
    whole = match_tapback(plain)
    if whole and _is_tapback_of(whole.quoted, corpus, is_capitalized=not plain[:1].islower()):
        return "", whole
    lines = plain.split("\n")
    if not 1 < len(lines) <= _MAX_LINES:
        return text, None
    found: Tapback | None = None
    rest, at = list[str](), 0
    while at < len(lines):
        length, matched = _match_tapback_at(lines, at, corpus)
        found = matched or found
        rest += [] if matched else [lines[at]]
        at += length
    return ("\n".join(rest), found) if found else (text, None)


def _match_tapback_at(lines: Sequence[str], at: int, corpus: _Corpus) -> tuple[int, Tapback | None]:
    """Return a tapback that begins at this line, and the number of its lines."""
    for length in range(1, min(_MAX_TAPBACK_LINES, len(lines) - at) + 1):
        matched = match_tapback("\n".join(lines[at : at + length]).strip())
        if matched and (not matched.quoted or corpus.knows(matched.quoted)):
            return length, matched
    return 1, None


def _is_tapback_of(quoted: str, corpus: _Corpus, *, is_capitalized: bool) -> bool:
    """Return whether this quotation makes a sentence a tapback.

    What an agent or the business wrote is not known here: a longer or cut quotation is enough for it.
    """
    if not quoted or corpus.knows(quoted):
        return True
    return is_capitalized and (len(tokenize(quoted)) >= _MIN_UNKNOWN_WORDS or _is_cut(quoted))


def _remove_quoted_lines(text: str, corpus: _Corpus) -> str:
    """Remove lines that begin with `>`, and what a mail program quotes without a mark."""
    if ">" in text:
        text = _remove_marked_lines(text, corpus)
    if "\n" not in text:
        return "" if _is_separator(text) else text
    lines = text.split("\n")
    for at, line in enumerate(lines):
        is_boundary = _is_separator(line) or _is_header(lines, at)
        length = _introduction_length(lines, at) or int(is_boundary)
        if length and (above := "\n".join(lines[:at]).strip()):
            return above
        if length:
            return _remove_quoted_lines("\n".join(lines[at + length :]), corpus)
    return text


def _remove_marked_lines(text: str, corpus: _Corpus) -> str:
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


def _is_quoted_block(block: Sequence[str], corpus: _Corpus) -> bool:
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


def _is_separator(line: str) -> bool:
    return len(line) < _MAX_LINE_LENGTH and _separator().fullmatch(line.strip()) is not None


def _is_header(lines: Sequence[str], at: int) -> bool:
    """Return whether the header of a quoted e-mail begins here."""
    pair = " ".join(line.strip() for line in lines[at : at + 2])
    return ":" in lines[at] and _header().fullmatch(pair[:_MAX_LINE_LENGTH]) is not None


@cache
def _header() -> re.Pattern[str]:
    return re.compile("|".join(HEADERS), re.IGNORECASE)


@cache
def _attribution() -> re.Pattern[str]:
    return re.compile("|".join(ATTRIBUTIONS), re.IGNORECASE)


@cache
def _separator() -> re.Pattern[str]:
    return re.compile("|".join(SEPARATORS), re.IGNORECASE)


@cache
def _signature() -> re.Pattern[str]:
    return re.compile("|".join(SIGNATURES), re.IGNORECASE)


def _cut_signature(text: str) -> str:
    """Remove the line of a mail program at the end, and what stands below two dashes."""
    lines = text.rstrip().split("\n")
    for at in range(1, len(lines)):
        is_last = at == len(lines) - 1
        if lines[at].strip() == "--" or (is_last and _signature().fullmatch(lines[at].strip())):
            return "\n".join(lines[:at]).strip() or text
    return text


def _remove_quoted_spans(text: str, corpus: _Corpus) -> str:
    """Remove what stands in quotation marks and is how a message of the bot begins.

    A label in quotation marks is a choice, and so is any other part of a message (“say "cancel"”).
    """
    for span in list(_QUOTED_SPAN.finditer(text[:_MAX_COMPARED_LENGTH]))[-_MAX_SPANS:][::-1]:
        words, is_cut = tokenize(span[1]), _is_cut(span[1])
        least = _MIN_CUT_SPAN_WORDS if is_cut else _MIN_QUOTED_SPAN_WORDS
        if len(words) < least or words in corpus.offered:
            continue
        if any(_contains(message[: len(words)], words, is_cut=is_cut) for message in corpus.bot):
            text = _join_rest(text[: span.start()], text[span.end() :])
    return text


class _Span(NamedTuple):
    word: str
    start: int
    end: int


def _remove_copies(text: str, corpus: _Corpus) -> str:
    """Remove messages of the bot that were copied without a mark, with the choices below them."""
    for _ in range(_MAX_COPIES):
        rest = _remove_copy(text, corpus)
        if rest == text:
            break
        text = rest
    return text


def _remove_copy(text: str, corpus: _Corpus) -> str:
    words = _words_of(text)
    if len(words) < _MIN_COPIED_QUESTION_WORDS or words in corpus.offered:
        return text
    folded = f" {' '.join(words)} "
    for copied, is_whole in _copyable(corpus):
        if f" {' '.join(copied)} " not in folded:
            continue
        spans = [_Span(word, *match.span()) for match in _WORD.finditer(text) for word in tokenize(match[0])]
        read = tuple(span.word for span in spans)
        start = _find(read, copied)
        if start < 0:
            continue
        end = _end_of_choices(read, start + len(copied), corpus.offered)
        rest = _join_rest(text[: spans[start].start], text[spans[end - 1].end :])
        if rest or is_whole:
            return rest
    return text


def _words_of(text: str) -> Words:
    """Return the words of a text that may be longer than what `tokenize` reads."""
    return _join([tokenize(chunk) for chunk in _CHUNK.findall(text[:_MAX_COMPARED_LENGTH])])


def _copyable(corpus: _Corpus) -> Iterator[tuple[Words, bool]]:
    """Yield the words of whole messages, the newest first, and of the questions that end them."""
    for message in corpus.said.bot[: -_MAX_COPIED_MESSAGES - 1 : -1]:
        words, question, is_question = _read_message(message)
        if len(words) >= _MIN_COPIED_WORDS or (is_question and len(words) >= _MIN_COPIED_QUESTION_WORDS):
            yield words, True
        if question != words and len(question) >= _MIN_COPIED_QUESTION_WORDS:
            yield question, False


@lru_cache(maxsize=_CACHE_SIZE)
def _read_message(message: str) -> tuple[Words, Words, bool]:
    """Return a message's words, those of the question that ends it, and whether one does.

    A question elsewhere in it may be an example of what to write (“ask me “where is my order?””).
    """
    is_question = message.rstrip().endswith("?")
    last_sentence = re.split(r"[.!?:\n]", message.rstrip(" ?\n"))[-1] if is_question else ""
    return tokenize(message), tokenize(last_sentence), is_question


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


def _join_rest(before: str, after: str) -> str:
    """Join what is left around a removed part, without the signs that belonged to it."""
    parts = (before.rstrip(_EDGE + ">#-–—"), after.lstrip(_EDGE + "-–—"))
    return "\n".join(part.strip() for part in parts if part.strip())
