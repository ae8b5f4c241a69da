"""Finds private text of a flow in what a model wrote: its instructions, conditions and descriptions.

A long run of words in common counts, or a short sentence of a condition or description as a whole. What may
be said word for word does not: what the conversation and the flow's messages already have, and what an
instruction has in quotes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from flows.llm.model import TextCallback

MAX_SHARED_WORDS = 8
"""Number of words in a row that a reply may not share with private text."""

_MIN_SENTENCE_WORDS = 5
_MIN_PUBLIC_WORDS = 4
_HELD_WORDS = 3
"""Number of common words from which a streamed text is held back until it is known to be public or
private.
"""

_WORD = re.compile(r"[^\W_]+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_SENTENCE_END = re.compile(r"(?<=[.!?;:…])\s+|\n+")
_QUOTED = re.compile(
    r"(?<!\w)(?:'([^'\n]{2,400})'(?!\w)|\"([^\"\n]{2,400})\"|“([^”\n]{2,400})”|„([^“”\n]{2,400})[“”])"
)
_TO_SAY = re.compile(
    r"(?im)^(?!.*\b(?:never|not|nie|nicht|nunca|no)\b)[^:\n]*\b(?:say|ask|tell|answer|reply|write|greet|sage?|frag|frage|di|pregunta)"
    r"\b[^:\n]{0,30}:[ \t]*(\S.*)$"
)
_ADDRESSES_MODEL = ("you", "never", "du", "sie", "eres", "usted")
_CACHE_SIZE = 256


class _Word(NamedTuple):
    text: str
    start: int
    end: int


class PrivateTexts(NamedTuple):
    """Texts that are not for the user, and texts that are.

    `instructions` may contain facts that are to be told in other words, `descriptions` nothing of that kind.
    `find_public` is called only for a text that has words in common with private ones.
    """

    instructions: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    find_public: Callable[[], tuple[str, ...]] = tuple

    def occurs_in(self, text: str) -> bool:
        """Return whether a text reveals a part of the private texts."""
        hidden = _private_index(self.instructions, self.descriptions)
        if text.isascii() and not hidden.has_run_of(_WORD.findall(text.lower())):
            return False
        words = list(_iter_words(_INVISIBLE.sub("", text)))
        if len(words) < _MIN_SENTENCE_WORDS:
            return False
        if not _has_hidden_run(words, hidden, ()):
            return False
        quoted = (part for source in self.instructions for part in _quoted_parts(source))
        return _has_hidden_run(words, hidden, _public_words(words, (*self.find_public(), *quoted)))


class PrivateTextFilter:
    """Streams a text to `write` while it reveals nothing private; holds back common words."""

    def __init__(self, private: PrivateTexts, write: TextCallback) -> None:
        self._private, self._write = private, write
        self._run = _SharedWordRun(_private_index(private.instructions, private.descriptions))
        self._text, self._read, self._streamed = "", 0, 0
        self._starts: list[int] = []
        self.is_stopped = False

    @property
    def has_started(self) -> bool:
        """True if a part of the text was streamed."""
        return self._streamed > 0

    def write(self, piece: str) -> None:
        """Process the next piece."""
        self._text += piece
        if self.is_stopped:
            return
        for word in _iter_words(self._text[self._read :]):
            end = self._read + word.end
            if end == len(self._text):
                break  # the word may continue
            self._add(word, self._read + word.start)
            if self.is_stopped:
                return
        self._read = max(self._read, _last_boundary(self._text))
        length = self._run.words
        until = self._starts[-length] if length >= _HELD_WORDS else len(self._text)
        if until > self._streamed:
            self._write(self._text[self._streamed : until])
            self._streamed = until

    def _add(self, word: _Word, start: int) -> None:
        self._starts.append(start)
        if self._run.add(word.text):
            self.is_stopped = self._private.occurs_in(self._text)


class _Index:
    """Positions of each word in the private texts; runs do not go on from one text into the next."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.positions: dict[str, list[int]] = {}
        self.sentences: set[tuple[str, ...]] = set()
        at = 0
        for text in texts:
            for word in _iter_words(text):
                self.positions.setdefault(word.text, []).append(at)
                at += 1
            at += 1

    def has_run_of(self, words: Iterable[str]) -> bool:
        """Return whether enough consecutive words are known here, in any order, to need a closer check."""
        known, length = self.positions, 0
        for word in words:
            length = length + 1 if word in known else 0
            if length == _MIN_SENTENCE_WORDS:
                return True
        return False


class _SharedWordRun:
    """The longest run of words that a text has in common with an index at its end."""

    def __init__(self, index: _Index) -> None:
        self._index = index
        self._lengths: dict[int, float] = {}
        self._recent: tuple[str, ...] = ()
        self.words = 0

    def add(self, word: str) -> bool:
        """Add the next word; return whether the run is too long or the text ends with a private sentence."""
        weight = _weight(word)
        before = self._lengths
        self._lengths = {at: before.get(at - 1, 0.0) + weight for at in self._index.positions.get(word, ())}
        longest = max(self._lengths.values(), default=0.0)
        self.words = self.words + 1 if longest > weight else int(longest > 0)
        self._recent = (*self._recent[1 - MAX_SHARED_WORDS :], word)
        if longest >= MAX_SHARED_WORDS:
            return True
        return any(
            self._recent[-length:] in self._index.sentences
            for length in range(_MIN_SENTENCE_WORDS, len(self._recent) + 1)
        )

    def reset(self) -> None:
        """Restart after a word that is not private."""
        self._lengths, self._recent, self.words = {}, (), 0


@lru_cache(maxsize=_CACHE_SIZE)
def _private_index(instructions: tuple[str, ...], descriptions: tuple[str, ...]) -> _Index:
    index = _Index((*instructions, *descriptions))
    for is_description, text in [(False, each) for each in instructions] + [
        (True, each) for each in descriptions
    ]:
        for sentence in _SENTENCE_END.split(text):
            words = tuple(word.text for word in _iter_words(sentence))
            is_short = _MIN_SENTENCE_WORDS <= len(words) < MAX_SHARED_WORDS
            if is_short and (is_description or words[0] in _ADDRESSES_MODEL):
                index.sentences.add(words)
    return index


def _has_hidden_run(words: list[_Word], index: _Index, public: Iterable[int]) -> bool:
    known, run = frozenset(public), _SharedWordRun(index)
    for number, word in enumerate(words):
        if number in known:
            run.reset()
        elif run.add(word.text):
            return True
    return False


def _public_words(words: list[_Word], texts: Iterable[str]) -> set[int]:
    """Return the numbers of the words that stand in the public texts in the same order."""
    index, found = _Index(texts), set[int]()
    lengths: dict[int, int] = {}
    for number, word in enumerate(words):
        lengths = {at: lengths.get(at - 1, 0) + 1 for at in index.positions.get(word.text, ())}
        longest = max(lengths.values(), default=0)
        if longest >= _MIN_PUBLIC_WORDS:
            found.update(range(number - longest + 1, number + 1))
    return found


def _quoted_parts(text: str) -> Iterator[str]:
    for found in _QUOTED.finditer(text):
        yield next(filter(None, found.groups()), "")
    for found in _TO_SAY.finditer(text):
        yield found[1]


def _iter_words(text: str) -> Iterator[_Word]:
    """Yield the words in a form to compare; each letter of a script without spaces is one."""
    for found in _WORD.finditer(text):
        word = found[0]
        if word.isascii():
            yield _Word(word.lower(), found.start(), found.end())
        elif _UNSPACED.search(word):
            yield from (
                _Word(letter, found.start() + at, found.start() + at + 1) for at, letter in enumerate(word)
            )
        else:
            yield _Word(unicodedata.normalize("NFKC", word).casefold(), found.start(), found.end())


def _weight(word: str) -> float:
    return 0.5 if _UNSPACED.match(word) else 1.0


def _last_boundary(text: str) -> int:
    """Return where the last word begins if it may go on, or the end of the text."""
    at = len(text)
    while at and _WORD.match(text[at - 1]):
        at -= 1
    return at
