"""A template takes neither much time nor much room, whoever chose its numbers."""

from __future__ import annotations

import pytest

from flows.templating import TemplateValues, TextTemplate

VALUES: TemplateValues = {
    "n": 1_000_000_000,
    "wide": "%1000000000d",
    "text": "abc",
    "parts": ["a"] * 1_000,
    "long": "x" * 50_000,
}


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
        ("{% for a in range(50) %}{% for b in range(50) %}{% endfor %}{% endfor %}done", "done"),
        ("{{ text ~ 'd' + 'e' }}", "abcde"),
    ],
)
def test_what_people_write_is_rendered(source: str, text: str) -> None:
    assert TextTemplate(source).render(VALUES) == text


def test_each_text_has_rounds_of_its_own() -> None:
    loop = TextTemplate("{% for a in range(900) %}{% endfor %}done")
    assert {loop.render({}) for _ in range(20)} == {"done"}
