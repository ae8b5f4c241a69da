"""Natural-language understanding without a model: confirmations, choices, numbers, phones, similarity."""

from __future__ import annotations

from flows.nlu.answers.choices import recognize_choice, recognize_choice_label
from flows.nlu.answers.label_words import find_labels
from flows.nlu.answers.names import (
    asks_for_any_name,
    asks_for_name,
    is_unlikely_name,
    read_name,
    without_naming,
)
from flows.nlu.answers.open_answers import (
    asks_back,
    is_unlikely_address,
    is_unlikely_code,
    says_nothing,
    without_lead,
    without_place,
)
from flows.nlu.answers.reasoned_answers import read_reasoned_answer
from flows.nlu.answers.reservations import asks_to_wait, is_reserved, is_unreserved_yes, postpones
from flows.nlu.clauses.inquiries import mask_inquiries
from flows.nlu.clauses.modified_names import (
    is_modified_name,
    is_same_shade,
    is_shaded,
    says_missing,
    split_at_marks,
)
from flows.nlu.clauses.negation import (
    denied_positions,
    doubted_positions,
    is_excepted,
    is_replaced,
    split_clauses,
)
from flows.nlu.clauses.neighbors import CLAUSE_END, is_among_unknown
from flows.nlu.clauses.other_subjects import mask_other_subjects
from flows.nlu.clauses.reports import is_about_past, mask_reports, new_date_only
from flows.nlu.clauses.subject_patterns import AskedWords, stems_of
from flows.nlu.confirmation import (
    AnswerVocabulary,
    answer_vocabulary,
    is_not_yet,
    negates_other_words,
    recognize_confirmation,
)
from flows.nlu.entities.births import states_birth
from flows.nlu.entities.claims import (
    EMAIL_PATTERN,
    find_phone_spans,
    mask_claimed,
    mask_code,
    mask_spans,
    without_contacts,
)
from flows.nlu.entities.number_parser import MAX_DIGITS, RecognizedNumber
from flows.nlu.entities.numbers import expand_fractions, recognize_numbers, spell_amounts
from flows.nlu.entities.pattern_entities import extract_pattern_matches
from flows.nlu.entities.phone_numbers import recognize_phone_numbers
from flows.nlu.quoted_text.quotations import UnquotedText, is_newest, may_quote, remove_quotations
from flows.nlu.quoted_text.transcript import Transcript
from flows.nlu.short_answers import (
    asks_for_agreement,
    is_ignorant,
    read_short_amount,
    read_short_answer,
    refuses_to_tell,
    wants_to_skip,
    without_courtesies,
)
from flows.nlu.speech_acts.doubts import (
    holds_under_condition,
    mask_doubts,
    mask_outdated,
    objects_to_value,
)
from flows.nlu.speech_acts.endings import denies_cancelling, only_halts
from flows.nlu.speech_acts.person_requests import asks_for_person, mentions_own_people, names_person
from flows.nlu.speech_acts.promised_actions import promises_action
from flows.nlu.speech_acts.retractions import text_after_retraction
from flows.nlu.speech_acts.side_questions import without_questions
from flows.nlu.speech_acts.wishes import (
    asks_about_action,
    asks_indirectly,
    has_wish,
    is_request,
    mentions_ending,
    refuses_wish,
    repeats_offer,
    states_fact,
)
from flows.nlu.words.condition_words import (
    EMPTY_CONDITION_WORDS,
    WORDS_FOR_USERS,
    expects_any_answer,
    expects_consent,
    expects_ignorance,
    expects_refusal,
    expects_willingness,
    without_subject,
)
from flows.nlu.words.lexicon import (
    content_words,
    imperatives,
    is_greeting,
    is_negated,
    is_negation,
    is_small_talk,
)
from flows.nlu.words.patterns import any_pattern, one_of
from flows.nlu.words.similarity import TfidfVectorizer, Vector, cosine_similarity, fit_vectorizer
from flows.nlu.words.stems import MIN_STEM, have_same_stem, stem_of

__all__ = [
    "CLAUSE_END",
    "EMAIL_PATTERN",
    "EMPTY_CONDITION_WORDS",
    "MAX_DIGITS",
    "MIN_STEM",
    "WORDS_FOR_USERS",
    "AnswerVocabulary",
    "AskedWords",
    "RecognizedNumber",
    "TfidfVectorizer",
    "Transcript",
    "UnquotedText",
    "Vector",
    "answer_vocabulary",
    "any_pattern",
    "asks_about_action",
    "asks_back",
    "asks_for_agreement",
    "asks_for_any_name",
    "asks_for_name",
    "asks_for_person",
    "asks_indirectly",
    "asks_to_wait",
    "content_words",
    "cosine_similarity",
    "denied_positions",
    "denies_cancelling",
    "doubted_positions",
    "expand_fractions",
    "expects_any_answer",
    "expects_consent",
    "expects_ignorance",
    "expects_refusal",
    "expects_willingness",
    "extract_pattern_matches",
    "find_labels",
    "find_phone_spans",
    "fit_vectorizer",
    "has_wish",
    "have_same_stem",
    "holds_under_condition",
    "imperatives",
    "is_about_past",
    "is_among_unknown",
    "is_excepted",
    "is_greeting",
    "is_ignorant",
    "is_modified_name",
    "is_negated",
    "is_negation",
    "is_newest",
    "is_not_yet",
    "is_replaced",
    "is_request",
    "is_reserved",
    "is_same_shade",
    "is_shaded",
    "is_small_talk",
    "is_unlikely_address",
    "is_unlikely_code",
    "is_unlikely_name",
    "is_unreserved_yes",
    "mask_claimed",
    "mask_code",
    "mask_doubts",
    "mask_inquiries",
    "mask_other_subjects",
    "mask_outdated",
    "mask_reports",
    "mask_spans",
    "may_quote",
    "mentions_ending",
    "mentions_own_people",
    "names_person",
    "negates_other_words",
    "new_date_only",
    "objects_to_value",
    "one_of",
    "only_halts",
    "postpones",
    "promises_action",
    "read_name",
    "read_reasoned_answer",
    "read_short_amount",
    "read_short_answer",
    "recognize_choice",
    "recognize_choice_label",
    "recognize_confirmation",
    "recognize_numbers",
    "recognize_phone_numbers",
    "refuses_to_tell",
    "refuses_wish",
    "remove_quotations",
    "repeats_offer",
    "says_missing",
    "says_nothing",
    "spell_amounts",
    "split_at_marks",
    "split_clauses",
    "states_birth",
    "states_fact",
    "stem_of",
    "stems_of",
    "text_after_retraction",
    "wants_to_skip",
    "without_contacts",
    "without_courtesies",
    "without_lead",
    "without_naming",
    "without_place",
    "without_questions",
    "without_subject",
]
