"""Escaping: no value changes the target or the structure of a request."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.document import Flow
from flows.templating import OutputContext, TemplateValues, TextTemplate, TrustedText
from flows.templating.trusted_text import TaintedStr
from flows.tools.http import RequestBuildError, render_url

BASE = "https://api.example/v1"
ENV = {"base": TrustedText(BASE)}

letters = st.characters(exclude_categories=["Cs"])
hostile = st.text(st.sampled_from("./\\?#&=;%:@+ \t\n\x00\"'<>{}[]2EeFfZß日") | letters, max_size=12)
hostile_values = hostile | st.sampled_from(
    ["..", ".", "%2e%2e", "..;x", "a/../..", "//evil.example", "@evil"]
)


def render(source: str, **values: object) -> str:
    known: dict[str, object] = {**values, **ENV, "env": ENV}
    return render_url(TextTemplate(source, "url"), known)  # type: ignore[arg-type]


URLS = [
    "{{ base }}/a/{{ v }}/b?x={{ w }}&y=1",
    "{{ base ~ '/a/' ~ v ~ '/b?x=' ~ w ~ '&y=1' }}",
    "{{ base + '/a/' + v + '/b?x=' + w + '&y=1' }}",
    "{{ base | trim }}/a/{{ v | upper }}/b?x={{ w | lower }}&y={{ v | title }}",
    "{{ base }}/a/{{ v | urlencode }}/b?{{ {'x': w, 'y': 1} | urlencode }}",
    "{{ base | replace('v1', 'v1') }}/a/{{ v | replace('a', '/') }}/b?x={{ w | replace('b', '&c=') }}&y=1",
    "{{ ('/a/' ~ v ~ '/b') | replace('_', '/') | replace('/a', base ~ '/a') }}?x={{ w[:3] }}&y={{ v[-3:] }}",
    "{{ '%s/a/%s/b?x=%s' | format(base, v, w) }}&y={{ '%(v)s' | format(v=v) }}",
    "{{ '%s/a/%s/b' % (base, v) }}?x={{ [w, v] | join(',') }}&y={{ [v] | first }}",
    "{{ [base, 'a', v, 'b?x='] | join('/') }}{{ w }}&y={{ (v ~ '/' ~ w)[1:4] }}",
    "{% set p = '/a/' ~ v %}{{ base }}{{ p }}/b?x={{ w }}&y={{ p }}",
    "{% set p %}/a/{{ v }}/b{% endset %}{{ base }}{{ p }}?x={{ w }}&y=1",
    "{{ base }}/a/{% for each in [v] %}{{ each }}{% endfor %}/b"
    "{% for k in 'xy' %}{{ '?' if loop.first else '&' }}{{ k }}={{ w }}{% endfor %}",
    "{{ base }}/a/{% filter replace('/', '/') %}{{ v }}{% endfilter %}/b?x={{ w }}&y=1",
    "{{ base }}/a/{{ v | safe }}/b?x={{ w | e }}&y={{ w | tojson }}",
    "{{ base }}/a/{{ '{}'.format(v) }}/b?x={{ v.format(w) }}&y={{ v % () if '%' not in v else v }}",
    "{{ base }}/a/{{ [v, w] | map('upper') | join('') }}/b?x={{ [v] | list }}&y={{ v | truncate(5) }}",
    "{{ base }}/a/{% call v.format() %}{% endcall %}{{ v }}/b?x=1&y=2",
    "{{ env.base }}/a/{{ slots.v }}{{ v }}/b?x={{ v ~ w }}&y={{ v * 2 }}",
    "{{ base }}/a/{{ 'AxB'.translate({120: v}) ~ v }}/b?x={{ base.split('/')[0] }}&y={{ v.join(['', '']) }}",
]


@pytest.mark.parametrize("source", URLS)
@given(v=hostile_values, w=hostile_values)
@example(v="..", w="x")
@example(v="ab", w="v1")
@example(v="a/../../c?d=e&f=g#h", w="&i=j")
@example(v="%2e%2e%2f", w="%26")
@example(v="%s", w="%")
@example(v="{0}", w="{}")
def test_a_value_stays_in_its_place_in_an_address(source: str, v: str, w: str) -> None:
    try:
        made = urlsplit(render(source, v=v, w=w))
    except RequestBuildError:
        return
    assert (made.scheme, made.netloc, made.fragment) == ("https", "api.example", "")
    head, a, *_, b = made.path.removeprefix("/").split("/")
    assert (head, a, b, made.path.count("/")) == ("v1", "a", "b", 4)
    assert not {unquote(segment).strip() for segment in made.path.split("/")} & {".", ".."}
    assert [name for name, _ in parse_qsl(made.query, keep_blank_values=True)] == ["x", "y"]


@given(v=hostile)
def test_a_value_comes_out_of_an_address_as_it_was(v: str) -> None:
    sources = [
        "{{ base }}/?q={{ v }}",
        "{{ base ~ '/?q=' ~ v }}",
        "{{ base }}/?q={{ v | urlencode }}",
        "{{ base }}/?q={{ (v ~ '') | urlencode }}",
        "{{ '%s/?q=%s' % (base, v) }}",
        "{{ base }}/?{{ {'q': v} | urlencode }}",
    ]
    for source in sources:
        assert parse_qsl(urlsplit(render(source, v=v)).query, keep_blank_values=True) == [("q", v)]


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("{{ base ~ '/orders' }}", "/orders"),
        ("{{ base | trim }}/o", "/o"),
        ("{{ base[:-3] }}/v2/o?{{ 'a=1&b=2' }}", None),
        ("{{ base }}/o{{ '?q=' ~ v if v else '' }}", "/o?q=5%2F6"),
        ("{{ base }}/o{{ '?q=' ~ w if w else '' }}", "/o"),
        ("{% set p = '/a/b' %}{{ base }}{{ p }}", "/a/b"),
        ("{% set p %}/a/{{ v }}{% endset %}{{ base }}{{ p }}", "/a/5%2F6"),
        ("{{ base }}/o?ids={{ [1, 2] | join(',') }}", "/o?ids=1,2"),
        ("{{ base }}/{{ 'a/b' }}", "/a/b"),
        ("{{ base | replace('v1', 'v1/x') }}/o", "/x/o"),
        ("{{ base }}/o?{{ ['a=1', 'b=2'] | join('&') }}", "/o?a=1&b=2"),
        (
            "{{ base }}/o{{ ('&from=' + '%02d'|format([v[:1]|int - 1, 0]|max) + ':00') if v }}",
            "/o&from=04:00",
        ),
        ("{{ base }}/o?city={% if v in ['5/6'] %}New Delhi{% else %}{{ v }}{% endif %}", "/o?city=New Delhi"),
        ("{{ base }}/o?q={{ (v | replace('/', '') | replace('+', '') | trim)[-10:] }}", "/o?q=56"),
    ],
)
def test_literals_in_an_expression_are_unchanged(source: str, made: str | None) -> None:
    expected = f"{BASE}{made}" if made else "https://api.example/v2/o?a=1&b=2"
    assert render(source, v="5/6", w="") == expected.replace("/v1/v2", "/v2")


@pytest.mark.parametrize(
    "source",
    [
        "{{ base }}/bookings/{{ v }}",
        "{{ base }}/bookings/{{ v }}/seats",
        "{{ base ~ '/bookings/' ~ v }}",
        "{{ base }}/bookings/{{ v | trim }}{{ unknown }}",
        "{{ base }}/bookings/{{ unknown | default('') }}",
        "{{ base }}/bookings/{{ none }}?x=1",
    ],
)
def test_an_address_that_would_mean_all_of_them_is_not_made(source: str) -> None:
    with pytest.raises(RequestBuildError, match="missing"):
        render(source, v="")


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("{{ base }}/bookings/", "/bookings/"),
        ("{{ base }}//bookings?x={{ v }}", "//bookings?x="),
        ("{{ base }}/bookings{{ v }}", "/bookings"),
    ],
)
def test_an_empty_piece_without_a_value_is_trusted(source: str, made: str) -> None:
    assert render(source, v="") == BASE + made


def test_a_long_value_does_not_cut_off_what_comes_after_it() -> None:
    with pytest.raises(RequestBuildError):
        render("{{ base }}/users/{{ v }}/cards/7", v="日" * 4_000)


BODIES: list[tuple[OutputContext, str]] = [
    ("json", '{"a": "{{ v }}", "b": "{{ w }}"}'),
    ("json", '{"a": "{{ v ~ w }}", "b": {{ (v ~ ", " ~ w) | tojson }}}'),
    ("json", '{"a": {{ v | tojson }}, "b": "{{ v | replace(\'a\', \'"\') | upper }}"}'),
    ("json", '{"a": "{{ [v, w] | join(", ") }}"{{ \', "b": "\' ~ v ~ \'"\' }}}'),
    ("json", '{% set p %}{"a": "{{ v }}", "b": 1{% endset %}{{ p }}}'),
]


@pytest.mark.parametrize(("place", "source"), BODIES)
@given(v=hostile, w=hostile)
@example(v='x","admin":"1', w="\\")
def test_a_value_stays_in_its_place_in_json(place: OutputContext, source: str, v: str, w: str) -> None:
    values: TemplateValues = {"v": v, "w": w}
    made = TextTemplate(source, place).render_strict(values)
    assert sorted(json.loads(made)) == ["a", "b"]


@given(v=hostile, w=hostile)
@example(v="1&c=2", w="")
def test_a_value_stays_in_its_place_in_a_form(v: str, w: str) -> None:
    source = "a={{ v }}&b={{ w | upper }}&c={{ v ~ '' }}{{ '&d=' ~ v }}"
    made = parse_qsl(TextTemplate(source, "form").render_strict({"v": v, "w": w}), keep_blank_values=True)
    assert made == [("a", v), ("b", w.upper()), ("c", v), ("d", v)]


@given(v=hostile, w=hostile)
@example(v="</a><b>", w="&")
def test_a_value_stays_in_its_place_in_xml(v: str, w: str) -> None:
    source = "<r><a k=\"{{ w }}\">{{ v }}</a>{{ '<b>' ~ v ~ '</b>' if v }}</r>"
    read = ElementTree.fromstring(TextTemplate(source, "xml").render_strict({"v": v, "w": w}))
    assert [each.tag for each in read] == (["a", "b"] if v else ["a"])


@given(v=hostile)
def test_a_value_stays_in_its_header(v: str) -> None:
    made = TextTemplate("a{{ v }}{{ v ~ ': b' }}", "header").render_strict({"v": v})
    assert made.isprintable()


@given(st.lists(st.tuples(hostile, st.booleans()), max_size=6), st.integers(-9, 9), st.integers(-9, 9))
def test_marks_follow_their_letters(pieces: list[tuple[str, bool]], start: int, end: int) -> None:
    text = TaintedStr.concatenate([TaintedStr.trusted(piece) if own else piece for piece, own in pieces])
    plain = "".join(piece for piece, _ in pieces)
    for made, expected in (
        (text[start:end], plain[start:end]),
        (text.strip(), plain.strip()),
        (text.upper(), plain.upper()),
        (text + "a", plain + "a"),
        ("a" + text, "a" + plain),
        (text * 2, plain * 2),
        (text.replace(TaintedStr.trusted("."), ","), plain.replace(".", ",")),
        (text.replace(TaintedStr.trusted("aa"), "a", 1), plain.replace("aa", "a", 1)),
    ):
        assert isinstance(made, TaintedStr)
        assert (made, len(made.marks)) == (expected, len(expected))
    values = "".join(piece for piece, own in pieces if not own)
    gone = text.escape_untrusted(lambda part: "")
    assert len(gone) == len(plain) - len(values)


def test_a_text_that_was_made_in_another_way_is_a_value() -> None:
    text = TaintedStr.trusted("a/b")
    for made in (text.title(), text.split("/")[0], text.translate({97: "x"}), TaintedStr("a"), str(text)):
        assert TaintedStr.concatenate([made]).marks == "v" * len(made)


def test_a_value_takes_nothing_away_from_the_operators_text() -> None:
    text = TaintedStr.trusted("/a/") + "ab"
    made = text.replace(TaintedStr.trusted("/a"), TaintedStr.trusted("/x"))
    assert (made, getattr(made, "marks", "")) == ("/x/ab", "ooovv")
    assert not isinstance(text.replace("/a", ""), TaintedStr)


def test_a_document_may_use_all_of_it() -> None:
    assert Flow.model_validate(
        {
            "system_prompt": "",
            "initial_node": "a",
            "nodes": [{"id": "a", "name": "a", "static_text": "A", "is_final": True}],
            "actions": [
                {"id": f"a{n}", "name": "a", "method": "GET", "url": url} for n, url in enumerate(URLS)
            ],
        }
    )
