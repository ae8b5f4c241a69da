"""Which of a flow's languages a person speaks: as they ask for it, as the channel says, or by their words."""

from __future__ import annotations

from collections.abc import Collection

from core.model import Turn
from flows.compiled import CompiledNode
from flows.locales import PACK_LEXICONS, language_markers, language_named
from flows.text import tokenize

_REQUEST_WORDS = frozenset[str]().union(
    *(lexicon.fillers | lexicon.language_request_words for lexicon in PACK_LEXICONS.values())
)
_MIN_MARKERS_TO_SWITCH = 2


def requested_language(text: str) -> str:
    """The language that is asked for by its name and nothing else is said: its code, or nothing."""
    said = [word for word in tokenize(text)[:8] if word not in _REQUEST_WORDS]
    return language_named(said[0]) if len(said) == 1 else ""


def is_language_answer(node: CompiledNode, text: str) -> bool:
    """Whether a language that `text` names is what `node` asks for, as a language to translate to."""
    if not (asked := requested_language(text)):
        return False
    keywords = [word for edge in node.available_edges for phrase in edge.keywords for word in phrase]
    values = [
        str(value) for edge in node.available_edges for slot in edge.slots for value in slot.allowed_values
    ]
    labels = [choice.label for choice in node.node.choices]
    return any(language_named(word) == asked for word in (*keywords, *tokenize(" ".join((*values, *labels)))))


def select_language(
    codes: Collection[str], before: str, default: str, turn: Turn, *, may_ask: bool = True
) -> str:
    """The one of `codes` to answer in; `before` is what was spoken so far, empty at the beginning.

    Who goes on in another language is followed only when their words leave no doubt. Without `may_ask` a
    language's name is no wish for it, but an answer.
    """
    if may_ask and (asked := requested_language(turn.text)) in codes:
        return asked
    now = before or _channel_language(turn, codes) or default
    if turn.payload:
        return now
    said = set(tokenize(turn.text))
    marks = {code: len(said & language_markers(code, frozenset(codes))) for code in codes}
    best = max(codes, key=lambda code: marks[code])
    return best if not marks[now] and marks[best] >= (_MIN_MARKERS_TO_SWITCH if before else 1) else now


def _channel_language(turn: Turn, codes: Collection[str]) -> str:
    """What the channel knows of the person's language, where the flow has it."""
    code = turn.details.get("locale", "")[:2].lower()
    return code if code in codes else ""
