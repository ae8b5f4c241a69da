"""Separates what a person says from what they quote: tapbacks, quoted lines, copied messages, signatures.

The bot's own words, sent back, must never be taken for the person's (guarantee L15). Words are compared as
`tokenize` reads them, so that quotation marks, emphasis, case and spaces do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from flows.locales.quotation_phrases import (
    ATTRIBUTIONS,
    EMOJI_TAPBACKS,
    MEDIA,
    REMOVED_TAPBACKS,
    SEPARATORS,
    SIGNATURES,
    TAPBACKS,
)
from flows.text import normalize, tokenize

_QUOTES = "\"'“”„‟«»‘’‚‹›"
_QUOTED = r"[“\"„«‘'‚‹»›”] ?(?P<quoted>.+?) ?[”\"“»’'‘›«‹](?: ?\.)?"
_EMOJI = r"(?P<emoji>[^\w\s.,;:!?()\"'“”„«»‘’‚‹›…<>-]{1,16})"
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_THIN_SPACE = re.compile("[\u00a0\u2009\u200a\u202f]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[👍👌✅✔👎❌]")  # `tokenize` reads these signs as words
_QUOTED_LINE = re.compile(r"[ \t]*>")
_EDGE = " \t\r\n.,;:!?¿¡…*_~()[]" + _QUOTES
_CUT = ("…", "...")
_LETTER = re.compile(r"[^\W\d_]")

_MIN_UNKNOWN_WORDS = 4
"""Words of a quotation that nobody in the conversation is known to have said, such as of an agent."""
_MIN_QUOTED_LINE_WORDS = 3
_MIN_COPIED_WORDS = 4
_MAX_LINES, _MAX_TAPBACK_LINES = 100, 30
_MIN_COPIED_QUESTION_WORDS = 3

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


class _Tapback(NamedTuple):
    pattern: re.Pattern[str]
    emoji: str
    """The emoji that it means; empty for the one in the text."""
    is_removal: bool


def remove_quotations(text: str, said: Said) -> Unquoted:
    """Return the person's own words in a message, and the tapback that it is or contains."""
    if not text.strip():
        return Unquoted(text)
    corpus = _Corpus(said)
    own, tapback = _remove_tapbacks(text, corpus)
    own = _cut_signature(_remove_copies(_remove_quoted_lines(own, corpus), corpus))
    if own == text:
        return Unquoted(text)
    own = own.strip()
    if tapback is not None:
        return Unquoted(own, tapback[0], tapback[1])
    return Unquoted(own, is_quotation=not own)


def is_newest(quoted: str, said: Said) -> bool:
    """Return whether a quoted text is (the beginning of) what the bot said last."""
    return _Corpus(said).is_newest(quoted)


class _Corpus:
    """The words that were said, prepared on first use."""

    def __init__(self, said: Said) -> None:
        self.said = said
        self.offered = tuple(tokenize(label) for label in said.offered)
        self._bot: tuple[Words, ...] | None = None

    @property
    def bot(self) -> tuple[Words, ...]:
        """The words of the bot's messages, oldest first."""
        if self._bot is None:
            self._bot = tuple(map(tokenize, self.said.bot))
        return self._bot

    def knows(self, quoted: str) -> bool:
        """Return whether anybody has said this, also if the quotation is cut."""
        words, is_cut = tokenize(quoted), quoted.rstrip(_QUOTES + " ").endswith(_CUT)
        everything = (*self._with_choices(self.bot), *map(tokenize, self.said.user))
        joined = tuple(word for message in self.bot for word in message)
        return bool(words) and any(_contains(each, words, is_cut=is_cut) for each in (*everything, joined))

    def is_newest(self, quoted: str) -> bool:
        """Return whether this quotes what the bot said last."""
        words, is_cut = tokenize(quoted), quoted.rstrip(_QUOTES + " ").endswith(_CUT)
        newest = self.bot[len(self.bot) - self.said.newest :]
        last = self._with_choices(newest)
        joined = tuple(word for message in newest for word in message)
        return bool(words) and any(_contains(each, words, is_cut=is_cut) for each in (*last, joined))

    def _with_choices(self, messages: tuple[Words, ...]) -> tuple[Words, ...]:
        """Return the messages, the last one as a channel shows its choices: numbered, or by their labels."""
        if not messages or not self.offered:
            return messages
        numbered = tuple(word for row in enumerate(self.offered, 1) for word in (str(row[0]), *row[1]))
        labels = tuple(word for label in self.offered for word in label)
        return (*messages, messages[-1] + numbered, messages[-1] + labels)


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


_LONG_MESSAGE_WORDS = 100


def _remove_tapbacks(text: str, corpus: _Corpus) -> tuple[str, tuple[str, str] | None]:
    """Remove tapbacks, each on lines of its own; also return the last one's emoji and quotation."""
    plain = _THIN_SPACE.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()
    if whole := _match_tapback(plain):
        quoted, emoji = whole
        if _is_tapback_of(quoted, corpus, is_capitalized=not plain[:1].islower()):
            return "", (emoji, quoted)
    lines = plain.split("\n")
    if not 1 < len(lines) <= _MAX_LINES:
        return text, None
    found: tuple[str, str] | None = None
    rest, at = list[str](), 0
    while at < len(lines):
        length, matched = _match_tapback_at(lines, at, corpus)
        found = matched or found
        rest += [] if matched else [lines[at]]
        at += length
    return ("\n".join(rest), found) if found else (text, None)


def _match_tapback_at(lines: Sequence[str], at: int, corpus: _Corpus) -> tuple[int, tuple[str, str] | None]:
    """Return a tapback that begins at this line, and the number of its lines."""
    for length in range(1, min(_MAX_TAPBACK_LINES, len(lines) - at) + 1):
        matched = _match_tapback("\n".join(lines[at : at + length]).strip())
        if matched and (corpus.knows(matched[0]) or not matched[0]):
            return length, (matched[1], matched[0])
    return 1, None


def _is_tapback_of(quoted: str, corpus: _Corpus, *, is_capitalized: bool) -> bool:
    """Return whether this quotation makes a sentence a tapback.

    What an agent or the business wrote is not known here: a longer or cut quotation is enough for it.
    """
    if not quoted or corpus.knows(quoted):
        return True
    is_long = len(tokenize(quoted)) >= _MIN_UNKNOWN_WORDS or quoted.rstrip(_QUOTES + " ").endswith(_CUT)
    return is_capitalized and is_long


def _match_tapback(text: str) -> tuple[str, str] | None:
    """Return the quotation and the emoji of a text that has a tapback's form; for media no quotation."""
    forms = _tapbacks()
    for tapback in (*forms.get(normalize(text[:1]), ()), *forms[""]):
        if match := tapback.pattern.fullmatch(text):
            groups = match.groupdict()
            sign = groups.get("emoji") or ""
            if sign.isascii() and sign:
                continue
            emoji = "" if tapback.is_removal else tapback.emoji or sign
            return groups.get("quoted") or "", emoji
    return None


@cache
def _tapbacks() -> Mapping[str, Sequence[_Tapback]]:
    """Return the forms of tapbacks by their folded first letter; without one, under the empty string."""
    forms = [(form, emoji, False) for emoji, forms in TAPBACKS.items() for form in forms]
    forms += [(form, "", False) for form in EMOJI_TAPBACKS]
    forms += [(form, "", True) for form in REMOVED_TAPBACKS]
    by_letter: dict[str, list[_Tapback]] = {"": []}
    for form, emoji, is_removal in forms:
        letter = normalize(form[0]) if form[0].isalpha() else ""
        by_letter.setdefault(letter, []).append(_Tapback(_tapback_pattern(form), emoji, is_removal))
    return by_letter


def _tapback_pattern(form: str) -> re.Pattern[str]:
    source = re.escape(form).replace(r"\ ", r"\s+")
    source = re.sub("[„“”]", f"[{_QUOTES}]", source)
    media = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in MEDIA)
    source = source.replace("…", f"(?:{_QUOTED}|(?:{media}))").replace(r"\{\}", _EMOJI)
    return re.compile(source, re.IGNORECASE | re.DOTALL)


def _remove_quoted_lines(text: str, corpus: _Corpus) -> str:
    """Remove lines that begin with `>`, and what a mail program quotes without a mark."""
    if ">" in text:
        text = _remove_marked_lines(text, corpus)
    if "\n" not in text:
        return "" if _separator().fullmatch(text.strip()) else text
    lines = text.split("\n")
    for at, line in enumerate(lines):
        length = _introduction_length(lines, at) or int(_separator().fullmatch(line.strip()) is not None)
        if length and (above := "\n".join(lines[:at]).strip()):
            return above
        if length:
            return _remove_quoted_lines("\n".join(lines[at + length :]), corpus)
    return text


def _remove_marked_lines(text: str, corpus: _Corpus) -> str:
    lines, kept, at = text.split("\n"), list[str](), 0
    while at < len(lines):
        length = _introduction_length(lines, at)
        following = at + length
        while length and following < len(lines) and not lines[following].strip():
            following += 1
        end = following
        while end < len(lines) and _QUOTED_LINE.match(lines[end]):
            end += 1
        block = [_QUOTED_LINE.sub("", line) for line in lines[following:end]]
        if block and (length or _is_quoted_block(block, corpus)):
            at = end
            continue
        kept += lines[at : max(end, at + 1)] if block else [lines[at]]
        at = max(end, at + 1) if block else at + 1
    return "\n".join(kept)


def _is_quoted_block(block: Sequence[str], corpus: _Corpus) -> bool:
    """Return whether lines with `>` are a quotation: any of words, but not “> 50”, which is an answer."""
    text = "\n".join(line.lstrip("> ") for line in block)
    return len(_LETTER.findall(text)) > 1 and (
        len(tokenize(text)) >= _MIN_QUOTED_LINE_WORDS or corpus.knows(text)
    )


def _introduction_length(lines: Sequence[str], at: int) -> int:
    """Return how many lines introduce a quoted message here: 0, 1, or 2 when a mail program wrapped it."""
    for length in (1, 2):
        if _attribution().fullmatch(" ".join(line.strip() for line in lines[at : at + length])):
            return length
    return 0


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


class _Span(NamedTuple):
    word: str
    start: int
    end: int


def _remove_copies(text: str, corpus: _Corpus) -> str:
    """Remove messages of the bot that were copied without a mark, with the choices below them."""
    spans = [_Span(word, *match.span()) for match in _WORD.finditer(text) for word in tokenize(match[0])]
    words = tuple(span.word for span in spans)
    if len(words) < _MIN_COPIED_QUESTION_WORDS or words in corpus.offered:
        return text
    for copied, is_whole in _copyable(corpus):
        start = _find(words, copied)
        if start < 0:
            continue
        end = _end_of_choices(words, start + len(copied), corpus.offered)
        rest = _join(text[: spans[start].start], text[spans[end - 1].end :])
        if rest or is_whole:
            return _remove_copies(rest, corpus)
    return text


def _copyable(corpus: _Corpus) -> Iterator[tuple[Words, bool]]:
    """Yield the words of whole messages, the newest first, and of the questions that end them."""
    for message, words in zip(reversed(corpus.said.bot), reversed(corpus.bot), strict=True):
        is_question = message.rstrip().endswith("?")
        if len(words) >= _MIN_COPIED_WORDS or (is_question and len(words) >= _MIN_COPIED_QUESTION_WORDS):
            yield words, True
        question = tokenize(_last_question(message))
        if question != words and len(question) >= _MIN_COPIED_QUESTION_WORDS:
            yield question, False


def _last_question(message: str) -> str:
    """Return the last question of a message."""
    before, sign, _ = message.rpartition("?")
    return re.split(r"[.!?:\n]", before)[-1] if sign else ""


def _find(words: Words, part: Words) -> int:
    first = part[0]
    for start in range(len(words) - len(part) + 1):
        if words[start] == first and words[start : start + len(part)] == part:
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
    is_answer = end == len(words) and rows == [offered[0]] if rows else False
    return at if is_answer else end


def _join(before: str, after: str) -> str:
    """Join what is left around a removed part, without the signs that belonged to it."""
    parts = (before.rstrip(_EDGE + ">#-–—"), after.lstrip(_EDGE + "-–—"))
    return "\n".join(part.strip() for part in parts if part.strip())
