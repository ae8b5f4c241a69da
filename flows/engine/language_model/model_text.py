"""Protects text of a language model: repeated values and foreign links become plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from flows.engine.turn_context import TurnContext
from flows.text import protect_value, reveal_values

_MIN_VALUE_LENGTH = 3
_MAX_VALUES = 200
_RECENT_LINES = 8
"""Number of history lines whose words a model may repeat."""

_MARKUP = re.compile(r"[!-/:-@\[-`{-~]")
_EMPHASIS_OR_LINK = re.compile(r"[*_~`\[\]<>]")
_SENTENCE_PUNCTUATION = "\"'.,;:!?()"
_LINK_TARGET = re.compile(r"\]\(\s*<?(?P<url>[^\s<>)]*)")
_AUTOLINK = re.compile(r"<(?P<url>[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*|[^\s<>@]+@[^\s<>]+)>")
_DEFINITION = re.compile(r"\](?=:)")
_URL = re.compile(r"https?://\S+\Z")
_URL_BOUNDARY = "/?#"


def protect_echoes(context: TurnContext, text: str) -> str:
    """Return a model's text in which text from others is not markup.

    Values of the dialog and words of the user are shown literally where the model repeats them. A link or an
    image stays one only if its URL is in the flow or is the result of a call; a model can be talked into
    writing any other.
    """
    text = text.strip()
    if not _MARKUP.search(text):
        return text
    for value in sorted(set(_foreign_texts(context, text)), key=len, reverse=True):
        text = text.replace(value, protect_value(value))
    if "]" not in text and "<" not in text:
        return text
    allowed = frozenset(_result_urls(context))

    def protect_link(found: re.Match[str]) -> str:
        url = reveal_values(found["url"] or "")
        if url in allowed or _is_of_flow(url, context.flow.urls):
            return found[0]
        return protect_value(found[0][0]) + found[0][1:]

    text = _LINK_TARGET.sub(protect_link, text)
    text = _AUTOLINK.sub(protect_link, text)
    return _DEFINITION.sub(protect_value("]"), text)


def _foreign_texts(context: TurnContext, text: str) -> Iterator[str]:
    """Yield values and words of the user that a model's text repeats and that may contain markup."""
    state = context.state
    known = _leaves([state.slots, state.variables, state.results])
    for leaf in islice(known, _MAX_VALUES):
        if len(leaf) >= _MIN_VALUE_LENGTH and leaf in text and _MARKUP.search(leaf):
            yield leaf
    if not _EMPHASIS_OR_LINK.search(text):
        return
    lines = [line["content"] for line in state.history[-_RECENT_LINES:] if line["role"] == "user"]
    for line in (*lines, context.text):
        for word in line.split():
            stripped = word.strip(_SENTENCE_PUNCTUATION)
            if len(stripped) >= _MIN_VALUE_LENGTH and stripped in text and _EMPHASIS_OR_LINK.search(stripped):
                yield stripped


def _result_urls(context: TurnContext) -> Iterator[str]:
    """Yield the URLs that calls and the application have given, each a whole value."""
    state = context.state
    known = _leaves([state.variables, state.results])
    return (leaf for leaf in islice(known, _MAX_VALUES) if _URL.match(leaf))


def _leaves(values: Iterable[object]) -> Iterator[str]:
    """Yield the texts and numbers in nested values."""
    for value in values:
        if isinstance(value, Mapping):
            yield from _leaves(value.values())
        elif isinstance(value, list | tuple):
            yield from _leaves(value)
        elif value is not None and not isinstance(value, bool):
            yield str(value)


def _is_of_flow(url: str, known: Iterable[str]) -> bool:
    """Return whether a URL begins with one of the flow's, up to a boundary between its parts."""
    return any(
        url.startswith(each)
        and (len(url) == len(each) or each[-1] in _URL_BOUNDARY or url[len(each)] in _URL_BOUNDARY)
        for each in known
    )
