"""Selects the reply language: by an explicit request, the channel's locale, or the words used."""

from __future__ import annotations

from collections.abc import Collection

from core.model import Turn
from flows.compiled import CompiledNode
from flows.locales import PACK_LEXICONS, find_language, language_markers
from flows.text import tokenize

_REQUEST_WORDS = frozenset[str]().union(
    *(lexicon.fillers | lexicon.language_request_words for lexicon in PACK_LEXICONS.values())
)
_MIN_MARKERS_TO_SWITCH = 2


def requested_language(text: str) -> str:
    """Return the code of the language that a text asks for by name and without anything else, if any."""
    words = [word for word in tokenize(text)[:8] if word not in _REQUEST_WORDS]
    return find_language(words[0]) if len(words) == 1 else ""


def is_language_answer(node: CompiledNode, text: str) -> bool:
    """Return whether a language named in `text` answers the node's question, such as one to translate to."""
    if not (requested := requested_language(text)):
        return False
    keywords = [word for edge in node.available_edges for phrase in edge.keywords for word in phrase]
    values = [
        str(value) for edge in node.available_edges for slot in edge.slots for value in slot.allowed_values
    ]
    labels = [choice.label for choice in node.node.choices]
    return any(
        find_language(word) == requested for word in (*keywords, *tokenize(" ".join((*values, *labels))))
    )


def select_language(
    codes: Collection[str], before: str, default: str, turn: Turn, *, may_ask: bool = True
) -> str:
    """Return the reply language out of `codes`; `before` is the dialog's language, empty at the start.

    A later change of language is followed only when the words used are unambiguous. Without `may_ask` a
    language's name is an answer and does not request the language.
    """
    if may_ask and (requested := requested_language(turn.text)) in codes:
        return requested
    present = before or _channel_language(turn, codes) or default
    if turn.payload:
        return present
    words = set(tokenize(turn.text))
    counts = {code: len(words & language_markers(code, frozenset(codes))) for code in codes}
    best = max(codes, key=lambda code: counts[code])
    minimum = _MIN_MARKERS_TO_SWITCH if before else 1
    return best if not counts[present] and counts[best] >= minimum else present


def _channel_language(turn: Turn, codes: Collection[str]) -> str:
    """Return the language of the contact's locale at the channel, if the flow has it."""
    code = turn.details.get("locale", "").replace("_", "-").partition("-")[0].lower()
    return code if code in codes else ""
