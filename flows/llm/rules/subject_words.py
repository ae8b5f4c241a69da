"""Words for the business's subject: beside a wish they do not name a value (“I want to give blood”)."""

from __future__ import annotations

import re
from datetime import date

from pydantic import JsonValue

from flows.compiled import CompiledFlow
from flows.locales import lexicon_for
from flows.slots import Slot, extract_slot, named_values
from flows.text import tokenize

_WORD = re.compile(r"[^\W\d_]+")
_MIN_LENGTH = 3


def is_word_of_subject(flow: CompiledFlow, slot: Slot, value: JsonValue, text: str, today: date) -> bool:
    """Return whether a text has a value of a list only by a part of its name that is the business's own word.

    Whole blood is not meant by “blood” where all is about giving blood.
    """
    if slot.kind != "enum" or value in named_values(slot, text):
        return False
    words, joins = _words_of_menus(flow), lexicon_for(flow.language).forms.joins_words

    def is_own(word: str) -> bool:
        said = "".join(tokenize(word))
        is_part = joins and len(said) > _MIN_LENGTH and any(each.startswith(said) for each in words)
        return said in words or is_part

    rest = _WORD.sub(lambda match: ";" if is_own(match[0]) else match[0], text)
    return rest != text and extract_slot(slot, rest, today).value != value


def _words_of_menus(flow: CompiledFlow) -> frozenset[str]:
    """Return the words of the menus that people begin at: their text, labels and keywords."""
    first = flow.initial
    labels = (choice.label for choice in first.node.choices)
    keywords = (word for edge in first.edges for phrase in edge.keywords for word in phrase)
    words = {
        *tokenize(first.node.static_text or ""),
        *keywords,
        *(word for each in labels for word in tokenize(each)),
    }
    return frozenset(word for word in words if len(word) >= _MIN_LENGTH)
