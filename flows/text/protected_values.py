"""Values inside CommonMark: protected while a text is put together, escaped once it is complete.

The punctuation of a protected value is replaced by noncharacters, which no markup reads. Only the complete
text shows what a value needs where it stands: a backslash in words, percent-encoding in a link's target,
nothing in code.
"""

from __future__ import annotations

import re
import string
from typing import Final
from urllib.parse import quote

_FIRST_NONCHARACTER: Final = 0xFDD0
_PUNCTUATION: Final = string.punctuation
"""The 32 characters that may be markup in CommonMark, as many as there are noncharacters in a row."""

_NONCHARACTERS: Final = "".join(chr(_FIRST_NONCHARACTER + at) for at in range(len(_PUNCTUATION)))
_PROTECT: Final = str.maketrans(_PUNCTUATION, _NONCHARACTERS)
_REVEAL: Final = str.maketrans(_NONCHARACTERS, _PUNCTUATION)
_PROTECTED_BACKTICK: Final = "`".translate(_PROTECT)
_DROP: Final = dict.fromkeys(map(ord, _NONCHARACTERS))
_PROTECTED: Final = re.compile(f"[{_NONCHARACTERS}]")

_SPANS: Final = re.compile(
    r"""
      ^(?P<fence>(?P<sign>[`~])(?P=sign){2,})(?P<info>[^\n`]*)\n
       (?P<block>(?:.*\n)*?)[ ]{0,3}(?P=fence)(?P=sign)*[ ]*$
    | (?<!`)(?P<ticks>`+)(?!`)(?P<code>[^\n]+?)(?<!`)(?P=ticks)(?!`)
    | (?<=\]\()(?P<target><?(?:[^\s()<>]|[ ](?=[^\s()<>"']))+>?)(?=[ ]*\)|[ ]+["'])
    | (?P<autolink><[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*>)
    | \\[!-/:-@\[-`{-~]
    """,
    re.VERBOSE | re.MULTILINE,
)
"""Text of the operator in which no backslash escapes, or which looks like it: fenced code, a code span, a
link's target, an autolink, an escape."""

_LINK_START: Final = re.compile(r"<?(?:https?://|mailto:|tel:|/)", re.IGNORECASE)
_WHOLE_URL_SAFE: Final = "!#$%&'*+,/:;=?@[]~-._"
_ENTITY: Final = re.compile(r"&(?:#\w{1,8}|\w{1,31});")
_LIST_NUMBER: Final = re.compile(r"[ \t>*+-]*(?:\d+[.)][ \t]+)*\d{1,9}")
_HEADING_OR_BULLET: Final = re.compile(r"(?:#{1,6}|[-+])(?:\s|\Z)|--|=")
_ALWAYS_ESCAPED: Final = frozenset("\\*`[]<~")
_ESCAPED_PUNCTUATION: Final = re.compile(r"\\([!-/:-@\[-`{-~])")


def protect_value(value: object) -> str:
    """Return a value as text that no markup reads: `*` and the like are replaced by noncharacters."""
    return str(value).translate(_PROTECT)


def reveal_values(text: str) -> str:
    """Return a text with its protected values in their original form."""
    return text if text.isascii() else text.translate(_REVEAL)


def drop_noncharacters(text: str) -> str:
    """Return a value without the characters that mark protected values."""
    return text if text.isascii() else text.translate(_DROP)


def to_commonmark(text: str) -> str:
    """Return a text as CommonMark in which its protected values are plain words."""
    if text.isascii() or not _PROTECTED.search(text):
        return text
    written: list[str] = []
    end = 0
    for span in _SPANS.finditer(text):
        if not _PROTECTED.search(span[0]):
            continue
        written.append(_escape_words(text, end, span.start()))
        written.append(_write_span(span))
        end = span.end()
    return "".join([*written, _escape_words(text, end, len(text))])


def unescape_commonmark(text: str) -> str:
    """Return CommonMark without its backslash escapes, for readers who see the markup itself."""
    return _ESCAPED_PUNCTUATION.sub(r"\1", text)


def _write_span(span: re.Match[str]) -> str:
    """Return code or a link's target with the values in it."""
    if span["fence"]:
        sign = span["sign"]
        runs = map(len, re.findall(f"{sign}+", reveal_values(span["block"])))
        fence = sign * max(len(span["fence"]), max(runs, default=0) + 1)
        return f"{fence}{reveal_values(span['info'])}\n{reveal_values(span['block'])}{fence}"
    if span["ticks"]:
        return _write_code_span(span)
    return _write_url(span)


def _write_code_span(span: re.Match[str]) -> str:
    code = reveal_values(span["code"])
    if _PROTECTED_BACKTICK not in span["code"]:
        return f"{span['ticks']}{code}{span['ticks']}"
    ticks = "`" * (max(map(len, re.findall("`+", code))) + 1)
    return f"{ticks} {code} {ticks}"


def _write_url(span: re.Match[str]) -> str:
    """Return a link's target in which values are percent-encoded; a value that is the whole URL stays one."""
    url = span[0]
    if _LINK_START.match(url):
        encoded = _PROTECTED.sub(lambda found: quote(reveal_values(found[0]), safe="-._~"), url)
        return encoded.replace(" ", "%20")
    if span["target"] and _LINK_START.match(reveal_values(url)):
        return quote(reveal_values(url), safe=_WHOLE_URL_SAFE)
    return _escape_words(span.string, span.start(), span.end())


def _escape_words(text: str, start: int, end: int) -> str:
    """Return a part of a text with a backslash before what would be markup of a value there."""
    written: list[str] = []
    for found in _PROTECTED.finditer(text, start, end):
        written += [text[start : found.start()], _write_character(text, found.start())]
        start = found.end()
    return "".join([*written, text[start:end]])


def _write_character(text: str, at: int) -> str:
    character = reveal_values(text[at])
    if not _is_markup(character, text, at):
        return character
    # a single backslash before ours would escape it
    return f"\\\\{character}" if _count_backslashes(text, at) % 2 else f"\\{character}"


def _count_backslashes(text: str, end: int) -> int:
    start = end
    while start > 0 and text[start - 1] == "\\":
        start -= 1
    return end - start


def _is_markup(character: str, text: str, at: int) -> bool:
    """Return whether a character of a value would be markup where it stands."""
    if character in _ALWAYS_ESCAPED:
        return True
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if character == "_":
        return not (before.isalnum() and after.isalnum())
    if character == "!":
        return after == "["
    if character == "(":
        return before == "]"
    if character == "&":
        return _ENTITY.match(reveal_values(text[at : at + 40])) is not None
    if character in ".)":
        line = text[text.rfind("\n", 0, at) + 1 : at]
        return (not after or after.isspace()) and _LIST_NUMBER.fullmatch(line) is not None
    is_word_start = not before or before.isspace() or before == ">"
    if character == ">":
        return is_word_start
    return (
        character in "#-+="
        and is_word_start
        and bool(_HEADING_OR_BULLET.match(reveal_values(text[at : at + 8])))
    )
