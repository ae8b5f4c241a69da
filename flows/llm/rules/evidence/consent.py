"""Consent before something irreversible: the yes, and the no, that counts."""

from __future__ import annotations

from flows.compiled import CompiledEdge
from flows.llm.rules.message.parsed_message import ParsedMessage
from flows.locales import lexicon_for, messages_for
from flows.nlu import (
    answer_vocabulary,
    content_words,
    is_not_yet,
    mentions_own_people,
    negates_other_words,
    recognize_confirmation,
    split_clauses,
)
from flows.text import find_phrase, tokenize


def is_answer_blocked(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether the edge needs a yes or a no without a reservation, and the text is none.

    That is so before something irreversible, and where the node says `confirm: strict`.
    """
    if edge.takes_no and message.denies_wish_of_other(edge):
        return True
    if not (edge.takes_yes or edge.takes_no) and _repeats_question(edge, message):
        return True
    if edge.leads_to_hand_off and (
        mentions_own_people(message.language, message.words) or _asks_about_own_person(edge, message)
    ):
        return True
    if message.only_halts and _is_about_ending(edge, message):
        return True
    if (
        edge.commits
        and _is_about_ending(edge, message)
        and (message.asks_about_ending or message.only_mentions_ending)
    ):
        return True
    if edge.takes_no and (message.postpones or is_not_yet(message.text, message.language)):
        return any(other.takes_yes for other in message.request.available_edges)
    if edge.takes_no and not edge.commits and _only_seems_no(message):
        return any(other.takes_yes for other in message.request.available_edges)
    level = message.request.node.node.confirm
    if level == "normal" or not (edge.commits or level == "strict"):
        return False
    if edge.takes_yes:
        return not message.is_clear_yes(edge)
    return edge.takes_no and _takes_no_back(edge, message)


def _repeats_question(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether the edge's words are those of the question: “yes, cancel it” to “Cancel it, sure?”."""
    if message.confirmation is not True and not _is_about_ending(edge, message):
        return False
    others = message.request.available_edges
    return any(other.takes_yes and other.commits and message.is_clear_yes(other) for other in others)


def is_denied_cancelling(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether an edge cancels a form, and the text denies the cancelling that is asked about."""
    if not message.denies_cancelling or message.postpones or edge.takes_yes:
        return False
    own = message.request.node.edges
    is_asked = any(other.takes_yes and other.commits for other in own)
    words = {tokenize(word) for word in messages_for(message.language).cancel_words}
    return is_asked and any(each is edge for each in own) and words.issubset(edge.keywords)


def _is_about_ending(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether an edge is for a user who wants something to end."""
    named = {word for phrase in edge.keywords for word in phrase} | {*tokenize(message.conditions[edge.id])}
    return not lexicon_for(message.language).speech_acts.ending_words.isdisjoint(named)


def _asks_about_own_person(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether a question is about a person of the user's: “does that suit my teacher?”."""
    if not message.is_question or message.asks_to_be_connected or message.asks_for_person:
        return False
    owners = lexicon_for(message.language).names.owners
    found = [at for each in edge.keywords if (at := find_phrase(each, message.words)) >= 0]
    return bool(found) and all(at and message.words[at - 1] in owners for at in found)


def is_consent_missing(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether the text is not the yes that an edge needs which a language model has chosen.

    Such a model knows more ways to say that this is all, so a no is only checked for a wish to wait or to
    know something.
    """
    if edge.takes_yes or not is_answer_blocked(edge, message):
        return is_answer_blocked(edge, message)
    return message.is_waiting or message.text.endswith("?")


def _only_seems_no(message: ParsedMessage) -> bool:
    """Return whether a no only asks for agreement (“está bien, ¿no?”), or for time (“yes no wait”)."""
    answers = answer_vocabulary(message.language)
    if message.text.rstrip().endswith("?"):
        return len(message.words) > 1 and not answers.affirmative.isdisjoint(message.words[:-1])
    is_mixed = not answers.affirmative.isdisjoint(message.words)
    return message.is_waiting and is_mixed


def _denies_verb(message: ParsedMessage, known: set[str]) -> bool:
    """Return whether a “no” only negates the words behind it, as in “no me pases con nadie”."""
    words, lexicon = message.words, lexicon_for(message.language)
    if words[:1] and words[0] not in answer_vocabulary(message.language).negating_no:
        return False
    clause = split_clauses(message.text, message.language)[0] if words else ()
    empty = lexicon.fillers | lexicon.thanks | lexicon.thanks_companions | lexicon.negations
    rest = set(clause[1:]) - empty
    return bool(rest) and rest.isdisjoint(known) and recognize_confirmation(" ".join(clause[1:])) is None


def _takes_no_back(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether a no says something else than “no, that's all”: “no, that's not all”, “no wait”."""
    words, language = message.words, message.language
    if message.is_waiting or message.text.endswith("?"):
        return True
    plain = tuple(word for at, word in enumerate(words) if not at or not negates_other_words(word, language))
    if plain != words and any(
        len(phrase) > 1 and find_phrase(phrase, plain) >= 0 and find_phrase(phrase, words) < 0
        for phrase in edge.keywords
    ):
        return True
    known = {word for phrase in edge.keywords for word in phrase}
    if _denies_verb(message, known):
        return True
    lexicon = lexicon_for(language)
    known |= lexicon.clauses.particles | lexicon.answers.intensifiers
    # “that one never came” reports something
    tells = not (lexicon.answers.incorrect & lexicon.negations).isdisjoint(words)
    is_no = message.confirmation is False and not (tells and lexicon.answers.no.isdisjoint(words))
    return not is_no and not known.issuperset(content_words(message.text, language))
