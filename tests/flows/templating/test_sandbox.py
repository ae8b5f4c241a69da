"""Templates are limited in time and memory, whatever numbers they contain."""

from __future__ import annotations

from time import thread_time

import pytest

from flows.templating import Guard, TemplateValues, TextTemplate
from flows.templating.budget import MAX_SECONDS

VALUES: TemplateValues = {
    "n": 1_000_000_000,
    "wide": "%1000000000d",
    "text": "abc",
    "parts": ["a"] * 1_000,
    "long": "x" * 50_000,
    "said": "x" * 16_000,
    "lines": "x\n" * 8_000,
    "dots": "." * 99_000 + "x",
    "tags": "<!-- -->" * 90_000,
}


@pytest.mark.long
@pytest.mark.parametrize(
    "source",
    [
        "{{ 'x'.ljust(n) }}",
        "{{ text.rjust(n) }}{{ text.center(n) }}{{ text.zfill(n) }}{{ '\t'.expandtabs(n) }}",
        "{{ wide|format(1) }}",
        "{{ '%*d' % (n, 1) }}",
        "{{ wide % 1 }}",
        "{{ '{:>1000000000}'.format(text) }}",
        "{{ '{:>{}}'.format(text, n) }}",
        "{{ text|center(n) }}",
        "{{ text|center(width=n) }}",
        "{{ text|indent(n, true) }}",
        "{{ [1]|batch(n, 'x')|list }}",
        "{{ [1]|slice(n)|list }}",
        "{{ 1|round(n, 'ceil') }}",
        "{{ parts|tojson(n) }}",
        "{{ n.to_bytes(n, 'big') }}",
        "{{ 2 ** n }}",
        "{{ long.replace('x', long) }}",
        "{{ long|replace('x', long) }}",
        "{{ long.join(parts) }}",
        "{% set n = namespace(s=long) %}{% for x in range(14) %}{% set n.s = n.s + n.s %}{% endfor %}",
        "{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}",
        "{% for a in said %}{% for b in said %}{% endfor %}{% endfor %}",
        "{% for a in said %}{% for b in said if b == a %}{% endfor %}{% endfor %}",
        "{% for a in parts %}{% for b in said|list %}{% endfor %}{% endfor %}",
        "{% for a in parts %}{% for b in said|map('upper') %}{% endfor %}{% endfor %}",
        "{% for a in parts recursive %}{% if loop.depth < 9 %}{{ loop(parts) }}{% endif %}{% endfor %}",
        "{% macro a(n) %}{% if n %}{{ b(n - 1) }}{{ b(n - 1) }}{% endif %}{% endmacro %}"
        "{% macro b(n) %}{% if n %}{{ a(n - 1) }}{{ a(n - 1) }}{% endif %}{% endmacro %}{{ a(60) }}",
        "{% set n = namespace(s=long) %}{% for x in range(40) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
        "{% for a in parts %}{% for b in range(9) %}{{ long }}{% endfor %}{% endfor %}",
        "{% for a in parts %}{% set t %}{% for b in parts %}{{ long }}{% endfor %}{% endset %}{% endfor %}",
        "{% macro m() %}{% for b in parts %}{{ long }}{% endfor %}{% endmacro %}{{ m()|length }}",
        "{% for a in parts %}{% set x = long|list|sort|unique|list|length %}{% endfor %}",
        "{{ long|list|select('in', long|list|sort)|list|length }}{{ long|reject('in', long ~ 'y')|list }}"
        "{% for a in parts %}{{ '' if 'y' in long|list }}{% endfor %}",
        "{{ long|list|map('indent', 900, true)|join|length }}",
        "{{ lines|indent(900) }}",
        "{{ tags|striptags }}",
        "{{ '-'.join(parts * 90)|wordwrap(1)|urlize }}",
    ],
)
@pytest.mark.parametrize("place", ["text", "json"])
def test_what_would_take_too_much_is_not_rendered(source: str, place: str) -> None:
    assert TextTemplate(source + ".", place).render(VALUES) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ text.ljust(5) }}|", "abc  |"),
        ("{{ '%.2f'|format(1.5) }}", "1.50"),
        ("{{ 'In 2026: %s' % text }}", "In 2026: abc"),
        ("{{ 'In 2026: {}'.format(text) }}", "In 2026: abc"),
        ("{{ '{:>5}'.format(text) }}|", "abc|"),
        ("{{ text|center(7) }}|", "abc  |"),
        ("{{ 5000|round }}", "5000"),
        ("{{ 5000|tojson }}", "5000"),
        ("{{ text|replace('b', '-') }}", "a-c"),
        ("{{ ', '.join(parts[:2]) }}", "a, a"),
        ("{{ ', '.join(parts[:2]|map('upper')) }}", "A, A"),
        ("{% for a in range(50) %}{% for b in range(50) %}{% endfor %}{% endfor %}done", "done"),
        ("{{ text ~ 'd' + 'e' }}", "abcde"),
    ],
)
def test_what_people_write_is_rendered(source: str, text: str) -> None:
    assert TextTemplate(source).render(VALUES) == text


@pytest.mark.long
@pytest.mark.parametrize(
    "source",
    [
        "said|map('upper')|map('lower')|list|length and said|list|map('list')|list",
        "[long|list|sort, long|list|sort, long|list|unique|list]|map('length')|list == []",
        "dots|urlize",
    ],
)
def test_a_guard_takes_no_more(source: str) -> None:
    before = thread_time()
    assert Guard(source).is_true(VALUES) in (True, False)

    assert thread_time() - before < 4 * MAX_SECONDS


def test_loops_keep_their_variable() -> None:
    text = "{% for a in parts[:3] %}{{ loop.index }}/{{ loop.length }}{{ ',' if not loop.last }}{% endfor %}"
    nested = "{% for a in [[1, [2]], [3]] recursive %}{{ loop(a) if a is iterable else a }}{% endfor %}"

    assert TextTemplate(text).render(VALUES) == "1/3,2/3,3/3"
    assert TextTemplate(nested).render(VALUES) == "123"
    assert TextTemplate("{% for a in missing %}x{% else %}none{% endfor %}").render(VALUES) == "none"
    assert (
        TextTemplate("{% for k, v in d|dictsort %}{{ k }}{{ v }}{% endfor %}").render({"d": {"a": 1}}) == "a1"
    )


def test_a_guard_has_rounds_of_its_own() -> None:
    guard = Guard("parts|map('upper')|list|length == 1000")
    assert all(guard.is_true(VALUES) for _ in range(12))


def test_each_text_has_rounds_of_its_own() -> None:
    loop = TextTemplate("{% for a in range(900) %}{% endfor %}done")
    assert {loop.render({}) for _ in range(20)} == {"done"}
