"""German endings of words."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.word_forms import WordForms

WORD_FORMS: Final = WordForms(
    endings=phrases(
        "e, en, n, t, st, est, s, es, em, er, ere, ern, ert, erst, erte, erten, ung, ungen, erung, "
        "erungen, ieren, iere, iert, ierte, ierten, ierung, ierungen, atur, aturen"
    ),
    irregular={
        "brachen": "bring", "brachte": "bring", "nommen": "nehm", "nimmt": "nehm", "nahm": "nehm",
        "schrieben": "schreib", "schrieb": "schreib", "sprochen": "sprech", "brochen": "brech",
        "stohlen": "stehl", "zogen": "zieh", "umzug": "umzieh", "gangen": "geh",
        "ruckgabe": "zuruckgeb", "boten": "biet", "schoben": "schieb", "verschoben": "verschieb",
        "liehen": "leih", "verleih": "verleih", "verlust": "verlier", "verloren": "verlier",
        "verlieren": "verlier", "verliere": "verlier",
    },
    participle_prefixes=phrases("ge, zu"),
    participle_endings=phrases("t, et, en, te, ten, ter, tes, ene, enen, ener, enes"),
    inflections=words("e en er es em n s"),
    infinitive_ending="en",
    verb_prefixes=phrases("ein, ab, auf, aus, an, vor, zu, um, fest, durch, mit, weiter, zurück, los"),
    joins_words=True,
)  # fmt: skip
