"""Evidence in the author's own words: keywords, examples, and the labels of a menu."""

from __future__ import annotations

from flows.compiled import CompiledEdge
from flows.llm.rules.evidence.condition_scoring import count_words_of_condition
from flows.llm.rules.evidence.questions import count_own_words, count_shared_subjects, shares_topic
from flows.llm.rules.evidence.ranks import (
    CONDITION_SCORE,
    EXAMPLE_SCORE,
    KEYWORD_SCORE,
    QUESTION_SCORE,
    TYPO_SCORE,
)
from flows.llm.rules.message.keywords import (
    exact_match_length,
    fuzzy_match_length,
    is_equivalent_answer,
    other_form_length,
)
from flows.llm.rules.message.parsed_message import ParsedMessage
from flows.llm.rules.message.text_features import contains_negation
from flows.locales import lexicon_for
from flows.nlu import cosine_similarity, denied_positions, has_wish
from flows.text import tokenize

_MIN_SIMILARITY, _MAX_TYPO_WORDS = 0.45, 6
_SURE_SIMILARITY, _SAME_SIMILARITY, _STEM_LENGTH = 0.55, 0.8, 4


def score_label(edge: CompiledEdge, message: ParsedMessage) -> float:
    """Score several words of a menu's label, of which one is no other label's: “change my appointment”."""
    if edge.id not in message.labelled_edges:
        return 0.0
    labels = [
        tokenize(choice.label) for choice in message.request.node.node.choices if choice.payload == edge.id
    ]
    empty = lexicon_for(message.language).fillers
    shared = {word for label in labels for word in label if word not in empty} & set(message.words)
    return KEYWORD_SCORE + min(sum(map(len, shared)), 40) / 2 if len(shared) > 1 else 0.0


def _named_by_others(edge: CompiledEdge, message: ParsedMessage) -> frozenset[int]:
    """Return the positions of words that are keywords of the node's other edges: no typos of its own."""
    others = {
        word
        for other in message.request.node.edges
        if other.target != edge.target
        for phrase in other.keywords
        for word in phrase
    }
    return frozenset(at for at, word in enumerate(message.words) if word in others)


def is_named_place(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether the text wishes to be connected with the place or people that the edge hands over to."""
    if not (edge.leads_to_hand_off and message.asks_to_be_connected):
        return False
    return count_words_of_condition(message, message.conditions[edge.id]) > 0


def score_keywords(edge: CompiledEdge, message: ParsedMessage) -> float:
    if not edge.keywords:
        return 0.0
    denied = message.denied | (message.counted_positions if edge.leads_to_hand_off else frozenset())
    keywords = edge.keywords
    if edge.takes_no and message.confirmation:  # the “no” of “no problem” refuses nothing
        keywords = tuple(
            each for each in keywords if not lexicon_for(message.language).answers.no.issuperset(each)
        )
    if letters := exact_match_length(
        keywords, message.words, denied, message.language, is_first=message.request.is_first
    ):
        is_global = not any(own is edge for own in message.request.node.edges)
        return (QUESTION_SCORE if is_global and message.is_real_question else KEYWORD_SCORE) + min(
            letters, 40
        ) / 2
    agreed = message.confirmation
    if edge.takes_no and not edge.commits and message.wants_change:
        return KEYWORD_SCORE
    if agreed is None and edge.takes_yes and message.repeats_offer:
        agreed = message.is_clear_yes(edge) or None
    is_clear = edge.takes_yes and bool(agreed) and message.is_clear_yes(edge)
    if is_equivalent_answer(
        edge.keywords,
        message.words,
        agreed=agreed,
        language=message.language,
        is_clear=is_clear,
    ):
        return KEYWORD_SCORE
    is_long = len(message.words) > _MAX_TYPO_WORDS and not edge.leads_to_hand_off
    if edge.commits and (message.is_question or is_long):  # one letter is too little for that
        return 0.0
    unmeant = denied | _named_by_others(edge, message)
    letters = fuzzy_match_length(edge.keywords, message.words, unmeant, message.language)
    if not letters and not message.reports_something:  # “I booked last week” is not a wish to book
        letters = other_form_length(edge.keywords, message.words, denied, message.language)
    return TYPO_SCORE + min(letters, 20) / 2 if letters else 0.0


def score_examples(edge: CompiledEdge, message: ParsedMessage) -> float:
    """Score the most similar example; a negated text is not similar to an affirmative one."""
    if not message.vector or not edge.examples or (edge.commits and message.wants_change):
        return 0.0
    alike = (
        cosine_similarity(message.vector, vector)
        for text, vector in zip(edge.edge.examples, edge.examples.vectors, strict=True)
        if _agrees_in_denial(text, message)
    )
    best = max(alike, default=0.0)
    if best < _SAME_SIMILARITY and _wishes_what_is_asked_about(edge, message):
        return 0.0
    if edge.is_answer and message.refuses_wish and not message.is_question and best < _SAME_SIMILARITY:
        return 0.0
    if message.is_real_question and (subjects := count_shared_subjects(edge, message)):
        is_weak = message.is_request or best < _MIN_SIMILARITY / 2 or _is_named_here(edge, message, subjects)
        return (EXAMPLE_SCORE if is_weak else QUESTION_SCORE - 5) + min(subjects, 5) + best * 10
    if best < _MIN_SIMILARITY and not edge.commits and count_own_words(edge, message) > 0:
        return CONDITION_SCORE + 5
    if best < _MIN_SIMILARITY or (best < _SURE_SIMILARITY and not _shares_content(edge, message)):
        return 0.0
    return EXAMPLE_SCORE + best * 20


def _wishes_what_is_asked_about(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether a wish only names what an answer's questions are about: “I want a massage”."""
    is_wish = has_wish(message.text, message.language) and not message.is_real_question
    return edge.is_answer and is_wish and not shares_topic(edge, message)


def _is_named_here(answer: CompiledEdge, message: ParsedMessage, subjects: int) -> bool:
    """Return whether the text has a keyword of the node's own edges.

    One that the answer's own questions have does not count where they share another subject too.
    """
    texts = answer.edge.examples if subjects > 1 else ()
    asked = {word for text in texts for word in tokenize(text)}
    own = (
        [phrase for phrase in edge.keywords if not asked.issuperset(phrase)]
        for edge in message.request.node.edges
    )
    return any(
        exact_match_length(keywords, message.words, message.denied, message.language) > 2 for keywords in own
    )


def _shares_content(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether text and examples have the beginning of a word in common that says something."""
    lexicon = lexicon_for(message.language)
    empty = lexicon.fillers | lexicon.negations | lexicon.answers.generic | lexicon.question_words
    starts = {word[:_STEM_LENGTH] for word in message.words if word not in empty}
    return any(
        word[:_STEM_LENGTH] in starts
        for text in edge.edge.examples
        for word in tokenize(text)
        if word not in empty
    )


def _agrees_in_denial(example: str, message: ParsedMessage) -> bool:
    """Return whether both deny the same, or neither denies: "now" is no "not now"."""
    if message.has_negation:
        return _denies_the_same(example, message)
    return not contains_negation(tokenize(example), message.language)


def _denies_the_same(example: str, message: ParsedMessage) -> bool:
    """Return whether an example denies what a denying text does."""
    language = message.language
    if not contains_negation(tokenize(example), language):
        return False
    if not message.refuses_wish:
        return True
    denied = {message.words[at] for at in message.denied if at < len(message.words)}
    words = tokenize(example)
    same = {words[at] for at in denied_positions(example, language)} & denied
    verbs = _denied_verbs(message)
    return bool(same - lexicon_for(language).fillers) and (not verbs or not verbs.isdisjoint(words))


def _denied_verbs(message: ParsedMessage) -> set[str]:
    """Return the first word of each clause that is denied, which says what of it is."""
    fillers, verbs, is_begun = lexicon_for(message.language).fillers, set[str](), False
    for at, word in enumerate(message.words):
        if at not in message.denied:
            is_begun = False
        elif not is_begun and word not in fillers:
            verbs.add(word)
            is_begun = True
    return verbs


def requests_change(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether a text wishes to move or end something, which a keyword of the edge says.

    It outweighs the noun of what is moved, which names another edge too: “I have to postpone the race”.
    """
    verbs = lexicon_for(message.language).speech_acts
    acts = (verbs.move_words | verbs.ending_words) & {word for each in edge.keywords for word in each}
    return not edge.commits and any(
        word in acts and at not in message.denied for at, word in enumerate(message.words)
    )


def count_shared_words(edge: CompiledEdge, message: ParsedMessage) -> int:
    """Count the words that the text shares with all that an edge says about itself."""
    lexicon = lexicon_for(message.language)
    fillers = lexicon.fillers | {*lexicon.speech_acts.wishes}
    texts = (message.conditions[edge.id], *edge.edge.keywords, *edge.edge.examples)
    named = {word for text in texts for word in tokenize(text)}
    return sum(word in named and word not in fillers for word in dict.fromkeys(message.words))
