"""Spanish words for the recognizers."""

from __future__ import annotations

from typing import Final

from flows.locales.es.answers import ANSWERS
from flows.locales.es.choices import CHOICES
from flows.locales.es.clauses import CLAUSES
from flows.locales.es.conditions import CONDITIONS
from flows.locales.es.dates import DATES
from flows.locales.es.hand_off import HAND_OFF
from flows.locales.es.names import NAMES
from flows.locales.es.numbers import NUMBERS
from flows.locales.es.short_answers import SHORT_ANSWERS
from flows.locales.es.speech_acts import SPEECH_ACTS
from flows.locales.es.subjects import SUBJECTS
from flows.locales.es.times import TIMES
from flows.locales.es.word_forms import WORD_FORMS
from flows.locales.folding import phrases, words
from flows.locales.lexicon import Lexicon

LEXICON: Final = Lexicon(
    language_names=words("español castellano spanish spanisch espagnol"),
    also_reads=(),
    region="ES",
    fillers=words(
        "a al algo ante aquí así aún con cual cuál cuando cuándo de del donde dónde el "
        "ella ellos en era es esa "
        "ese eso esta está están este esto estoy favor fue gracias ha hay he hola la las "
        "le les lo los me mi mis "
        "muy nos o para pero por porque pues puede puedo que qué quería quiero quisiera "
        "se ser si son soy su sus "
        "oye oiga oigan te tengo tiene tu un una usted ustedes y ya yo"
    ),
    marker_words=words("sí no buenos buenas días tardes noches cómo también necesito mañana"),
    language_request_words=words("hablar habla hablas hablo idioma en cambiar escribir puede"),
    greetings=words("hola buenas buenos buen día días tardes noches saludos qué tal a todos"),
    greeting_patterns=(r"buen[oa]s? (?:dias?|tardes|noches)",),
    thanks=words(
        "gracias genial perfecto estupendo fenomenal excelente vale ok okay adiós chao bien listo igualmente"
    ),
    thanks_companions=words(
        "buen buena día tarde noche fin semana mil infinitas muchas muchísimas mil por todo la "
        "ayuda muy a usted hasta luego pronto que "
        "tenga un buen día de acuerdo"
    ),
    negations=words("no nadie nunca jamás ni sin tampoco ningún ninguno ninguna nada"),
    value_negations=phrases("no, ni"),
    trailing_negations=words("no"),
    correction_words=words(
        "perdón perdona perdone disculpa disculpe no mejor digo quería decir corrección sino realidad broma"
    ),
    question_words=words(
        "qué cuál cuáles cuándo cuánto cuánta cuántos cuántas cómo dónde quién quiénes "
        "puedo pueden hay tienen"
    ),
    politeness=phrases("por favor, porfavor, porfa, porfi, porfis, por fa, xfa, xfavor, plis, pls, entonces"),
    and_words=phrases("y, e"),
    or_words=phrases("o, u"),
    stop_words=words(
        "estaba estaban estamos estar están estuvo era eran es son fue "
        "a al con de del el en es la las lo los me mi mis para por que se su sus un una unos unas y o le les "
        "hola gracias favor usted quiero quería quisiera puedo puede este esta eso"
    ),
    abbreviations={"q": "que", "xq": "porque", "pq": "porque", "tb": "tambien", "x": "por"},
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
