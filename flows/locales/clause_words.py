"""Words that bind clauses, deny or reserve: the part of the language data that says what a sentence is about.

Fields are folded like those of the other parts of a lexicon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Words = frozenset[str]
Phrases = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ClauseWords:
    """Words by which a message is read clause by clause."""

    reservations: Phrases = ()
    """Words that begin a clause which takes something back or adds a condition (“but”, “unless”)."""
    exceptions: Phrases = ()
    """Words before a value that is left out (“any day except Monday”)."""
    replacements: Phrases = ()
    """Words before a value in whose place another one is wanted (“large instead of small”)."""
    waiting: Phrases = ()
    """Phrases of a user who wants to wait."""
    doubts: Phrases = ()
    """Phrases of a user who is not sure."""
    wishes: Phrases = ()
    """Phrases of a wish: a denial in their clause covers all of it (“I do not want to talk to a person”)."""
    statements: Phrases = ()
    """Words of a clause that tells a fact: a denial in it says little about a wish (“I can't find it”)."""
    clause_starts: Phrases = ()
    """Beginnings of a clause that need no punctuation before them (“I don't want that I want this”)."""
    errands: Phrases = ()
    """Phrases of who has to ask their own people first (“I still have to”)."""
    particles: Words = frozenset()
    """Words that may stand anywhere in a phrase without changing it (“kann ich *da* nicht”)."""
    strict_conditions: Phrases = ()
    """Phrases by which a value holds only under a condition (“only if”)."""
    value_condition_patterns: tuple[str, ...] = ()
    """Patterns, on text with its accents, of any other condition of a value (“if there is one”): none that is
    mere courtesy (“if possible”), and no “whether”."""
    polite_conditions: Phrases = ()
    """Conditions that are mere courtesy, though other words of doubt are in them (“si puede ser”)."""
    objection_patterns: tuple[str, ...] = ()
    """Patterns of a clause that objects to the value in it (“I hate red”), without accents."""
    conclusions: Phrases = ()
    """Words before a number that sums up those before it (“two and one, so 3”)."""
    limit_words: Words = frozenset()
    """Words of a question for the most that somebody wants (“the most you want to spend”)."""
    upper_bounds: Phrases = ()
    """Phrases around a number that is the most (“no more than”): a value where the most is asked for."""
    excess_patterns: tuple[str, ...] = ()
    """Patterns of a clause that objects to a number, a day or a time (“42 is too small”), without accents."""
    outdated_patterns: tuple[str, ...] = ()
    """Patterns of a clause by which a code, a number to call or an address holds no more, without accents."""
    numbered_nouns: Words = frozenset()
    """Nouns before a number that only names which one is meant (“table 4”)."""
    delays: Phrases = ()
    """Phrases of who puts an answer off, which doubt no value (“not now, tomorrow”)."""
    condition_pattern: str = ""
    """A pattern of what begins a condition where folding would hide it: “si” behind “sí”."""
    conditions: Phrases = ()
    """Beginnings of a clause about what might be: behind a yes its words are no wish."""
    negative_questions: Phrases = ()
    """Beginnings of a question that wishes what it denies (“can't I talk to a person”)."""
    consent_companions: Words = frozenset()
    """Words that may stand beside a yes without changing it."""
    value_companions: Words = frozenset()
    """Words that may stand beside a value without changing it, in addition to the fillers."""
    but_words: Words = frozenset()
    """Words behind which a number may be taken from the one before (“nine, but 3 have their own”)."""
    setting_words: Words = frozenset()
    """Words by which a number alone is put in the place of the known one (“make it 135”)."""
    because_words: Phrases = ()
    """Words that begin a clause which only says why."""
    remark_subjects: Words = frozenset()
    """Subjects of a remark about what was said (“wait, that's a Tuesday”)."""
    code_companions: Words = frozenset()
    """Words that may stand beside digits that are an answer, in addition to the fillers."""
    value_links: Words = frozenset()
    """Words before a value that only link it to what stands before them (“a haircut on Friday”)."""
    value_connectors: Words = frozenset()
    """Words after a value behind which something else begins (“Friday for my son”)."""
    amount_modifiers_before: Phrases = ()
    """Words that make the amount after them another one (“at least 3”)."""
    amount_modifiers_after: Phrases = ()
    """Words that make the amount before them another one (“3 more”)."""
    approximations: Phrases = ()
    """Words of an amount that is not exact (“about”), which is enough where the question has one of them."""
    addition_words: Words = frozenset()
    """Words that add to what there is (“2 more days”)."""
    bounds_behind: Phrases = ()
    """Phrases behind a day or a time that make it a limit (“at the earliest”)."""
    second_thoughts: Words = frozenset()
    """Words behind which something better is said (“four, well five”)."""
    own_words: Words = frozenset()
    """Words for who writes (“me and 2 more”)."""
    request_starts: Phrases = ()
    """Beginnings of a question that is a request (“could I have”)."""
    inflections: Words = frozenset()
    """Endings of a word's other forms."""
    amount_multipliers: Mapping[str, int] = field(default_factory=dict)
    """Words for a number of things that count as a unit (“dozen”)."""
    ranked_nouns: Words = frozenset()
    """Nouns that an ordinal numbers (“third floor”)."""
    ground_words: Phrases = ()
    """Names of the floor with the number 0."""
    both_phrases: Phrases = ()
    """Phrases for both, whose number counts nothing (“between the two of us”)."""
    minutes_in_words: Mapping[str, int] = field(default_factory=dict)
    """Durations in words, in minutes (“half an hour”)."""
    half_units: Words = frozenset()
    """Words before such a unit that halve it (“half a dozen”)."""
    name_words: Words = frozenset()
    """Words of a question for a person's name."""
    other_name_words: Words = frozenset()
    """Words by which such a question asks for more than that, or for the name of something else."""
    address_words: Words = frozenset()
    """Words of a question for an address."""
    place_words: Words = frozenset()
    """Words of a question for a town."""
    place_introductions: Phrases = ()
    """Words before a town (“I live in”)."""
    no_address_words: Words = frozenset()
    """Words of a statement that is no address, unless there is a number in it (“you've been here before”)."""
    name_introductions: Phrases = ()
    """Words before a name (“my name is”), also of its owner (“my daughter”)."""
    naming_patterns: Phrases = ()
    """Statements before the name of somebody or something else (“his name is”, “our dog is called”)."""
    naming_end_patterns: Phrases = ()
    """Statements behind such a name (“is what we call her”)."""
    belonging_words: Words = frozenset()
    """Words between a name and where its owner belongs (“Ann Lee, from the workshop”)."""
    name_endings: Phrases = ()
    """Words behind a name (“here”)."""
    birth_words: Words = frozenset()
    """Words of a question for a day of birth, whose year cannot be guessed."""
    people_words: Words = frozenset()
    """Words of a question for a number of people."""
    people_counts: Phrases = ()
    """Patterns around a number of people, `#` for the number (“table for #”)."""
    closing_words: Words = frozenset()
    """Words of a condition that is met by thanks or a goodbye."""
    topics: tuple[Phrases, ...] = ()
    """Phrases of questions about the same thing: the price, the opening hours, the place, the duration."""
    ordinals: Words = frozenset()
    """Words and endings before a day that select one of several (“the second Tuesday of January”)."""
    past_phrases: Phrases = ()
    """Phrases that put a clause in the past (“last time”, “we were”)."""
    past_patterns: tuple[str, ...] = ()
    """Patterns of words with spaces between them that do so."""
    past_question_words: Words = frozenset()
    """Words of a question about something that has happened."""
    said_words: Words = frozenset()
    """Words by which such a clause is about what the user wants after all (“I said 3”, “I was hoping”)."""
    owners: Words = frozenset()
    """Words before a person or a thing of the user's (“my”)."""
    relatives: Words = frozenset()
    """People beside the user (“brother”)."""
    saying_words: Words = frozenset()
    """Verbs by which such people have said something (“says”)."""
    deed_verbs: Words = frozenset()
    """Verbs of what such people do or have, which is no wish of theirs."""
    hypotheses: Phrases = ()
    """Phrases of a clause about what would be (“what if”, “how much is it”)."""
    contact_verbs: Phrases = ()
    """Phrases of who wants to be connected with somebody (“speak to”)."""
    count_phrases: Phrases = ()
    """Phrases of a question for a number of things (“how many”)."""
    sure_introductions: Words = frozenset()
    """Single words that introduce a name also behind a yes (“sí, soy Ana”)."""
    age_words: Words = frozenset()
    """Words of a question for an age."""
    age_changes: Phrases = ()
    """Verbs of an age that is not reached yet (“turns 9 in March”)."""
    age_units: Words = frozenset()
    """Units of an age."""
    unit_abbreviations: Mapping[str, str] = field(default_factory=dict)
    """Short forms of units (“km”), and the beginning of the noun that they stand for."""
    unit_words: Words = frozenset()
    """Units of time, money and distance, which are counted only where they are asked for."""
    money_words: Words = frozenset()
    """Those of them that are money."""
    money_questions: Words = frozenset()
    """Words of a question for an amount of money."""
    complaint_words: Words = frozenset()
    """Words of a judgement on the conversation, which are no name (“it's complicated”)."""
    state_words: Words = frozenset()
    """Words of how or what somebody is, which are no name (“I'm busy”, “the owner”)."""
    no_name_starts: Phrases = ()
    """Beginnings of a statement in which no name stands (“tengo”)."""
    mistakes: Phrases = ()
    """Phrases of who has made a mistake, without saying what is right."""
    statement_patterns: tuple[str, ...] = ()
    """Patterns of beginnings that a question has too, but that begin a statement (“when I turn it on”)."""
    remark_starts: Phrases = ()
    """Beginnings of a clause that is a remark about what was asked (“how many questions!”)."""
    question_nouns: Words = frozenset()
    announcing_words: Words = frozenset()
    """Words beside those nouns that announce a question and say nothing more (“one quick question”)."""
    whether_words: Phrases = ()
    indirect_questions: Phrases = ()
    """Words before a question that is told (“I'd like to know how long it takes”)."""
    other_way_patterns: tuple[str, ...] = ()
    """Patterns of another way to reach who leaves a value out (“by post, please”)."""
    code_words: Words = frozenset()
    """Words of a question for a code, also ends of joined words (“plate”)."""
    comparison_words: Words = frozenset()
    """Words of who asks how values of a list differ, and chooses none (“the difference between”)."""
    inquiry_starts: Phrases = ()
    """Beginnings of a question about what there is, also without its mark (“do you take”)."""
    object_endings: Words = frozenset()
    """Pronouns that are written as one word with their verb (“cancélala”)."""
    fault_words: Words = frozenset()
    """Words that say of something that it is not right, without saying what is right (“misspelt”)."""
    name_statements: Phrases = ()
    """Phrases before a person's own name, where nobody asked for it."""
    naming_phrases: Phrases = ()
    """Phrases between the name of something and what it is (“the street is …”)."""
    count_alone: Mapping[str, int] = field(default_factory=dict)
    """Words and phrases that are a number of people (“zu zweit”)."""
    per_words: Phrases = ()
    """Words between a count and the unit of time in which it happens so often (“once a week”)."""
    infinitive_ending: str = ""
    """The ending of verbs whose imperative is written without it (“buchen”, “buch”)."""
    verb_prefixes: Phrases = ()
    """Prefixes of verbs that stand at the end of a sentence (“trag das ein”)."""
    joins_words: bool = False
    """True if nouns are joined into one word, the last of which says what it is (“Winterreifen”)."""
    move_words: Words = frozenset()
    """Verbs of who wants another day or time for something (“move”): a day beside it may be the old one."""
    target_words: Phrases = ()
    """Words before the new day or time of what is moved (“to Monday”)."""
    ending_words: Words = frozenset()
    """Verbs of who wants something to end: a question about it (“can I cancel any time?”) ends nothing."""
    hypothetical_starts: Phrases = ()
    """Beginnings of a clause about what who writes might do (“if I”)."""
    offer_patterns: tuple[str, ...] = ()
    """Patterns of what the bot offers to do, with the verb as the group, without accents (“shall I book”)."""
    obligations: Phrases = ()
    """Phrases of who has to do something (“have to”)."""
    generalities: Phrases = ()
    """Phrases that make a question about a possibility one about the rules (“any time”, “later”)."""
    halting_words: Words = frozenset()
    """Words that interrupt, and also stop where nothing else is said (“stop”)."""
    giving_up: Phrases = ()
    """Phrases of who gives up behind such a word (“stop, leave me alone”)."""
    undo_words: Words = frozenset()
    """Verbs of who gives up what was booked before (“cancel my table for Friday”)."""
