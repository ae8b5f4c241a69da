"""English words for the recognizers."""

from __future__ import annotations

from typing import Final

from flows.locales.en.answers import ANSWERS
from flows.locales.en.choices import CHOICES
from flows.locales.en.clauses import CLAUSES
from flows.locales.en.conditions import CONDITIONS
from flows.locales.en.dates import DATES
from flows.locales.en.hand_off import HAND_OFF
from flows.locales.en.names import NAMES
from flows.locales.en.numbers import NUMBERS
from flows.locales.en.short_answers import SHORT_ANSWERS
from flows.locales.en.speech_acts import SPEECH_ACTS
from flows.locales.en.subjects import SUBJECTS
from flows.locales.en.times import TIMES
from flows.locales.en.word_forms import WORD_FORMS
from flows.locales.folding import phrases, words
from flows.locales.lexicon import Lexicon

LEXICON: Final = Lexicon(
    language_names=words("english englisch anglais ingles"),
    also_reads=("de",),
    region="",
    fillers=words(
        "a am an and are as at be by can could d do does for from get got had has have hello hey hi how i "
        "i'd i'll i'm i've id if im in is it it's its ive just like ll m me my of on or our please pls plz s "
        "so some t thank thanks that that's the their them then there they this to um us want was we what "
        "when where which will with would you your"
    ),
    marker_words=words("yes not don't good morning hello"),
    language_request_words=words("speak language switch talk write in to do pls plz"),
    greetings=words("hello hi hey good morning afternoon evening day there start everyone team"),
    greeting_patterns=(
        r"good (?:morning|afternoon|evening)",
        r"^(?:morning|afternoon|evening)(?: all| everyone| there| guys)?[,.!]*\s+"
        r"(?=(?:i|i'd|i'm|i've|we|we'd|my|our|can|could|hi|hello|is|are|do|does|just)\b)",
    ),
    thanks=words(
        "thanks thank thx ty cheers great perfect wonderful lovely brilliant ok okay bye "
        "goodbye yes cool nice"
    ),
    thanks_companions=words(
        "evening weekend morning afternoon again keep up work bye you so very much a lot have "
        "day night good see later then and well that's thats that is all it "
        "for your "
        "help"
    ),
    negations=words(
        "not no never nobody noone don't dont doesn't didn't isn't isnt wasn't without neither nor "
        "cannot can't"
    ),
    negation_suffixes=phrases("n't"),
    value_negations=phrases("not, never, cannot, isn't, isnt"),
    trailing_negations=words("not"),
    correction_words=words("sorry no actually wait mean rather correction instead oops kidding joking"),
    question_words=words(
        "whats hows wheres whos whens what's how's where's who's when's "
        "are is was were do does did can could may what when where which who why how"
    ),
    politeness=phrases("please, pls, plz, pleez, then"),
    and_words=phrases("and"),
    or_words=phrases("or"),
    stop_words=words(
        "a an the i i'm im my me you your u we our it its is are am be been to of in on at for and or so "
        "please hi hello hey thanks thank just would could can will do does did have has had this that"
    ),
    contractions=frozenset(("'s",)),
    contraction_patterns=(r"'(?:s|m|d|ll|ve|re)",),
    abbreviations={"u": "you", "ur": "your", "r": "are"},
    answers=ANSWERS,
    choices=CHOICES,
    clauses=CLAUSES,
    conditions=CONDITIONS,
    dates=DATES,
    forms=WORD_FORMS,
    hand_off=HAND_OFF,
    names=NAMES,
    numbers=NUMBERS,
    short_answers=SHORT_ANSWERS,
    speech_acts=SPEECH_ACTS,
    subjects=SUBJECTS,
    times=TIMES,
)
