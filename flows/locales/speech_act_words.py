"""A pack's words of wishes, doubts, objections, questions, remarks and endings."""

from __future__ import annotations

from dataclasses import dataclass

from flows.locales.folding import Phrases, Words


@dataclass(frozen=True, slots=True, eq=False)
class SpeechActWords:
    """Words of what somebody does by saying something: wish, doubt, ask, end; and of what the bot offers."""

    wishes: Phrases = ()
    """Phrases of a wish: a denial in their clause covers all of it (“I do not want to talk to a person”)."""
    waiting: Phrases = ()
    """Phrases of a user who wants to wait."""
    doubts: Phrases = ()
    """Phrases of a user who is not sure."""
    delays: Phrases = ()
    """Phrases that put an answer off without doubting a value (“not now, tomorrow”)."""
    objection_patterns: tuple[str, ...] = ()
    """Patterns of a clause that objects to the value in it (“I hate red”), without accents."""
    excess_patterns: tuple[str, ...] = ()
    """Patterns of a clause that objects to a number, a day or a time (“42 is too small”), without accents."""
    outdated_patterns: tuple[str, ...] = ()
    """Patterns of a clause by which a code, a number to call or an address holds no more, without accents."""
    second_thoughts: Words = frozenset()
    """Words behind which something better is said (“four, well five”)."""
    remark_subjects: Words = frozenset()
    """Subjects of a remark about what was said (“wait, that's a Tuesday”)."""
    remark_starts: Phrases = ()
    """Beginnings of a clause that is a remark about what was asked (“how many questions!”)."""
    mistakes: Phrases = ()
    """Phrases of a user who reports a mistake without saying what is right."""
    fault_words: Words = frozenset()
    """Words that say of something that it is not right, without saying what is right (“misspelt”)."""
    request_starts: Phrases = ()
    """Beginnings of a question that is a request (“could I have”)."""
    negative_questions: Phrases = ()
    """Beginnings of a question that wishes what it denies (“can't I talk to a person”)."""
    inquiry_starts: Phrases = ()
    """Beginnings of a question about what there is, also without its mark (“do you take”)."""
    question_nouns: Words = frozenset()
    announcing_words: Words = frozenset()
    """Words beside those nouns that announce a question and say nothing more (“one quick question”)."""
    topics: tuple[Phrases, ...] = ()
    """Phrases of questions about the same thing: the price, the opening hours, the place, the duration."""
    comparison_words: Words = frozenset()
    """Words that ask how values of a list differ, and choose none (“the difference between”)."""
    other_way_patterns: tuple[str, ...] = ()
    """Patterns of another way to reach who leaves a value out (“by post, please”)."""
    move_words: Words = frozenset()
    """Verbs that ask for another day or time (“move”): a day beside them may be the old one."""
    change_words: Words = frozenset()
    """Words of a user who wants to change what was told, without saying what (“change it”)."""
    change_objects: Words = frozenset()
    """Words for what shall be changed that do not say what it is (“something”)."""
    target_words: Phrases = ()
    """Words before the new day or time of what is moved (“to Monday”)."""
    ending_words: Words = frozenset()
    """Verbs that ask for something to end: a question about it (“can I cancel any time?”) ends nothing."""
    undo_words: Words = frozenset()
    """Verbs that give up what was booked before (“cancel my table for Friday”)."""
    halting_words: Words = frozenset()
    """Words that interrupt, and also stop where nothing else is said (“stop”)."""
    giving_up: Phrases = ()
    """Phrases of a user who gives up, behind such a word (“stop, leave me alone”)."""
    offer_patterns: tuple[str, ...] = ()
    """Patterns of what the bot offers to do, with the verb as the group, without accents (“shall I book”)."""
    transfer_promises: tuple[str, ...] = ()
    """Patterns of a reply that promises a person."""
    action_claims: tuple[str, ...] = ()
    """Patterns of a reply that says that something was done."""
