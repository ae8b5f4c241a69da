"""The few sentences that the engine itself says, in each language that it knows. A flow's own come first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from flows.locales.de.messages import GERMAN
from flows.locales.en.messages import ENGLISH
from flows.locales.messages import Sentences

_KNOWN: Final[Mapping[str, Sentences]] = MappingProxyType({"en": ENGLISH, "de": GERMAN})

LANGUAGES: Final = tuple(_KNOWN)


def of(language: str) -> Sentences:
    """The sentences of a language by its two-letter code; English where it is not known."""
    return _KNOWN.get(language, ENGLISH)


__all__ = ["ENGLISH", "GERMAN", "LANGUAGES", "Sentences", "of"]
