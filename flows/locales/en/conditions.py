"""English words of conditions."""

from __future__ import annotations

from typing import Final

from flows.locales.condition_words import ConditionWords
from flows.locales.folding import phrases, words

CONDITIONS: Final = ConditionWords(
    consents=phrases("yes, agree, confirm, accept, correct, affirm, consent"),
    refusals=phrases(
        "unable, fail, irrelevant, nonsense, silent, disagree, declin, refus, reject, incorrect, wrong, "
        "deny, "
        "denies, negative"
    ),
    denials=words("no not never none nothing"),
    refusal_patterns=(r"\w*n't\b", r"\bchanges? (?:their|his|her) mind"),
    empty_words=words(
        "wants want would like likes needs need asks ask says say gives give names name has have talk speak "
        "chooses choose about with their they them question questions information something someone somebody "
        "another other user customer client guest member will"
    ),
    articles=phrases("the, a, an"),
    ignorance_patterns=(
        r"\b(?:not|n't|cannot|never|without)\b(?: \w+)? (?:know|have|find|remember|read|sure)",
        r"\bn't (?:know|have|find|remember|read)",
        r"\b(?:lost|unknown|forgot|forgotten|unsure)\b",
    ),
    willing=phrases("ready, interest, positive, want"),
    any_answer_patterns=(
        r"\b(?:user|customer|caller|client|they)\b.{0,20}"
        r"\b(?:respon\w*|repl\w*|answer\w*|greet\w*|acknowledg\w*|provid\w*|gives?|gave|given|shar\w*"
        r"|tells?|told)\b",
    ),
    people=words("user customer caller client guest person"),
    closing_words=words("thanks thank bye goodbye"),
)
