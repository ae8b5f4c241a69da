"""English words that make the name of a choice another one."""

from __future__ import annotations

from typing import Final

from flows.locales.choice_words import ChoiceWords
from flows.locales.folding import words

CHOICES: Final = ChoiceWords(
    colours=words(
        "blue red green yellow orange purple violet pink brown black white grey gray beige gold silver "
        "turquoise navy light dark"
    ),
    sizes=words("small medium large big little tall short long wide narrow thin thick slim"),
    strengths=words("hot cold warm mild spicy sweet strong weak soft hard"),
    degrees=words(
        "extra xtra x xl xxl ultra super very extremely double triple half semi quasi almost nearly non mini "
        "maxi mega slightly pretty fairly "
        "gift kids kids' children's"
    ),
    degree_links=words("as so of a the"),
    companions=words(
        "gimme pick picking choose choosing wear wears wearing buy buying prefer rather definitely probably "
        "all only pure plain simply either plus size colour color shade one ones something go going gonna "
        "wanna try ordered order stick sticking with give"
    ),
    missing_patterns=(
        r"\b(?:lost|stolen|broken|expired|blocked)\b",
        r"\b(?:i|we)(?:'ve| have)? (?:already (?:have|got|own|know|had)|have already)\b",
        r"\bhave (?:\w+ ){0,3}at home\b",
    ),
    comparisons_before=(r"\bthan (?:an? |the |my )?$", r"\bas \w+ as (?:an? |the )?$"),
    comparisons_behind=(r"than\b", r"like (?:my|the|a|an|his|her|our)\b", r"as (?:an?|my|possible)\b"),
)
