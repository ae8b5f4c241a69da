"""English endings of words."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import phrases, words
from flows.locales.word_forms import WordForms

WORD_FORMS: Final = WordForms(
    endings=phrases(
        "s, es, ed, ing, ings, e, er, ers, ered, ering, ery, eries, y, ies, ied, al, als, ation, ations, "
        "ion, "
        "ions, ment, ments"
    ),
    irregular={
        "broke": "break", "broken": "break", "stole": "steal", "stolen": "steal",
        "lost": "lose", "loss": "lose", "losing": "lose", "paid": "pay", "payment": "pay", "paying": "pay",
        "sent": "send", "bought": "buy", "brought": "bring", "sold": "sell", "left": "leave",
        "leaving": "leave", "moved": "move", "moving": "move", "hired": "hire", "hiring": "hire",
        "complaint": "complain", "complaints": "complain", "taken": "take", "taking": "take",
    },
    doubles_consonants=True,
    inflections=words("s es"),
)  # fmt: skip
