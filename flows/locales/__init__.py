"""The few sentences that the engine itself says, in each language that it knows. A flow's own come first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from flows.locales.de.messages import GERMAN
from flows.locales.en.messages import ENGLISH
from flows.locales.messages import LocaleMessages

_MESSAGES_BY_LANGUAGE: Final[Mapping[str, LocaleMessages]] = MappingProxyType({"en": ENGLISH, "de": GERMAN})

LANGUAGES: Final = tuple(_MESSAGES_BY_LANGUAGE)


def messages_for(language: str) -> LocaleMessages:
    """The sentences of a language by its two-letter code; English where it is not known."""
    return _MESSAGES_BY_LANGUAGE.get(language, ENGLISH)


__all__ = ["ENGLISH", "GERMAN", "LANGUAGES", "LocaleMessages", "messages_for"]
