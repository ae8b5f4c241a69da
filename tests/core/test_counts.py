"""Numbers with their nouns."""

import ast
import re
from itertools import pairwise

import pytest

from core.counts import count_of
from tests.paths import ROOT


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 sessions"), (1, "1 session"), (2, "2 sessions"), (1_200, "1,200 sessions")]
)
def test_only_one_is_singular(number: int, words: str) -> None:
    assert count_of(number, "session") == words


def test_a_plural_without_s_is_given() -> None:
    assert [count_of(number, "reply", "replies") for number in (1, 2)] == ["1 reply", "2 replies"]


COUNTED = re.compile(
    r" (sessions|messages|jobs|replies|letters|hooks|events|templates|records|contacts|opt-outs|settings"
    r"|rows)\b"
)


@pytest.mark.parametrize("package", ["cli", "diagnostics"])
def test_no_sentence_of_a_command_writes_a_plural_of_its_own(package: str) -> None:
    plurals = [
        f"{path.name}: {ast.unparse(node)}"
        for path in sorted((ROOT / "gateway" / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        for value, words in pairwise(node.values)
        if isinstance(value, ast.FormattedValue) and isinstance(words, ast.Constant)
        if COUNTED.match(str(words.value))
    ]
    assert plurals == []
