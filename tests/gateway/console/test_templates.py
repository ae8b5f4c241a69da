"""Templates of the console follow the rules of its content security policy and its escaping."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gateway.console

FOLDER = Path(gateway.console.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").rglob("*.html"))
FORBIDDEN = {
    "an inline style": r"\sstyle=",
    "an inline handler": r"\son[a-z]+=",
    "an inline script": r"<script(?![^>]*\ssrc=)",
    "unescaped text": r"\|\s*safe|autoescape",
    "a foreign address": r"(?:src|href|action)=[\"'](?:https?:)?//",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_nothing_that_the_policy_blocks(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    found = [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text)]
    assert found == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_forms_that_change_something_are_sent_by_post(path: Path) -> None:
    """A GET changes nothing, so only filters are sent by GET."""
    text = path.read_text(encoding="utf-8")
    for form in re.findall(r"<form[^>]*>", text):
        is_filter = 'method="get"' in form
        assert is_filter or 'method="post"' in form or 'id="' in form, form


def test_the_stylesheet_and_our_scripts_are_small() -> None:
    assert (FOLDER / "static/console.css").stat().st_size < 14_500
    assert (FOLDER / "static/console.js").stat().st_size < 10_000
