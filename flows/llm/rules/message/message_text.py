"""Analyses a user's text as an answer to what the bot said, with the edges that it may take."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

from flows.compiled import CompiledEdge
from flows.llm.model import TransitionRequest
from flows.llm.rules.message.text_features import TextFeatures
from flows.locales import lexicon_for
from flows.nlu import (
    Vector,
    answer_vocabulary,
    asks_back,
    denies_cancelling,
    find_labels,
    imperatives,
    is_negation,
    is_unreserved_yes,
    repeats_offer,
)
from flows.nlu.datetimes import complete_hour_answer
from flows.state import HistoryLine
from flows.text import MAX_INPUT_LENGTH, tokenize


class MessageText(TextFeatures):
    """A user's text, analysed once for all edges."""

    def __init__(self, question: TransitionRequest) -> None:
        self.request = question
        self.last_bot_message = next(
            (line["content"] for line in reversed(question.history) if _is_bot_line(line)), ""
        )
        self.said_before = _line_before_question(question.history)
        users = [line["content"] for line in question.history if not _is_bot_line(line)]
        self.last_user_message = users[-2] if len(users) > 1 else ""
        said = [line["content"] for line in question.history if _is_bot_line(line)]
        self.previous_bot_message = said[-2] if len(said) > 1 else ""
        text, language = question.text.strip()[:MAX_INPUT_LENGTH], question.language
        super().__init__(complete_hour_answer(text, self.last_bot_message, language), language)
        self.expects_date = any(
            s.required and s.kind == "date" for edge in question.available_edges for s in edge.slots
        )
        measure = next((edge.examples.vectorizer for edge in question.available_edges if edge.examples), None)
        texts = zip(question.available_edges, question.conditions, strict=True)
        self.conditions = {edge.id: condition for edge, condition in texts}
        self.vector: Vector = measure.vectorize(self.text) if measure and self.has_content_words else {}

    def is_clear_yes(self, edge: CompiledEdge) -> bool:
        """Return whether the text is a yes without a reservation, as an irreversible edge needs it."""
        known = {word for phrase in edge.keywords for word in phrase} | self._words_of_question
        if self._has_stray_number or (
            self._has_only_praise and asks_back(self.last_user_message, self.language)
        ):
            return False
        return is_unreserved_yes(self.text, self.language, known)

    @cached_property
    def repeats_offer(self) -> bool:
        """True if the text has the verb of what the bot offered to do: “book it” to “Shall I book that?”."""
        return repeats_offer(self.words, self.last_bot_message, self.language)

    @property
    def _has_only_praise(self) -> bool:
        """True if no word is a yes by itself: “great” behind the answer to a question is praise for it."""
        return answer_vocabulary(self.language).affirmative.isdisjoint(self.words) and not self.repeats_offer

    @cached_property
    def _has_stray_number(self) -> bool:
        """True if the text has a number of the bot's question without a word that stands beside it there.

        “Yes, 8 December” repeats the question, “yes 8” may mean a time or an amount.
        """
        asked = ("", *tokenize(self.last_bot_message), "")
        pairs = {*pairwise(asked)}
        words = ("", *self.words, "")
        return any(
            word.isdecimal() and not {(words[at - 1], word), (word, words[at + 1])} & pairs
            for at, word in enumerate(words)
        )

    @cached_property
    def _words_of_question(self) -> set[str]:
        """The words of the bot's question, which say nothing new in the answer; not those of alternatives."""
        words = tokenize(self.last_bot_message)
        if lexicon_for(self.language).or_words and set(lexicon_for(self.language).or_words) & set(words):
            return set()
        own = {word for word in words if not is_negation(word, self.language)}
        return own | {form for word in own for form in imperatives(word, self.language)}

    def denies_wish_of_other(self, edge: CompiledEdge) -> bool:
        """Return whether a “no” denies what another edge is about: “no quiero hablar con una persona”."""
        if not self.refuses_wish:
            return False
        denied = {self.words[at] for at in self.denied if at < len(self.words)}
        lexicon = lexicon_for(self.language)
        denied -= lexicon.fillers | answer_vocabulary(self.language).answers
        denied -= {word for phrase in lexicon.answers.no_phrases for word in phrase.split()}  # “rather not”
        others = (each for each in self.request.available_edges if each is not edge)
        return any(denied.intersection(phrase) for each in others for phrase in each.keywords)

    @cached_property
    def labelled_edges(self) -> frozenset[str]:
        """The only edge of a menu of whose label the message has a word that no other label has."""
        choices = self.request.node.node.choices
        if not choices:
            return frozenset()
        labels, is_told = [[choice.label] for choice in choices], self.reports_something
        found = find_labels(self.text, labels, self.language, takes_forms=not is_told)
        return frozenset(choices[index].payload or "" for index in found if len(found) == 1)

    @cached_property
    def denies_cancelling(self) -> bool:
        """True if the text only denies the cancelling that the bot asks about."""
        return denies_cancelling(self.text, self.last_bot_message, self.language)


def _is_bot_line(line: HistoryLine) -> bool:
    return line["role"] == "assistant"


def _line_before_question(history: Sequence[HistoryLine]) -> str:
    """Return what the user wrote before the bot's last message."""
    at = next((at for at in range(len(history) - 1, 0, -1) if _is_bot_line(history[at])), 0)
    return "" if not at or _is_bot_line(history[at - 1]) else history[at - 1]["content"]
