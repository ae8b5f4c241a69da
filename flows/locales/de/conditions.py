"""German words of conditions."""

from __future__ import annotations

from typing import Final

from flows.locales.condition_words import ConditionWords
from flows.locales.folding import phrases, words

CONDITIONS: Final = ConditionWords(
    consents=phrases("bestätig, stimmt zu, stimm zu, zustimm, einverstanden, bejah"),
    refusals=phrases("kein, ablehn, verneint, widerspr, weiger, falsch, irrelevant, unsinn, schweig"),
    denials=words("nicht"),
    refusal_patterns=(r"\blehnt .{0,40}\bab\b",),
    empty_words=words("möchte fragt gibt nennt sagt nach will"),
    willing=phrases("bereit, interessier"),
    any_answer_patterns=(
        r"\b(?:nutzer|nutzerin|kunde|kundin|anrufer|anruferin|gast)\b.{0,20}"
        r"\b(?:antwort\w*|erwider\w*|reagier\w*|nennt|gibt|teilt|erzahlt|schildert|beschreibt)\b",
    ),
    articles=phrases("der, die, das, ein, eine"),
    people=words("kunde kundin gast person nutzer nutzerin"),
    ignorance_patterns=(
        r"\b(?:weiss|kennt|hat|findet)\b.*\b(?:nicht|kein\w*)\b",
        r"\b(?:verloren|vergessen|unbekannt)\b",
    ),
    closing_words=words("dank bedankt danke tschüss verabschiedet auf wiedersehen"),
)
