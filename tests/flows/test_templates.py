from __future__ import annotations

import pytest

from flows.templates import LONGEST_TEXT, Guard, Text, syntax_error


def test_an_unknown_name_is_empty_text() -> None:
    assert Text("Hello {{ who.name }}!").render({}) == "Hello !"


def test_what_a_user_said_is_data_and_never_source() -> None:
    said = "{{ 7 * 7 }}{% for x in range(9) %}a{% endfor %}"
    assert Text("You said {{ said }}").render({"said": said}) == f"You said {said}"


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
    assert Text(source).render({"said": ["x"]}) == ""


def test_a_text_is_bounded() -> None:
    assert len(Text("{{ 'x' * 100000 }}").render({})) == LONGEST_TEXT


def test_a_date_is_written_as_people_do() -> None:
    assert Text("{{ day | date }}, {{ word | date }}").render({"day": "1990-04-03", "word": "soon"}) == (
        "3 April 1990, soon"
    )


def test_a_guard_is_true_false_or_false_when_it_cannot_be_told() -> None:
    assert Guard("count > 1").holds({"count": 2})
    assert not Guard("count > 1").holds({"count": 1})
    assert not Guard("count > 1").holds({})


def test_a_syntax_error_is_told() -> None:
    assert syntax_error("{{ a") is not None
    assert syntax_error("plain {text} 100 %") is None
