"""Features of a text by its words alone: wishes, denials, reservations, questions."""

from __future__ import annotations

from functools import cached_property

from flows.llm.rules.message.keywords import expand_abbreviations
from flows.locales import lexicon_for
from flows.nlu import (
    answer_vocabulary,
    asks_about_action,
    asks_for_person,
    asks_indirectly,
    asks_to_wait,
    denied_positions,
    holds_under_condition,
    is_ignorant,
    is_request,
    is_reserved,
    mask_doubts,
    mask_reports,
    mentions_ending,
    negates_other_words,
    only_halts,
    postpones,
    recognize_confirmation,
    refuses_to_tell,
    refuses_wish,
)
from flows.text import find_phrase, tokenize

_MAX_OPENING = 4
_MAX_OPENING_CORRECTION = 2


class TextFeatures:
    """A text in a language, each feature of which is found once."""

    def __init__(self, text: str, language: str) -> None:
        self.text, self.language = text, language
        self.words = expand_abbreviations(tokenize(text), language)
        self.is_question = text.endswith("?")
        self.has_content_words = not lexicon_for(language).fillers.issuperset(self.words)
        self.confirmation = recognize_confirmation(text, language)
        self.has_negation = contains_negation(self.words, language)
        self.denied = denied_positions(text, language)

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

    @property
    def is_request(self) -> bool:
        """True if the text is a question that asks for something to be done."""
        return is_request(self.text, self.language)


def contains_negation(words: tuple[str, ...], language: str) -> bool:
    """Return whether one of the words negates others."""
    return any(negates_other_words(word, language) for word in words)
