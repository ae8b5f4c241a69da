"""Spanish words of conditions."""

from __future__ import annotations

from typing import Final

from flows.locales.lexicon import ConditionWords, phrases, words

CONDITIONS: Final = ConditionWords(
    consents=phrases("confirma, acepta, está de acuerdo"),
    refusals=phrases("rechaza, niega"),
    denials=words("no nunca"),
    empty_words=words("quiere pide pregunta dice necesita hablar sobre"),
    articles=phrases("el, la, un, una"),
    people=words("cliente clienta usuario usuaria persona"),
    ignorance_patterns=(
        r"\bno (?:lo |la )?(?:sabe|conoce|tiene|encuentra|recuerda)\b", r"\b(?:perdido|olvidado|desconoce)\b",
    ),
)
