from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.templating import Guard, TextTemplate, expression_error, template_error
from flows.templating.template import MAX_TEXT_LENGTH


def test_an_unknown_name_is_empty_text() -> None:
    assert TextTemplate("Hello {{ who.name }}!").render({}) == "Hello !"


def test_what_a_user_said_is_data_and_never_source() -> None:
    said = "{{ 7 * 7 }}{% for x in range(9) %}a{% endfor %}"
    assert TextTemplate("You said {{ said }}").render({"said": said}) == f"You said {said}"


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ said.append(1) }}",
        "{{ 1 / 0 }}",
        "{{ range(10000000) | list }}",
        "{{ cycler.__init__.__globals__ }}",
    ],
)
def test_a_template_cannot_leave_the_sandbox(source: str) -> None:
    assert TextTemplate(source).render({"said": ["x"]}) == ""


def test_a_text_is_bounded() -> None:
    assert len(TextTemplate("{{ 'x' * 99999 }}yz").render({})) == MAX_TEXT_LENGTH


def test_a_date_is_written_as_people_do() -> None:
    assert TextTemplate("{{ day | date }}, {{ word | date }}").render(
        {"day": "1990-04-03", "word": "soon"}
    ) == ("3 April 1990, soon")


def test_a_guard_that_cannot_be_evaluated_is_false() -> None:
    assert Guard("count > 1").is_true({"count": 2})
    assert not Guard("count > 1").is_true({"count": 1})
    assert not Guard("count > 1").is_true({})


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{{ a", "This is not a Jinja template: unexpected end of template"),
        ("{{ a | loud }}", "Jinja has no filter “loud”."),
        ("{% if a %}{{ b | loud }}{% endif %}", "Jinja has no filter “loud”."),
        ("{% if a is odd_one %}b{% endif %}", "Jinja has no test “odd_one”."),
        ("{% include 'a' %}", "Templates cannot include, import or extend others"),
        ("{% import 'a' as b %}", "Templates cannot include, import or extend others"),
        ("{% from 'a' import b %}", "Templates cannot include, import or extend others"),
        ("{% extends 'a' %}", "Templates cannot include, import or extend others"),
        ("{% block a %}{% endblock %}{% block a %}{% endblock %}", "block 'a' defined twice."),
        ("{% macro a() %}{{ a() }}{% endmacro %}", "The macro “a” calls itself."),
        ("{% macro a(b, b) %}{% endmacro %}", "This is not a Jinja template: duplicate argument"),
        ("{{ " + "(" * 5_000 + ")" * 5_000 + " }}", "nested too deeply"),
        ("{{ " + "9" * 5_000 + " }}", "a number in it is too large"),
    ],
)
def test_a_template_that_cannot_be_rendered_is_reported(source: str, sentence: str) -> None:
    assert sentence in template_error(source)


@pytest.mark.parametrize(
    "source", ["plain {text} 100 %", "{{ day | date }}", "{% if a is defined %}b{% endif %}"]
)
def test_there_is_nothing_to_tell_of_a_sound_template(source: str) -> None:
    assert template_error(source) == ""


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("a | loud", "Jinja has no filter “loud”."),
        ("a if b is odd_one else c", "Jinja has no test “odd_one”."),
        ("1 +", "This is not a Jinja expression: unexpected 'end of template'."),
        ("{{ a }}", "This is not a Jinja expression: expected token ':', got '}'."),
        ("{'a': {'b': 1}}['a'] and '}}'", ""),
    ],
)
def test_an_expression_that_cannot_be_computed_is_reported(source: str, sentence: str) -> None:
    assert expression_error(source) == sentence


@given(
    st.lists(
        st.sampled_from(["{{", "}}", "{%", "%}", "a", " | ", "is", "if", "for", "in", "(", "endif", "1"])
    )
)
def test_what_is_not_refused_is_rendered(parts: list[str]) -> None:
    source = " ".join(parts)
    if not template_error(source):
        assert isinstance(TextTemplate(source).render({"a": "b"}), str)
    if not expression_error(source):
        assert Guard(source).is_true({"a": "b"}) in (True, False)


@pytest.mark.parametrize(
    ("day", "name"), [("2026-11-28", "saturday"), ("2026-11-30", "monday"), ("soon", ""), (None, "")]
)
def test_a_guard_may_ask_for_the_weekday(day: str | None, name: str) -> None:
    assert TextTemplate("{{ day | weekday }}.").render({"day": day}) == f"{name}."
