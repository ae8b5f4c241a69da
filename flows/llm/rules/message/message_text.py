"""Analyses the words of a user's text: questions, denials, wishes and reservations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

from flows.compiled import CompiledEdge
from flows.llm.model import TransitionRequest
from flows.llm.rules.message.keywords import (
    expand_abbreviations,
)
from flows.locales import lexicon_for
from flows.nlu import (
    Vector,
    answer_vocabulary,
    asks_about_action,
    asks_back,
    asks_for_person,
    asks_indirectly,
    asks_to_wait,
    denied_positions,
    denies_cancelling,
    find_labels,
    holds_under_condition,
    imperatives,
    is_ignorant,
    is_negation,
    is_request,
    is_reserved,
    is_unreserved_yes,
    mask_doubts,
    mask_reports,
    mentions_ending,
    negates_other_words,
    only_halts,
    postpones,
    recognize_confirmation,
    refuses_to_tell,
    refuses_wish,
    repeats_offer,
)
from flows.nlu.datetimes import complete_hour_answer
from flows.state import HistoryLine
from flows.text import MAX_INPUT_LENGTH, find_phrase, tokenize

_MAX_OPENING = 4
_MAX_OPENING_CORRECTION = 2


class MessageText:
    """A user's text, analysed once for all edges."""

    def __init__(self, question: TransitionRequest) -> None:
        self.request = question
        self.last_bot_message = next(
            (line["content"] for line in reversed(question.history) if _is_bot_line(line)), ""
        )
        self.said_before = _line_before_question(question.history)
        self.language = question.language
        users = [line["content"] for line in question.history if not _is_bot_line(line)]
        self.last_user_message = users[-2] if len(users) > 1 else ""
        said = [line["content"] for line in question.history if _is_bot_line(line)]
        self.previous_bot_message = said[-2] if len(said) > 1 else ""
        text = question.text.strip()[:MAX_INPUT_LENGTH]
        self.text = complete_hour_answer(text, self.last_bot_message, question.language)
        self.words = expand_abbreviations(tokenize(self.text), self.language)
        self.is_question = self.text.endswith("?")
        self.has_content_words = not lexicon_for(self.language).fillers.issuperset(self.words)
        self.confirmation = recognize_confirmation(self.text, self.language)
        self.has_negation = contains_negation(self.words, self.language)
        self.denied = denied_positions(self.text, self.language)
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
    def asks_to_be_connected(self) -> bool:
        """True if the text wishes to speak to somebody or some place: “put me through to the office”."""
        found = (
            (phrase, find_phrase(phrase, self.words))
            for phrase in map(tokenize, lexicon_for(self.language).hand_off.contact_verbs)
        )
        return any(at >= 0 and self.denied.isdisjoint(range(at, at + len(phrase))) for phrase, at in found)

    @property
    def has_yes(self) -> bool:
        """True if a yes is among the words."""
        return not answer_vocabulary(self.language).affirmative.isdisjoint(self.words)

    @property
    def is_reserved(self) -> bool:
        """True if the text takes an answer back."""
        return is_reserved(self.text, self.language)

    @cached_property
    def is_waiting(self) -> bool:
        """True if the user asks for time."""
        return asks_to_wait(self.text, self.language)

    @cached_property
    def postpones(self) -> bool:
        """True if the text puts an action off."""
        return postpones(self.text, self.language)

    @cached_property
    def refuses_wish(self) -> bool:
        """True if the text denies a wish."""
        return self.has_negation and refuses_wish(self.text, self.language)

    @cached_property
    def corrects_previous(self) -> bool:
        """True if the text begins with a correction (“no wait, 3”), of what was said just before."""
        lexicon = lexicon_for(self.language)
        return any(word in lexicon.correction_words for word in self.words[:_MAX_OPENING_CORRECTION])

    @cached_property
    def reports_something(self) -> bool:
        """True if a part of the text tells of the past or of others, or imagines something."""
        return mask_reports(self.text, self.language) != self.text

    @cached_property
    def is_conditional(self) -> bool:
        """True if what the text says holds only under a condition, which no value is taken from."""
        return holds_under_condition(self.text, self.language)

    @cached_property
    def corrects_something(self) -> bool:
        """True if a word of the text corrects what was said before (“actually”), or changes it (“move”)."""
        lexicon = lexicon_for(self.language)
        acts = lexicon.speech_acts
        words = lexicon.correction_words | acts.second_thoughts | acts.move_words
        return not words.isdisjoint(self.words)

    @cached_property
    def begins_question(self) -> bool:
        """True if the text begins with a question word, maybe behind a greeting."""
        lexicon = lexicon_for(self.language)
        opening = lexicon.greetings | lexicon.thanks | lexicon.correction_words | {*lexicon.and_words}
        first = next((word for word in self.words[:_MAX_OPENING] if word not in opening), "")
        return first in lexicon.question_words

    @cached_property
    def asks_indirectly(self) -> bool:
        """True if the text tells what its writer wants to know: “and to know how long it takes”."""
        return asks_indirectly(self.text, self.language)

    @cached_property
    def asks_about_ending(self) -> bool:
        """True if the text asks how something ends, or what follows, and does not wish it to."""
        is_asked = self.is_question or self.begins_question
        return asks_about_action(self.text, self.language, is_question=is_asked)

    @cached_property
    def certain_words(self) -> frozenset[str]:
        """The words of the text without the parts that doubt what they say."""
        certain = mask_doubts(self.text, self.language)
        return frozenset(self.words if certain == self.text else tokenize(certain))

    @cached_property
    def refuses_to_tell(self) -> bool:
        """True if the user does not want to answer."""
        return refuses_to_tell(self.text, self.language)

    @cached_property
    def does_not_know(self) -> bool:
        """True if the user does not know what is asked for: “no idea”."""
        return is_ignorant(self.text, self.language)

    @cached_property
    def asks_for_person(self) -> bool:
        """True if the user wants to reach somebody."""
        return asks_for_person(self.text)

    @property
    def names_ending(self) -> bool:
        """True if a word such as “cancel” is in the text."""
        return not lexicon_for(self.language).speech_acts.ending_words.isdisjoint(self.words)

    @cached_property
    def only_mentions_ending(self) -> bool:
        """True if a word such as “stop” stands inside of a clause without a wish: “a bus stop text”."""
        return mentions_ending(self.text, self.language)

    @cached_property
    def only_halts(self) -> bool:
        """True if a “stop” only interrupts: “stop, that was my old number”."""
        return only_halts(self.text, self.language)

    @cached_property
    def denies_cancelling(self) -> bool:
        """True if the text only denies the cancelling that the bot asks about."""
        return denies_cancelling(self.text, self.last_bot_message, self.language)

    @property
    def is_request(self) -> bool:
        """True if the text is a question that asks for something to be done."""
        return is_request(self.text, self.language)


def _is_bot_line(line: HistoryLine) -> bool:
    return line["role"] == "assistant"


def _line_before_question(history: Sequence[HistoryLine]) -> str:
    """Return what the user wrote before the bot's last message."""
    at = next((at for at in range(len(history) - 1, 0, -1) if _is_bot_line(history[at])), 0)
    return "" if not at or _is_bot_line(history[at - 1]) else history[at - 1]["content"]


def contains_negation(words: tuple[str, ...], language: str) -> bool:
    """Return whether one of the words negates others."""
    return any(negates_other_words(word, language) for word in words)
