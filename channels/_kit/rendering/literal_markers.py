"""Keeps literal characters from being read as markup by messengers that have no escape character.

WhatsApp formats `*words*` between two markers of one line: the first not after a letter or digit and not
before a space, the second the other way round. A word joiner beside a marker, which nobody sees, breaks that.
It stands outside the words, and only where markers would format: most codes are copied as they are.

While a text is rendered, noncharacters stand for literal characters, to tell them from markup.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

WORD_JOINER: Final = "\u2060"
_MARKERS: Final = "*_~`"
_LITERALS: Final = "\ufdd0\ufdd1\ufdd2\ufdd3"
_CODE: Final = "\ufdd4\ufdd5\ufdd6\ufdd7"
"""The same characters in code, in which nothing else is formatted."""

_HIDE: Final = str.maketrans(_MARKERS, _LITERALS)
_HIDE_CODE: Final = str.maketrans(_MARKERS, _CODE)
_REVEAL: Final = str.maketrans(_LITERALS + _CODE, _MARKERS * 2)
_LITERAL_OF: Final = dict(zip(_MARKERS, _LITERALS, strict=True))
_RESERVED: Final = re.compile("[\ufdd0-\ufdd7]")
_BLOCK_START: Final = re.compile(rf"^(?=[->{_LITERAL_OF['*']}][ \t])", re.MULTILINE)
_FENCE: Final = re.compile(rf"{_LITERAL_OF['`']}{{3,}}")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s<>]+")


def drop_reserved(text: str) -> str:
    """Return a text without the noncharacters that stand for literal ones."""
    return _RESERVED.sub("", text)


def hide_markers(text: str) -> str:
    """Return a literal text with stand-ins for the characters that could be markup."""
    return text.translate(_HIDE)


def hide_code(text: str) -> str:
    """Return code with stand-ins for the characters that are no markup in it."""
    return text.translate(_HIDE_CODE)


def break_block_starts(text: str) -> str:
    """Return a literal text none of whose lines begins a list or a quotation."""
    return _BLOCK_START.sub(WORD_JOINER, text)


def conflicts_with_marker(text: str, marker: str) -> bool:
    """Return whether a literal character in a text would end or begin the marker around it."""
    literal = _LITERAL_OF.get(marker, "")
    at = text.find(literal) if literal else -1
    while at >= 0:
        if _can_open(text, at) or _can_close(text, at):
            return True
        at = text.find(literal, at + 1)
    return False


def reveal_markers(text: str) -> str:
    """Return the rendered text with the literal characters, none of which formats anything."""
    if not any(each in text for each in _LITERALS + _CODE):
        return text
    text = _FENCE.sub(lambda found: WORD_JOINER.join(found[0]), text)  # texts of one message are joined later
    return "\n".join(map(_break_pairs, text.split("\n"))).translate(_REVEAL)


def escape_markers(text: str) -> str:
    """Return a plain text as it is sent, so that nothing in it is formatted."""
    return reveal_markers(break_block_starts(hide_markers(drop_reserved(text))))


def _break_pairs(line: str) -> str:
    """Return a line with a word joiner before each literal character that would begin a pair."""
    places = {
        at for mark, literal in _LITERAL_OF.items() if literal in line for at in _find_pairs(line, mark)
    }
    return "".join(f"{WORD_JOINER}{letter}" if at in places else letter for at, letter in enumerate(line))


def _find_pairs(line: str, marker: str) -> Iterator[int]:
    """Yield the place of each literal character after which another one, or a marker, would end a pair."""
    literal, end = _LITERAL_OF[marker], -1
    places = _find_markers(line, marker + literal)
    closers = [at for at in places if _can_close(line, at)]
    for opener in (at for at in places if _can_open(line, at)):
        following = closers[bisect_right(closers, opener + 1) :] if opener > end else ()
        if following and line[opener] == literal:
            yield opener
        elif following:
            end = following[0]  # a pair of the markup itself


def _find_markers(line: str, letters: str) -> list[int]:
    """Return the places of these characters but those in URLs, which a messenger reads as they are."""
    urls = [found.span() for found in _URL.finditer(line)]
    return [
        found.start()
        for found in re.finditer(f"[{letters}]", line)
        if not any(start <= found.start() < end for start, end in urls)
    ]


def _can_open(line: str, at: int) -> bool:
    following = line[at + 1 : at + 2]
    return _is_boundary(line[at - 1 : at] if at else "") and bool(following) and not following.isspace()


def _can_close(line: str, at: int) -> bool:
    return at > 0 and not line[at - 1].isspace() and _is_boundary(line[at + 1 : at + 2])


def _is_boundary(letter: str) -> bool:
    return not (letter.isascii() and letter.isalnum())
