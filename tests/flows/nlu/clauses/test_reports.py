from __future__ import annotations

import pytest

from flows.nlu import AskedWords, mask_other_subjects, mask_reports, stems_of
from flows.text import normalize


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "my brother wants large"),
        ("en", "he wants large"),
        ("en", "my wife would take a large one"),
        ("de", "mein Bruder will groß"),
        ("de", "meine Frau hätte gern groß"),
        ("de", "er will groß"),
        ("es", "mi hermano quiere la grande"),
        ("es", "a mi mujer le gustaría la grande"),
        ("es", "él quiere la grande"),
    ],
)
def test_the_wish_of_somebody_else_is_no_answer(language: str, text: str) -> None:
    assert mask_reports(text, language).strip(" ;") == ""


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "my wife wants large after all"),
        ("en", "I want large"),
        ("de", "ich will groß"),
        ("es", "quiero la grande"),
    ],
)
def test_the_wish_of_the_user_is_kept(language: str, text: str) -> None:
    assert mask_reports(text, language) == text


@pytest.mark.parametrize(
    ("language", "text", "kept"),
    [
        ("en", "my brother wears small but I need large", "but I need large"),
        ("de", "mein Bruder trägt klein, ich brauche groß", "ich brauche groß"),
        ("es", "mi hermano lleva la pequeña, yo necesito la grande", "yo necesito la grande"),
    ],
)
def test_the_user_s_own_clause_is_kept_beside_it(language: str, text: str, kept: str) -> None:
    assert mask_reports(text, language).strip(" ;,") in (kept, normalize(kept))


@pytest.mark.parametrize(
    ("language", "text"), [("es", "mi mujer dijo que sí"), ("en", "my wife said that yes is fine")]
)
def test_what_another_one_has_said_is_left_out_with_its_clause(language: str, text: str) -> None:
    asked = AskedWords(language, stems_of(frozenset(), language))
    assert mask_other_subjects(text, asked).strip(" ;") == ""
