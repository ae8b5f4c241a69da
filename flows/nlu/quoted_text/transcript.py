"""The words that were said in a conversation, and their recognition when they are quoted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.nlu.quoted_text.tapbacks import CUT_MARKS, QUOTES
from flows.text import tokenize

_LONG_MESSAGE_WORDS = 100

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """Messages of the conversation, of the bot and of the user, oldest first.

    `offered` are the labels of the quick replies of the last message, `newest` the number of messages
    that the bot said last.
    """

    bot: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    newest: int = 0


class Corpus:
    """The words that were said, prepared on first use."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self._bot: tuple[Words, ...] | None = None
        self._offered: tuple[Words, ...] | None = None

    @property
    def bot(self) -> tuple[Words, ...]:
        """The words of the bot's messages, oldest first."""
        if self._bot is None:
            self._bot = tuple(map(tokenize, self.transcript.bot))
        return self._bot

    @property
    def offered(self) -> tuple[Words, ...]:
        """The words of the labels that were offered last."""
        if self._offered is None:
            self._offered = tuple(map(tokenize, self.transcript.offered))
        return self._offered

    def knows(self, quoted: str) -> bool:
        """Return whether anybody has said this, also if the quotation is cut."""
        return _quotes_any(
            quoted,
            (*self._with_choices(self.bot), join_words(self.bot), *map(tokenize, self.transcript.user)),
        )

    def is_newest(self, quoted: str) -> bool:
        """Return whether this quotes what the bot said last."""
        newest = self.bot[len(self.bot) - self.transcript.newest :]
        return _quotes_any(quoted, (*self._with_choices(newest), join_words(newest)))

    def _with_choices(self, messages: tuple[Words, ...]) -> tuple[Words, ...]:
        """Return the messages, the last one as a channel shows its choices: numbered, or by their labels."""
        if not messages or not self.offered:
            return messages
        numbered = join_words((str(number), *label) for number, label in enumerate(self.offered, 1))
        return (*messages, messages[-1] + numbered, messages[-1] + join_words(self.offered))


def join_words(parts: Iterable[Words]) -> Words:
    """Return the words of all parts."""
    return tuple(word for part in parts for word in part)


def _quotes_any(quoted: str, messages: Sequence[Words]) -> bool:
    words, is_cut = tokenize(quoted), is_cut_off(quoted)
    return bool(words) and any(contains_words(message, words, is_cut=is_cut) for message in messages)


def is_cut_off(quoted: str) -> bool:
    """Return whether a quotation is cut off."""
    return quoted.rstrip(QUOTES + " ").endswith(CUT_MARKS)


def contains_words(words: Words, part: Words, *, is_cut: bool) -> bool:
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
