"""German words that make the name of a choice another one."""

from __future__ import annotations

from typing import Final

from flows.locales.choice_words import ChoiceWords
from flows.locales.folding import words

CHOICES: Final = ChoiceWords(
    colours=words(
        "blau rot grün gelb orange lila violett rosa pink braun schwarz weiß grau beige gold silber türkis "
        "hell dunkel"
    ),
    sizes=words("klein mittel groß kurz lang breit schmal dünn dick"),
    strengths=words("heiß kalt warm mild scharf süß stark schwach weich hart"),
    degrees=words(
        "extra xl xxl ultra super sehr besonders äußerst extrem doppelt dreifach halb fast beinahe nahezu "
        "ziemlich recht mini maxi mega leicht"
    ),
    degree_links=words("so"),
    companions=words(
        "nimm nimmst liebe mag finde wähle trage trag kaufe probiere bestelle bestell schlicht rein ganz "
        "alles größe farbe "
        "stück eins schönes gutes normales normal"
    ),
    missing_patterns=(
        r"\b(?:verloren|gestohlen|geklaut|kaputt|abgelaufen|gesperrt)\b",
        r"\b(?:habe?|haben|kann|konnen|kenne) (?:ich |wir )?(?:\w+ )?schon\b|\bschon zu hause\b",
    ),
    joined_prefixes=words("kinder geschenk halb über super extra mini maxi nicht"),
    comparisons_before=(
        r"\bals (?:die |das |der |den )?$",
        r"\bso \w+ wie (?:die |das |der |den |ein |eine )?$",
    ),
    comparisons_behind=(r"als\b", r"wie (?:mein|dein|die|der|das|ein|eine|moglich)\b"),
)
