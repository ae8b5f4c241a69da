"""The contract of a language pack, checked for every folder under flows/locales."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels._kit.rendering.sms_segments import count_segments, to_gsm7_friendly
from flows import locales
from flows.locales import ENGLISH, LANGUAGES, PACK_LEXICONS, language_markers, lexicon_for, messages_for
from flows.nlu import (
    expects_consent,
    expects_refusal,
    is_greeting,
    mask_reports,
    recognize_choice,
    recognize_confirmation,
    recognize_numbers,
    without_subject,
)
from flows.nlu.datetimes import (
    complete_hour_answer,
    recognize_dates,
    recognize_relative_dates,
    recognize_times,
)
from flows.text import normalize, tokenize
from tests.effort import example_count
from tests.flows.conversation import TODAY

pytestmark = pytest.mark.parametrize("language", LANGUAGES)

_FOLDER = Path(locales.__file__).parent
_SHARED_MODULES = {"__future__", "typing", *(f"flows.locales.{file.stem}" for file in _FOLDER.glob("*.py"))}
_MAX_SMS_SEGMENTS = 3


def _find_empty_fields(part: Any, path: str = "") -> Iterator[str]:
    for each in fields(part):
        value, name = getattr(part, each.name), f"{path}{each.name}"
        is_optional = each.default is not MISSING or each.default_factory is not MISSING
        if is_dataclass(value):
            yield from _find_empty_fields(value, f"{name}.")
        elif not is_optional and value in ("", (), frozenset(), {}):
            yield name


def _list_texts(language: str) -> dict[str, str]:
    messages = messages_for(language)
    return {
        f"{each.name}[{index}]": text
        for each in fields(messages)
        for value in [getattr(messages, each.name)]
        for index, text in enumerate(value if isinstance(value, tuple) else (value,))
    }


def _find_placeholders(text: str) -> list[str]:
    return sorted({name for _, name, _, _ in string.Formatter().parse(text) if name is not None})


def _recognize_days(text: str, language: str) -> list[str]:
    return [item.value for item in recognize_relative_dates(text, language, TODAY)]


def test_a_pack_is_complete(language: str) -> None:
    # a language may lack a library's number grammar, a single phone region, and companions to read
    empty = set(_find_empty_fields(PACK_LEXICONS[language])) - {
        "region",
        "also_reads",
        "numbers.text2num_code",
    }
    assert empty == set()
    assert all(_list_texts(language).values())


def test_a_pack_needs_nothing_outside_its_folder(language: str) -> None:
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for file in (_FOLDER / language).glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert {name for name in imported if not name.startswith(f"flows.locales.{language}.")} <= _SHARED_MODULES
    assert set(PACK_LEXICONS[language].also_reads) <= set(LANGUAGES) - {language}


def test_messages_have_the_placeholders_of_the_english_ones(language: str) -> None:
    english = {name: _find_placeholders(text) for name, text in _list_texts("en").items()}
    for name, text in _list_texts(language).items():
        expected = english.get(name, [])
        # a placeholder may be used twice, or in another order, but none may be new or missing
        assert set(_find_placeholders(text)) == set(expected), name


def test_apologies_alternate_as_the_english_ones_do(language: str) -> None:
    messages = messages_for(language)
    for each in fields(messages):
        if isinstance(getattr(messages, each.name), tuple) and not each.name.endswith("_words"):
            assert len(getattr(messages, each.name)) >= len(getattr(ENGLISH, each.name)), each.name


def test_a_message_fits_into_a_few_text_messages(language: str) -> None:
    too_long = {
        name: count_segments(to_gsm7_friendly(text))
        for name, text in _list_texts(language).items()
        if count_segments(to_gsm7_friendly(text)).count > _MAX_SMS_SEGMENTS
    }
    assert too_long == {}


def test_there_are_twelve_months_and_seven_weekdays(language: str) -> None:
    dates = PACK_LEXICONS[language].dates
    assert (len(dates.months), len(dates.weekdays)) == (12, 7)
    assert len(messages_for(language).months.split()) == 12
    spellings = [name for names in dates.months for name in names]
    assert len(set(spellings)) == len(spellings)
    assert set(dates.short_weekdays.values()) == set(range(7))


def test_each_confirming_word_is_a_yes_and_each_refusing_word_a_no(language: str) -> None:
    answers = PACK_LEXICONS[language].answers
    yes = {
        *answers.yes,
        *answers.correct,
        *answers.emphatic_yes,
        *answers.yes_phrases,
        *answers.yes_alone,
        "👍",
    }
    no = {*answers.no, *answers.incorrect, *answers.no_phrases, *answers.no_alone, "👎"}
    assert {text for text in yes if recognize_confirmation(text, language) is not True} == set()
    assert {text for text in no if recognize_confirmation(text, language) is not False} == set()
    assert {
        text for text in answers.doubt_phrases if recognize_confirmation(text, language) is not None
    } == set()


def test_conditions_expect_a_yes_or_a_no_and_never_both(language: str) -> None:
    conditions = PACK_LEXICONS[language].conditions
    for phrase in conditions.consents:
        assert (expects_consent(phrase), expects_refusal(phrase)) == (True, False), phrase
    for phrase in (*conditions.refusals, *conditions.denials):
        assert (expects_consent(phrase), expects_refusal(phrase)) == (False, True), phrase
    for article in conditions.articles:
        assert without_subject(f"{article} person pays") == "pays"


def test_stories_of_the_past_and_of_others_hold_no_answer(language: str) -> None:
    clauses, names = PACK_LEXICONS[language].clauses, PACK_LEXICONS[language].names
    assert clauses.past_phrases
    assert clauses.hypotheses
    for phrase in (*clauses.past_phrases, *clauses.hypotheses):
        assert "7" not in mask_reports(f"{phrase} 7", language), phrase
    owner, verb = sorted(names.owners)[0], sorted(clauses.action_verbs)[0]
    for person in names.relatives:
        assert "7" not in mask_reports(f"{owner} {person} {verb} 7", language), person


def test_no_word_is_both_a_yes_and_a_no(language: str) -> None:
    answers = lexicon_for(language).answers
    yes = answers.yes | answers.correct | answers.emphatic_yes | answers.yes_alone | {*answers.yes_phrases}
    no = answers.no | answers.incorrect | answers.no_alone | {*answers.no_phrases}
    assert yes & no == set()


def test_each_number_word_is_read(language: str) -> None:
    by_name = PACK_LEXICONS[language].numbers.by_name
    assert set(by_name.values()) == {*range(21), *range(30, 100, 10)}
    for name, number in by_name.items():
        assert [item.value for item in recognize_numbers(name, language)] == [number], name


def test_a_choice_is_named_by_each_position(language: str) -> None:
    from core.model import Choice

    offered = [Choice(label=f"label {letter}", payload=letter) for letter in "abcdefghijkl"]
    for name, number in PACK_LEXICONS[language].numbers.positions.items():
        assert recognize_choice(name, offered, language) == offered[number - 1], name


def test_amounts_are_read_with_the_decimal_mark_of_the_language(language: str) -> None:
    decimal, group = (",", ".") if PACK_LEXICONS[language].numbers.decimal_comma else (".", ",")
    assert [item.value for item in recognize_numbers(f"1{group}234{decimal}5", language)] == [1234.5]
    assert [item.value for item in recognize_numbers(f"1{group}234", language)] == [1234]


def test_each_near_day_is_resolved(language: str) -> None:
    for name, distance in PACK_LEXICONS[language].dates.near_days.items():
        assert _recognize_days(name, language) == [(TODAY + timedelta(distance)).isoformat()], name


def test_each_weekday_is_the_next_one(language: str) -> None:
    for number, names in enumerate(PACK_LEXICONS[language].dates.weekdays):
        for name in names:
            (day,) = _recognize_days(name, language)
            assert date.fromisoformat(day).weekday() == number, name
            assert timedelta(0) < date.fromisoformat(day) - TODAY <= timedelta(7), name


def test_a_duration_is_counted_from_today(language: str) -> None:
    dates = PACK_LEXICONS[language].dates
    ahead = dates.in_words[0]
    for name, number in dates.counts.items():
        for patterns, length in ((dates.day_unit_patterns, 1), (dates.week_unit_patterns, 7)):
            unit = re.sub(r"(\w)\?", r"\1", patterns[0])
            assert _recognize_days(f"{ahead} {name} {unit}", language) == [
                (TODAY + timedelta(number * length)).isoformat()
            ], (name, unit)


def test_an_ambiguous_hour_is_asked_about_and_each_part_of_the_day_answers(language: str) -> None:
    messages, times = messages_for(language), PACK_LEXICONS[language].times
    assert {"early", "late"} <= set(times.day_periods)
    question = messages.ambiguous_hour.format(9)
    (asked,) = recognize_times(f"{times.prepositions[0]} 9", language)
    assert asked.error_message == question
    for answer, period in times.period_answers.items():
        (item,) = recognize_times(complete_hour_answer(answer, question, language), language)
        assert item.value in ("09:00", "21:00"), (answer, period)


def test_each_hour_word_is_read(language: str) -> None:
    times = PACK_LEXICONS[language].times
    for name, hour in times.hours.items():
        if name not in times.article_hours:
            (item,) = recognize_times(f"{times.prepositions[0]} {name}", language)
            assert item.value == f"{hour:02}:00" or str(hour) in item.error_message or hour == 12, name


@settings(max_examples=example_count(40))
@given(day=st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)))
def test_a_date_in_the_format_of_the_language_is_read_back(language: str, day: date) -> None:
    (item,) = recognize_dates(messages_for(language).format_date(day), language)
    assert item.value == day.isoformat()


@settings(max_examples=example_count(40))
@given(distance=st.integers(min_value=0, max_value=364))
def test_a_day_of_the_coming_year_is_read_back_without_its_year(language: str, distance: int) -> None:
    day = TODAY + timedelta(distance)
    text = re.sub(rf"\W*(?:de )?{day.year}$", "", messages_for(language).format_date(day))
    assert _recognize_days(text, language) == [day.isoformat()]


def test_a_greeting_is_neither_a_day_nor_an_answer(language: str) -> None:
    pack = PACK_LEXICONS[language]
    assert is_greeting(sorted(pack.greetings)[0], language)
    for word in pack.greetings | pack.thanks:
        assert recognize_confirmation(word, language) is not False, word


def test_languages_are_distinguished_by_their_own_words(language: str) -> None:
    everything = frozenset(LANGUAGES)
    own = language_markers(language, everything)
    assert own
    for other in everything - {language}:
        assert own & language_markers(other, everything) == set()


def test_words_are_folded(language: str) -> None:
    for name, value in PACK_LEXICONS[language]:
        if name.endswith(("_patterns", "spellings", "period_answers", "day_periods")):
            continue
        for word in value if isinstance(value, frozenset | tuple | dict) else ():
            for spelling in word if isinstance(word, tuple) else (word,):
                assert normalize(spelling) == spelling, name
                assert tokenize(spelling), name
