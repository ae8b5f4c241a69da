"""German words of a request for a person of the business."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.hand_off_words import HandOffWords

HAND_OFF: Final = HandOffWords(
    people=words(
        "mensch menschen person mitarbeiter mitarbeiterin berater beraterin kollege kollegen kollegin jemand "
        "jemandem jemanden chef vorgesetzter vorgesetzten kundenservice kundendienst "
        "sachbearbeiter ansprechpartner"
    ),
    people_phrases=phrases("echte person, echten menschen, support team"),
    anybody=words("jemand jemandem jemanden"),
    contact_wishes=phrases(
        "rückruf von, holen sie mir, hol mir, sprechen, reden, ruft mich an, rufen sie mich an, "
        "mich anrufen, anrufen, verbinden, verbinde "
        "mich, ich will einen, ich mochte einen, ich "
        "brauche einen, ich will zu, "
        "weiterleiten, durchstellen, gib mir, geben sie mir, telefonieren, schreiben mit"
    ),
    contact_verbs=phrases("sprechen, reden, verbinden, verbinde, verbindet, durchstellen, weiterleiten"),
    direct_wishes=phrases(
        "verbinden sie mich, verbinde mich, stellen sie mich durch, stell mich durch, mich "
        "durchstellen, mich verbinden"
    ),
    presence_patterns=(r"\bgib(?:t es|ts|t's) (?:\w+ ){0,4}(?:echte[nr]? )?menschen\b",),
    help_wishes=phrases(
        "übernehmen, übernimmt, kümmern, kümmert, helfen, hilft, ansehen, anschauen, anschaut, "
        "ansieht, bearbeiten, "
        "beantworten, drum kümmern"
    ),
    callback_wishes=phrases(
        "mich anrufen, mich zurückrufen, uns anrufen, uns zurückrufen, zurückrufen, zurückruft, mich anruft, "
        "uns anruft, bei mir melden, mich kontaktieren"
    ),
    callback_leads=words("kann könnte können könnten soll möge bitte möchte will brauche dass"),
    errands=phrases(
        "muss noch, muss nur noch, muss erst, muss das noch, muss das erst, muss es noch, muss "
        "es erst, muss vorher, "
        "müssen noch, müssen erst, müssen nur noch, muss ich noch, muss ich erst, will vorher, "
        "will vorher noch"
    ),
)
