"""Bare links stay whole: markup in them is not interpreted, and markers keep a distance."""

from __future__ import annotations

import pytest

from channels._kit.rendering import ASTERISK_DIALECT, markdown_to_html, render_markdown


@pytest.mark.parametrize(
    ("markdown", "whatsapp"),
    [
        ("**https://pay.example.com/a?x=1**", "https://pay.example.com/a?x=1"),
        ("Pay: **https://pay.example.com/a?x=1**", "Pay: https://pay.example.com/a?x=1"),
        ("**Pay: https://x.example/a** now", "*Pay:* https://x.example/a now"),
        ("**https://x.example/a pay**", "https://x.example/a *pay*"),
        ("**see https://x.example/a now**", "*see https://x.example/a now*"),
        ("**[Pay](https://x.example/a)**", "*Pay* (https://x.example/a)"),
        ("***https://x.example***", "https://x.example"),
        ("~~_https://x.example_~~", "https://x.example"),
        ("# https://x.example", "https://x.example"),
        ("https://x.example/a*b*c and *d*", "https://x.example/a*b*c and _d_"),
        ("https://x.example/__init__/a_b_ *d*", "https://x.example/__init__/a_b_ _d_"),
        ("**x https://x.example/a*b*c y**", "*x https://x.example/a*b*c y*"),
        ("https://x.example/a\\*b", "https://x.example/a*b"),
        ("[https://x.example/*a*](https://x.example/*a*)", "https://x.example/*a*"),
        ("`https://x.example`", "`https://x.example`"),
        ("(https://x.example/a), *b*", "(https://x.example/a), _b_"),
    ],
)
def test_whatsapp(markdown: str, whatsapp: str) -> None:
    assert render_markdown(markdown, ASTERISK_DIALECT) == whatsapp


def test_html() -> None:
    assert markdown_to_html("**https://x.example/a*b*c**") == "<p><b>https://x.example/a*b*c</b></p>"
