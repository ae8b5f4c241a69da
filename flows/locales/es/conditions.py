"""Spanish words of conditions."""

from __future__ import annotations

from typing import Final

from flows.locales.condition_words import ConditionWords
from flows.locales.folding import phrases, words

CONDITIONS: Final = ConditionWords(
    consents=phrases("confirma, acepta, está de acuerdo"),
    refusals=phrases("rechaza, niega, equivocad, incorrect, irrelevante, en silencio"),
    denials=words("no nunca"),
    empty_words=words("quiere pide pregunta dice necesita hablar sobre"),
    willing=phrases("dispuest, interesad, listo, lista"),
    any_answer_patterns=(
        r"\b(?:usuario|usuaria|cliente|clienta|persona)\b.{0,20}"
        r"\b(?:respond\w*|contest\w*|da|dado|indica|comparte|cuenta|describe)\b",
    ),
    articles=phrases("el, la, un, una"),
    people=words("cliente clienta usuario usuaria persona"),
    ignorance_patterns=(
        r"\bno (?:lo |la )?(?:sabe|conoce|tiene|encuentra|recuerda)\b",
        r"\b(?:perdido|olvidado|desconoce)\b",
    ),
    closing_words=words("gracias adiós despide"),
)
