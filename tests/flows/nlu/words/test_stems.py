"""Stems: forms of one word match, different words do not."""

from __future__ import annotations

from itertools import pairwise

import pytest

from flows.nlu import have_same_stem
from flows.text import tokenize


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("de", "abgeholt abholen Abholung abzuholen abhole"),
        ("de", "geliefert liefern Lieferung liefert"),
        ("de", "gebracht bringen bringt"),
        ("de", "repariert Reparatur reparieren"),
        ("de", "gemietet mieten Miete"),
        ("en", "deliver delivery delivered delivering"),
        ("en", "cancel cancelled cancellation"),
        ("en", "camp camping"),
        ("es", "cancelar cancelación cancelo cancelarla"),
        ("es", "entrega entregar entregado"),
        ("es", "reservar reserva reservado"),
    ],
)
def test_forms_of_a_word_have_the_same_stem(language: str, forms: str) -> None:
    for one, other in pairwise(tokenize(forms)):
        assert have_same_stem(one, other, language), (one, other)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("de", "abholen", "aufholen"),
        ("de", "karte", "kasten"),
        ("en", "order", "border"),
        ("en", "late", "later"),
        ("es", "casa", "caso"),
    ],
)
def test_other_words_have_not(language: str, one: str, other: str) -> None:
    assert not have_same_stem(one, other, language)
