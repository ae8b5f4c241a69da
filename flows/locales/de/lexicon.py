"""German words for the recognizers."""

from __future__ import annotations

from typing import Final

from flows.locales.de.answers import ANSWERS
from flows.locales.de.choices import CHOICES
from flows.locales.de.clauses import CLAUSES
from flows.locales.de.conditions import CONDITIONS
from flows.locales.de.dates import DATES
from flows.locales.de.hand_off import HAND_OFF
from flows.locales.de.names import NAMES
from flows.locales.de.numbers import NUMBERS
from flows.locales.de.short_answers import SHORT_ANSWERS
from flows.locales.de.speech_acts import SPEECH_ACTS
from flows.locales.de.subjects import SUBJECTS
from flows.locales.de.times import TIMES
from flows.locales.de.word_forms import WORD_FORMS
from flows.locales.folding import phrases, words
from flows.locales.lexicon import Lexicon

LEXICON: Final = Lexicon(
    language_names=words("deutsch german allemand aleman"),
    also_reads=("en",),
    region="DE",
    fillers=words(
        "aber als an auch auf aus bei bin bitte bist da danke das dass dem den der des die dies doch du ein "
        "eine einem einen einer er es etwas euch für gern habe haben hat hatte ich ihnen ihr ihre im in ist "
        "kann können konnte mal man mein meine meinem meinen meiner mich mir mit möchte muss noch nun nur "
        "oder schon sein seine sich sie sind so über um und uns vom von was wann wegen wenn wer werden wie "
        "wir wird wo wollte zu zum zur"
    ),
    marker_words=words("ja nein nicht kein guten tag hallo moin servus"),
    language_request_words=words("sprechen sprache sprichst auf"),
    greetings=words("hallo hola guten morgen tag abend moin servus grüß gott zusammen"),
    greeting_patterns=(
        r"gute[nr]? (?:morgen|tag|abend|nacht)",
        r"^(?:'?n )?(?:morgen|tag|abend)[,.!]*\s+(?=(?:ich|wir|mein|meine|kann|konnen|konnten|ist|habt"
        r"|haben)\b)",
    ),
    thanks=words(
        "danke dank dankeschön merci tschüss tschau ciao super perfekt prima wiedersehen wiederhören "
        "alles klar ok"
    ),
    thanks_companions=words(
        "vielen schönen schon noch auf gut tag abend wochenende feierabend schönes lieben liebe herzlichen "
        "herzlich tausend nochmal euch ihnen dir mal"
    ),
    negations=words(
        "nicht nein niemand niemanden niemandem kein keine keinen keinem keiner keines nie niemals ohne weder"
    ),
    value_negations=phrases("nicht"),
    trailing_negations=words("nicht"),
    correction_words=words("nein doch eigentlich meine sondern entschuldigung spaß scherz quatsch"),
    question_words=words(
        "wann was wie wo warum wer haben hat habt sind ist gibt kann können darf "
        "was'n wasn wie's wo's wann's wer's"
    ),
    politeness=phrases("bitte, bitteschön, bidde, bidde, plz, dann"),
    and_words=phrases("und"),
    or_words=phrases("oder"),
    contractions=frozenset(("'s", "'n")),
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
