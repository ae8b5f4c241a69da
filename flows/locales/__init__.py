"""Language packs: the engine's own messages and the recognizers' language data, one folder per language.

A pack is a folder named by its two-letter code with `messages.py` (`MESSAGES`) and `lexicon.py` (`LEXICON`),
which puts together the folder's other files: one per topic, each with the words of one dataclass.
A text of the flow always takes precedence over a pack's message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Final

from flows.locales import other_languages
from flows.locales.lexicon import Lexicon
from flows.locales.merging import merge
from flows.locales.messages import LocaleMessages
from flows.text import tokenize

DEFAULT_LANGUAGE: Final = "en"

# English first: where several languages fit equally well, the first is taken
LANGUAGES: Final = tuple(
    sorted(
        (module.name for module in iter_modules(__path__) if module.ispkg),
        key=lambda code: (code != DEFAULT_LANGUAGE, code),
    )
)
_MESSAGES: Final[Mapping[str, LocaleMessages]] = MappingProxyType(
    {code: import_module(f"{__name__}.{code}.messages").MESSAGES for code in LANGUAGES}
)
PACK_LEXICONS: Final[Mapping[str, Lexicon]] = MappingProxyType(
    {code: import_module(f"{__name__}.{code}.lexicon").LEXICON for code in LANGUAGES}
)
"""Each pack's own words, without those of other packs that it reads."""

_LEXICONS: Final[Mapping[str, Lexicon]] = MappingProxyType(
    {
        code: merge(own, [PACK_LEXICONS[other] for other in own.also_reads])
        for code, own in PACK_LEXICONS.items()
    }
)
ENGLISH: Final = _MESSAGES[DEFAULT_LANGUAGE]


def _without_habits(lexicon: Lexicon) -> Lexicon:
    """Return the words for languages without a pack: the default's, with the more common formats."""
    return replace(
        lexicon,
        dates=replace(lexicon.dates, month_may_come_first=False, dotted_dates=True),
        numbers=replace(lexicon.numbers, decimal_comma=True),
    )


_OTHER_LEXICON: Final = _without_habits(_LEXICONS[DEFAULT_LANGUAGE])
_NAMES: Final = {name: code for code, names in other_languages.NAMES.items() for name in tokenize(names)} | {
    name: code for code, lexicon in PACK_LEXICONS.items() for name in lexicon.language_names
}
ALL_LEXICONS: Final = (*_LEXICONS.values(), _OTHER_LEXICON)
"""Every value that `lexicon_for` can return, so that patterns can be compiled beforehand."""


def messages_for(language: str) -> LocaleMessages:
    """Return the messages of a language by its two-letter code; English where there is no pack."""
    return _MESSAGES.get(language, ENGLISH)


def lexicon_for(language: str) -> Lexicon:
    """Return the words to read a language by, those of the packs that it also reads included."""
    return _LEXICONS.get(language, _OTHER_LEXICON)


def find_language(name: str) -> str:
    """Return the code of a language by its folded name in any language, or an empty string."""
    return _NAMES.get(name, "")


@lru_cache
def language_markers(code: str, among: frozenset[str]) -> frozenset[str]:
    """Return the words that tell a language from the others of `among` and from those it also reads."""
    if code not in PACK_LEXICONS:
        return frozenset()
    own = PACK_LEXICONS[code]
    others = {*among, *own.also_reads} - {code}
    return _detection_words(own).difference(
        *(_detection_words(PACK_LEXICONS[other]) for other in others if other in PACK_LEXICONS)
    )


def _detection_words(lexicon: Lexicon) -> frozenset[str]:
    return lexicon.fillers | lexicon.marker_words


def phone_region(language: str) -> str:
    """Return the country of phone numbers without a country code; empty where a language has many."""
    pack = PACK_LEXICONS.get(language)
    return pack.region if pack else other_languages.REGIONS.get(language, "")


__all__ = [
    "ALL_LEXICONS",
    "DEFAULT_LANGUAGE",
    "ENGLISH",
    "LANGUAGES",
    "PACK_LEXICONS",
    "Lexicon",
    "LocaleMessages",
    "find_language",
    "language_markers",
    "lexicon_for",
    "messages_for",
    "phone_region",
]
