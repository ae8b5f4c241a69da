"""Request bodies with any values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.tools.http import RequestBuildError
from flows.tools.http.body import RequestBody

letters = st.text(
    st.sampled_from('"\\{}[],:</a>&\n=日') | st.characters(exclude_categories=["Cs"]), max_size=10
)


def render(source: Any, content_type: str = "", **values: Any) -> bytes:
    return RequestBody(source, content_type, ()).render(values)[0]


@pytest.mark.parametrize(
    "source",
    [
        '{"p": "{\\"inner\\": \\"{{ v }}\\"}"}',
        {"p": '{"inner": "{{ v }}"}'},
        {"p": '{"inner": "{{ v }}!"}'},
        {"p": '{"inner": {{ v | tojson }}}'},
        {"p": '{"inner": "{\\"deep\\": \\"{{ v }}\\"}"}'},
    ],
)
@given(v=letters)
@example(v='x","admin":"1')
def test_a_value_stays_in_its_place_in_json_within_json(source: Any, v: str) -> None:
    read = json.loads(render(source, v=v))
    inner = json.loads(read["p"])
    assert list(inner) == ["inner"]
    if "deep" in inner["inner"] and "deep" not in v:
        inner = json.loads(inner["inner"])
        assert list(inner) == ["deep"]
    assert {value.strip() for value in inner.values()} & {v.strip(), f"{v}!".strip()}


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "APPLICATION/X-WWW-FORM-URLENCODED"])
def test_a_form_is_one_however_its_type_is_written(kind: str) -> None:
    assert render("a={{ v }}&b=1", kind, v="1&b=2") == b"a=1%26b%3D2&b=1"


@pytest.mark.parametrize("kind", ["application/xml", "Text/XML; charset=utf-8", ""])
def test_xml_is_escaped_as_xml(kind: str) -> None:
    assert render("<a>{{ v }}</a>", kind, v="</a><b>\x00&") == b"<a>&lt;/a&gt;&lt;b&gt;&amp;</a>"


def test_plain_text_is_sent_as_it_is() -> None:
    said = 'he said\n"no" & \\'
    assert render("{{ v }}.", "text/plain", v=said) == f"{said}.".encode()
    assert render("{{ v }}", "text/plain", v='{"a":   "1"}') == b'{"a":   "1"}'


def test_half_a_letter_is_sent_as_a_mark() -> None:
    assert render({"v": "{{ v }}"}, v="a\ud83d") == b'{"v": "a?"}'
    assert render("{{ v }}", "text/plain", v="a\ud83d") == b"a?"


def test_a_text_over_several_templates_is_one() -> None:
    source = '{"a": "{% if v %}", "b": "{% endif %}"}'
    assert json.loads(render(source, v=1)) == {"a": "", "b": ""}


def test_a_body_that_is_too_long_or_cannot_be_computed_is_not_made() -> None:
    for source in ("a={{ v }}&confirm=no", "a={{ 1 / 0 }}"):
        with pytest.raises(RequestBuildError):
            render(source, "application/x-www-form-urlencoded", v="日" * 4_000)
